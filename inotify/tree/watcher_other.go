//go:build !linux

package tree

// This file stands in for watcher.go where there is no inotify: everything compiles, and says so when
// it is called.

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

var errUnsupported = fmt.Errorf("inotify/tree: %w: inotify is Linux's", errors.ErrUnsupported)

// Watcher watches whole trees. On this system New makes none.
type Watcher struct{}

// New returns errors.ErrUnsupported on this system.
func New(inotify.Mask, ...Option) (*Watcher, error) { return nil, errUnsupported }

// Add returns errors.ErrUnsupported on this system.
func (*Watcher) Add(context.Context, string) error { return errUnsupported }

// AddFile returns errors.ErrUnsupported on this system.
func (*Watcher) AddFile(string, inotify.Mask) error { return errUnsupported }

// Remove returns errors.ErrUnsupported on this system.
func (*Watcher) Remove(string) error { return errUnsupported }

// Refilter returns errors.ErrUnsupported on this system.
func (*Watcher) Refilter(string) error { return errUnsupported }

// Dirs returns an empty sequence on this system.
func (*Watcher) Dirs() iter.Seq[string] { return func(func(string) bool) {} }

// Len returns 0 on this system.
func (*Watcher) Len() int { return 0 }

// Events yields errors.ErrUnsupported on this system.
func (*Watcher) Events() iter.Seq2[Event, error] { return unsupported[Event] }

// EventsContext yields errors.ErrUnsupported on this system.
func (*Watcher) EventsContext(context.Context) iter.Seq2[Event, error] { return unsupported[Event] }

// EventsUntilIdle yields errors.ErrUnsupported on this system.
func (*Watcher) EventsUntilIdle(context.Context, time.Duration) iter.Seq2[Event, error] {
	return unsupported[Event]
}

// Batches yields errors.ErrUnsupported on this system.
func (*Watcher) Batches(context.Context, inotify.BatchOptions) iter.Seq2[[]Event, error] {
	return unsupported[[]Event]
}

func unsupported[T any](yield func(T, error) bool) {
	var none T
	yield(none, errUnsupported)
}

// Close does nothing on this system.
func (*Watcher) Close() error { return nil }
