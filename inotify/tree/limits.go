//go:build linux

package tree

// This file makes the errors that name a limit.

import (
	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/internal/limits"
	"golang.org/x/sys/unix"
)

// limitError makes err an *inotify.LimitError if a limit caused it.
func limitError(err error) error {
	var l limits.Limit
	switch err {
	case unix.ENOSPC:
		l = limits.Watches()
	case unix.EMFILE:
		l = limits.Instances()
	default:
		return err
	}
	return &inotify.LimitError{Limit: l.Name, Value: l.Value, Err: err}
}
