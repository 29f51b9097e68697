package main

// This file holds the loop of the command watch: which steps of the sequences go where, one by one or
// in batches, and how it ends.

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// sink is where events go.
type sink interface {
	event(ev *event) error
	batch(evs []event) error
	// trouble takes an error after which the sequence goes on.
	trouble(err error) error
	// flush is called when no event is waiting.
	flush() error
}

// teller passes the events of sources on.
type teller struct {
	sink  sink
	quiet time.Duration // a batch ends when nothing has come for so long; 0: no batches
	count int           // ends after so many events; 0: does not
	idle  time.Duration // ends when nothing has come for so long; 0: does not

	mu      sync.Mutex // one source at a time
	told    int        // events
	ev      event      // the last one
	sources int
	waiting int  // sources that wait for an event
	begun   bool // everything is being watched: that nothing happens counts from then on
	clock   *time.Timer
	cancel  context.CancelCauseFunc
}

// Reasons for an end.
var (
	errNoneLeft = errors.New("nothing left to watch: everything that was watched is gone")
	errCounted  = errors.New("all events that were asked for have been told")
	errIdle     = errors.New("nothing has happened for a while")
)

// restTime is how long a tree is still told of when a signal has come: other programs need not stop
// for it. The kernel's queue is read in a small part of it. Tests have more.
var restTime = time.Second

// A batch is handed over after batchLimit times its quiet at the latest, or with mostInBatch events.
const (
	batchLimit  = 10
	mostInBatch = 1 << 16
)

// tell passes the events of all sources on until ctx is done, or one of the reasons above.
func (t *teller) tell(ctx context.Context, all []source) error {
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t.mu.Lock()
	t.cancel, t.sources = cancel, len(all)
	t.mu.Unlock()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, s := range all {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = t.source(within, s)
			if errs[i] == errNoneLeft {
				t.pause(1) // for good
			} else if errs[i] != nil {
				cancel(errs[i]) // the others, too
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
	if cause := context.Cause(within); ctx.Err() == nil && cause != nil {
		return cause
	}
	return nil
}

// source passes the events of s on until ctx is done, and then what happened before that.
func (t *teller) source(ctx context.Context, s source) error {
	follow := t.follow
	if t.quiet > 0 {
		follow = t.gather
	}
	err := follow(ctx, s)
	if ctx.Err() != nil && err != errCounted && context.Cause(ctx) != errCounted {
		return t.rest(s)
	}
	return err
}

// follow passes events on as they come.
func (t *teller) follow(ctx context.Context, s source) error {
	fewer := false // watches may have gone since somebody looked
	b := newBreath()
	for {
		for ev, err := range s.events(ctx, 0) {
			if err := t.one(ev, err); err != nil {
				return err
			}
			b.events++
			fewer = fewer || err != nil || ev.HasAny(lastOfWatch)
		}
		if err := t.noneWaits(s, fewer); err != nil {
			return err
		}
		b.take(time.Now())
		fewer = false
		t.pause(1)
		for ev, err := range s.events(ctx, forever) {
			t.pause(-1)
			if err := t.one(ev, err); err != nil {
				return err
			}
			b.events++
			fewer = err != nil || ev.HasAny(lastOfWatch)
			break // loses nothing: the next loop goes on with the next event
		}
	}
}

// noneWaits is for when no event is waiting.
func (t *teller) noneWaits(s source, fewer bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.sink.flush(); err != nil {
		return err
	}
	if fewer && s.noneLeft() {
		return errNoneLeft
	}
	return nil
}

// lastOfWatch is what can come with the end of a watch or a tree. After an overflow, it may be among
// what was lost.
const lastOfWatch = inotify.Ignored | inotify.DeleteSelf | inotify.MoveSelf | inotify.Unmount

// one passes one step of a sequence on.
func (t *teller) one(ev event, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.count > 0 && t.told == t.count:
		return errCounted
	case goesOn(err):
		return t.sink.trouble(err)
	case err != nil:
		return err
	}
	t.ev = ev // a pointer to ev itself would make garbage of each event
	if err := t.sink.event(&t.ev); err != nil {
		return err
	}
	t.told++
	if t.told == t.count {
		return t.counted()
	}
	return nil
}

func (t *teller) counted() error {
	if err := t.sink.flush(); err != nil {
		return err
	}
	return errCounted
}

// goesOn reports whether a sequence goes on after err.
func goesOn(err error) bool {
	var dir *tree.DirError
	return errors.Is(err, inotify.ErrOverflow) || errors.As(err, &dir)
}

// pause is told when a source begins to wait, n is 1, and when that is over, n is -1. When all of them
// have waited for long enough, it is the end.
func (t *teller) pause(n int) {
	if t.idle == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting += n
	t.wind()
}

// begin is told when everything is being watched.
func (t *teller) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = true
	t.wind()
}

// wind starts or stops the clock, which runs while all sources wait.
func (t *teller) wind() {
	runs := t.begun && t.idle > 0 && t.sources > 0 && t.waiting == t.sources
	switch {
	case runs && t.clock == nil:
		t.clock = time.AfterFunc(t.idle, func() { t.cancel(errIdle) })
	case !runs && t.clock != nil:
		t.clock.Stop()
		t.clock = nil
	}
}

// rest passes on what happened to s before now, and ends.
func (t *teller) rest(s source) error {
	ctx := context.Background()
	if done, err := s.letGo(); err != nil {
		return err
	} else if !done {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, restTime)
		defer cancel()
	}
	var b batch
	for ev, err := range s.events(ctx, 0) {
		if err == nil && ev.Has(inotify.Ignored) {
			continue // the end of what was let go
		}
		if ctx.Err() != nil && err == context.Cause(ctx) {
			break
		}
		if t.quiet == 0 {
			err = t.one(ev, err)
		} else {
			_, err = t.add(&b, ev, err)
		}
		if err != nil {
			return ended(err)
		}
	}
	if err := t.handOver(&b); err != nil {
		return ended(err)
	}
	return t.noneWaits(s, false)
}

// ended is err without what is no error at the end.
func ended(err error) error {
	if err == errCounted {
		return nil
	}
	return err
}
