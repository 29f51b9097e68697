//go:build linux

package inotify

// This file holds the sequences of events, as callers see them. What is read, and how a record
// becomes an event, is in stream.go; how several loops share one stream, in internal/loops.

import (
	"context"
	"iter"
	"time"

	"github.com/inoseq/inoseq/internal/loops"
)

// Events returns the events of all watches, in the order in which the kernel queued them. A loop
// over it waits for the next event until it breaks, or the Watcher is closed.
//
//	for ev, err := range w.Events() {
//		if err != nil {
//			return err
//		}
//		fmt.Println(ev)
//	}
//
// The contract of this and the other sequences is in the package's description: a loop that ends
// early loses nothing; an error is [ErrOverflow], after which the sequence goes on, or the last
// thing that the loop gets.
func (w *Watcher) Events() iter.Seq2[Event, error] {
	return w.stream.Sequence(context.Background(), loops.Forever)
}

// EventsContext is Events that ends when ctx is done, with context.Cause(ctx) as its error, at its
// next step: context.Canceled or context.DeadlineExceeded, unless ctx was given a cause of its own.
// What had been read stays for the next loop.
func (w *Watcher) EventsContext(ctx context.Context) iter.Seq2[Event, error] {
	return w.stream.Sequence(ctx, loops.Forever)
}

// EventsUntilIdle is EventsContext that ends without an error when it has waited for idle and
// nothing came. The time that the loop's body takes does not count. With an idle of 0, or less, it
// yields what is queued, ends when one look finds nothing, and never blocks.
func (w *Watcher) EventsUntilIdle(ctx context.Context, idle time.Duration) iter.Seq2[Event, error] {
	return w.stream.Sequence(ctx, max(idle, 0))
}

// Batches returns events by the slice: a slice is handed over when nothing has come for o.Quiet, at
// o.Limit after its first event, or when it has o.MaxEvents. It is the caller's to keep, and never
// empty where the error is nil. Between batches it waits for as long as it takes; ctx ends it as it
// ends EventsContext.
//
// ErrOverflow closes a batch: first the slice comes, then the error with a slice of the one event
// of mask QueueOverflow. When ctx is done, the Watcher is closed or the stream breaks, what has
// been begun is handed over first, too. A negative member of o is an error.
func (w *Watcher) Batches(ctx context.Context, o BatchOptions) iter.Seq2[[]Event, error] {
	return w.stream.Batches(ctx, loops.BatchOptions(o))
}
