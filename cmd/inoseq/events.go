package main

// This file holds the option --events.

import (
	"errors"
	"fmt"

	"github.com/inoseq/inoseq/inotify"
)

// events is the value of the option --events.
type events struct{ mask inotify.Mask }

// Mask bits of --events beside inotify.AllEvents.
const (
	howToWatch = inotify.OnlyDir | inotify.DontFollow | inotify.ExclUnlink |
		inotify.MaskCreate | inotify.MaskAdd | inotify.OneShot
	alwaysTold = inotify.Unmount | inotify.QueueOverflow | inotify.Ignored // harmless to ask for
)

// Set implements pflag.Value.
func (e *events) Set(list string) error {
	mask, err := inotify.ParseMask(list)
	if err != nil {
		return err
	}
	if mask.Has(inotify.IsDir) {
		return errors.New("ISDIR cannot be asked for, it is told of each event of a directory: leave it out")
	}
	if rest := mask &^ (inotify.AllEvents | howToWatch | alwaysTold); rest != 0 {
		return fmt.Errorf("inotify(7) does not know the bits %v: leave them out", rest)
	}
	if mask &^= alwaysTold; mask == 0 {
		return errors.New("names no event that can be asked for: unmount, q_overflow and ignored are always told")
	}
	e.mask |= mask
	return nil
}

// String implements pflag.Value; there is no default to show.
func (e *events) String() string { return "" }

// Type implements pflag.Value.
func (e *events) Type() string { return "LIST" }

// check looks at all lists together.
func (e *events) check() error {
	if e.mask != 0 && !e.mask.HasAny(inotify.AllEvents) {
		return fmt.Errorf("--events has only %v, which says how to watch, and no event: add one, such as create", e.mask)
	}
	if e.mask.Has(inotify.MaskAdd | inotify.MaskCreate) {
		return errors.New("--events has both mask_add and mask_create: a watch cannot be joined and be new, leave one out")
	}
	return nil
}

func (e *events) orDefault() inotify.Mask {
	if e.mask == 0 {
		return defaultEvents
	}
	return e.mask
}
