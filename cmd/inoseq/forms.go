package main

// This file holds what an event looks like: a line for people, an object, or a text of --format.

import (
	"strings"
	"time"

	"github.com/ncruces/go-strftime"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/format"
	"github.com/inoseq/inoseq/cmd/inoseq/internal/localtime"
	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/internal/line"
)

// human is a line for people: what tree.Event prints.
type human struct{ color bool }

func (h human) append(dst []byte, ev *event) ([]byte, error) {
	text := ev.String()
	if !h.color {
		return append(dst, text...), nil
	}
	what := len(ev.Mask.String())
	dst = append(append(dst, "\x1b["...), colorOf(ev)...)
	dst = append(append(dst, 'm'), text[:what]...)
	return append(append(dst, "\x1b[0m"...), text[what:]...), nil
}

func (human) error(dst []byte, _ error) ([]byte, bool, error) { return dst, false, nil }

// batch of lines ends with an empty one.
func (human) batch(end byte) (before, between, behind string) { return lines(end) }

func lines(end byte) (before, between, behind string) { return "", string(end), string(end) }

// colorOf is a parameter of "select graphic rendition": ECMA-48, 8.3.117.
func colorOf(ev *event) string {
	switch {
	case ev.From != "":
		return "36" // cyan
	case ev.HasAny(inotify.Create | inotify.MovedTo):
		return "32" // green
	case ev.HasAny(inotify.Delete | inotify.MovedFrom | inotify.DeleteSelf | inotify.MoveSelf | inotify.Unmount | inotify.Ignored):
		return "31" // red
	case ev.HasAny(inotify.Modify | inotify.CloseWrite):
		return "33" // yellow
	}
	return "2" // faint
}

// object is a line of JSON.
type object struct {
	ops map[inotify.Mask][]string // there are few
}

func newObject() *object { return &object{make(map[inotify.Mask][]string)} }

func (o *object) append(dst []byte, ev *event) ([]byte, error) {
	op, ok := o.ops[ev.Mask]
	if !ok {
		op = strings.Split(ev.Mask.String(), "|")
		o.ops[ev.Mask] = op
	}
	l := line.Event{
		Time: time.Now().UTC(), Op: op, Path: ev.Path, From: ev.From,
		Exchange: ev.Exchange, Cookie: ev.Cookie, Synthetic: ev.Synthetic,
	}
	return l.Append(dst)
}

func (*object) error(dst []byte, err error) ([]byte, bool, error) {
	l := line.Error{Time: time.Now().UTC(), Error: err.Error()}
	dst, err = l.Append(dst)
	return dst, true, err
}

// batch is an array.
func (*object) batch(byte) (before, between, behind string) { return "[", ",", "]" }

// formatted is the text of --format.
type formatted struct {
	format  *format.Format
	timefmt string // of strftime(3); "": as JSON has it
}

func (f formatted) append(dst []byte, ev *event) ([]byte, error) {
	dir, name := ev.split()
	return f.format.Append(dst, &format.Event{Dir: dir, Name: name, From: ev.From, Mask: ev.Mask, Cookie: ev.Cookie}, f.now), nil
}

func (f formatted) now(dst []byte) []byte {
	if f.timefmt == "" {
		return time.Now().UTC().AppendFormat(dst, time.RFC3339Nano)
	}
	return strftime.AppendFormat(dst, f.timefmt, localtime.Now())
}

func (formatted) error(dst []byte, _ error) ([]byte, bool, error) { return dst, false, nil }

func (formatted) batch(end byte) (before, between, behind string) { return lines(end) }
