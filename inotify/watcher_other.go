//go:build !linux

package inotify

// This file stands in for watcher.go, seq.go and limits.go where there is no inotify: everything
// compiles, and says so when it is called.

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"syscall"
	"time"
)

var errUnsupported = fmt.Errorf("inotify: %w: inotify is Linux's; Decode works here", errors.ErrUnsupported)

// Watcher is one inotify instance. On this system New makes none.
type Watcher struct{}

// New returns errors.ErrUnsupported on this system.
func New(...Option) (*Watcher, error) { return nil, errUnsupported }

// ReadLimits returns errors.ErrUnsupported on this system.
func ReadLimits() (Limits, error) { return Limits{}, errUnsupported }

// Add returns errors.ErrUnsupported on this system.
func (*Watcher) Add(string, Mask) (*Watch, error) { return nil, errUnsupported }

// AddFile returns errors.ErrUnsupported on this system.
func (*Watcher) AddFile(*os.File, Mask) (*Watch, error) { return nil, errUnsupported }

// Watches returns an empty sequence on this system.
func (*Watcher) Watches() iter.Seq[*Watch] { return func(func(*Watch) bool) {} }

// Events yields errors.ErrUnsupported on this system.
func (*Watcher) Events() iter.Seq2[Event, error] { return unsupported[Event] }

// EventsContext yields errors.ErrUnsupported on this system.
func (*Watcher) EventsContext(context.Context) iter.Seq2[Event, error] { return unsupported[Event] }

// EventsUntilIdle yields errors.ErrUnsupported on this system.
func (*Watcher) EventsUntilIdle(context.Context, time.Duration) iter.Seq2[Event, error] {
	return unsupported[Event]
}

// Batches yields errors.ErrUnsupported on this system.
func (*Watcher) Batches(context.Context, BatchOptions) iter.Seq2[[]Event, error] {
	return unsupported[[]Event]
}

func unsupported[T any](yield func(T, error) bool) {
	var none T
	yield(none, errUnsupported)
}

// SyscallConn returns errors.ErrUnsupported on this system.
func (*Watcher) SyscallConn() (syscall.RawConn, error) { return nil, errUnsupported }

// Close does nothing on this system.
func (*Watcher) Close() error { return nil }

// Watch is one watched inode. On this system there is none.
type Watch struct{}

// WD returns -1 on this system.
func (*Watch) WD() int32 { return -1 }

// Path returns "" on this system.
func (*Watch) Path() string { return "" }

// SetPath does nothing on this system.
func (*Watch) SetPath(string) {}

// Mask returns 0 on this system.
func (*Watch) Mask() Mask { return 0 }

// Remove does nothing on this system.
func (*Watch) Remove() error { return nil }

// String returns "no watch" on this system.
func (*Watch) String() string { return "no watch" }
