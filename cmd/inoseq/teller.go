package main

// This file holds the loop of the command watch: which steps of the sequences are printed, when it
// is flushed, and how it ends.

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// teller prints the events of sources.
type teller struct {
	mu      sync.Mutex // one source at a time
	printer *printer
}

var errNoneLeft = errors.New("nothing left to watch: everything that was watched is gone")

// restTime is how long a tree is still told of when a signal has come: other programs need not stop
// for it. The kernel's queue is read in a small part of it.
const restTime = time.Second

// tell prints the events of all sources until ctx is done, or nothing is left to watch.
func (t *teller) tell(ctx context.Context, all []source) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, s := range all {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = t.source(within, s)
			if errs[i] != nil && errs[i] != errNoneLeft && within.Err() == nil {
				cancel() // the others, too
			}
		}()
	}
	wg.Wait()
	none := 0
	for _, err := range errs {
		switch err {
		case nil:
		case errNoneLeft:
			none++
		default:
			return err
		}
	}
	if none == len(all) {
		return errNoneLeft
	}
	return nil
}

// source prints the events of s until ctx is done, and then what happened before that.
func (t *teller) source(ctx context.Context, s source) error {
	err := t.follow(ctx, s)
	if ctx.Err() != nil {
		return t.rest(s)
	}
	return err
}

func (t *teller) follow(ctx context.Context, s source) error {
	fewer := false // watches may have gone since somebody looked
	for {
		for ev, err := range s.events(ctx, 0) {
			if err := t.one(ev, err); err != nil {
				return err
			}
			fewer = fewer || err != nil || ev.HasAny(lastOfWatch)
		}
		// No event is waiting.
		if err := t.flush(); err != nil {
			return err
		}
		if fewer && s.noneLeft() {
			return errNoneLeft
		}
		fewer = false
		for ev, err := range s.events(ctx, forever) {
			if err := t.one(ev, err); err != nil {
				return err
			}
			fewer = err != nil || ev.HasAny(lastOfWatch)
			break // loses nothing: the next loop goes on with the next event
		}
	}
}

// lastOfWatch is what can come with the end of a watch or a tree. After an overflow, it may be among
// what was lost.
const lastOfWatch = inotify.Ignored | inotify.DeleteSelf | inotify.MoveSelf | inotify.Unmount

// one prints one step of a sequence.
func (t *teller) one(ev event, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var dir *tree.DirError
	switch {
	case errors.Is(err, inotify.ErrOverflow), errors.As(err, &dir):
		return t.printer.trouble(err)
	case err != nil:
		return err
	}
	return t.printer.event(ev)
}

func (t *teller) flush() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.printer.flush()
}

// rest prints what happened to s before now, and ends.
func (t *teller) rest(s source) error {
	ctx := context.Background()
	if done, err := s.letGo(); err != nil {
		return err
	} else if !done {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, restTime)
		defer cancel()
	}
	for ev, err := range s.events(ctx, 0) {
		if err == nil && ev.Has(inotify.Ignored) {
			continue // the end of what was let go
		}
		if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
			break
		}
		if err := t.one(ev, err); err != nil {
			return err
		}
	}
	return t.flush()
}
