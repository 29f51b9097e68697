package loops

// This file holds the loops: the sequences over a Stream, their steps, and how a wait ends.

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// Forever is a wait without an end.
const Forever time.Duration = -1

// Sequence returns the events of the stream: until ctx is done, with its cause as the error; until
// nothing has come for so long as idle while the loop waits, unless it is Forever; or until Close.
func (s *Stream[E]) Sequence(ctx context.Context, idle time.Duration) iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		var e, none E
		l, err := s.begin(ctx)
		if err != nil {
			yield(none, err)
			return
		}
		defer l.end()
		for {
			more, err := l.next(&e, idle)
			if !more {
				if err != nil {
					yield(none, err)
				}
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// BatchOptions has the members of inotify.BatchOptions, and their meaning.
type BatchOptions struct {
	Quiet     time.Duration
	Limit     time.Duration
	MaxEvents int
}

// withDefaults returns o with its zeros replaced, or an error for a negative value.
func (o BatchOptions) withDefaults() (BatchOptions, error) {
	switch {
	case o.Quiet < 0:
		return o, fmt.Errorf("inotify: BatchOptions: Quiet is negative: %v; 0 means 100 ms", o.Quiet)
	case o.Limit < 0:
		return o, fmt.Errorf("inotify: BatchOptions: Limit is negative: %v; 0 means 1 s", o.Limit)
	case o.MaxEvents < 0:
		return o, fmt.Errorf("inotify: BatchOptions: MaxEvents is negative: %d; 0 means 65,536", o.MaxEvents)
	}
	if o.Quiet == 0 {
		o.Quiet = 100 * time.Millisecond
	}
	if o.Limit == 0 {
		o.Limit = time.Second
	}
	if o.MaxEvents == 0 {
		o.MaxEvents = 65536
	}
	return o, nil
}

// Batches returns the events by the slice: when nothing has come for o.Quiet, at o.Limit after the
// first event, or at o.MaxEvents events. An event with an error comes in a slice of its own.
func (s *Stream[E]) Batches(ctx context.Context, o BatchOptions) iter.Seq2[[]E, error] {
	return func(yield func([]E, error) bool) {
		o, err := o.withDefaults()
		if err != nil {
			yield(nil, err)
			return
		}
		l, err := s.begin(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		defer l.end()
		for {
			batch, more, err := l.batch(o.Quiet, o.Limit, o.MaxEvents)
			if !more && err == nil || !yield(batch, err) || !more {
				return
			}
		}
	}
}

// batch collects the next batch. What ends it early is found again by the next call: a notice is
// still to be taken, the context still done, the stream still broken or closed.
func (l *Loop[E]) batch(quiet, limit time.Duration, most int) (batch []E, more bool, err error) {
	var e E
	more, err = l.next(&e, Forever)
	if !more {
		return nil, false, err
	}
	batch = append(batch, e)
	if err != nil {
		return batch, true, err
	}
	l.noNotice = true
	defer func() { l.noNotice = false }()
	end := time.Now().Add(limit)
	for len(batch) < most {
		left := time.Until(end)
		if left <= 0 {
			break
		}
		if more, _ := l.next(&e, min(quiet, left)); !more {
			break
		}
		batch = append(batch, e)
	}
	return batch, true, nil
}

// Loop is one running range statement.
type Loop[E any] struct {
	s    *Stream[E]
	ctx  context.Context
	done <-chan struct{} // of ctx; nil if it is never done
	stop func() bool     // ends the AfterFunc of ctx; nil without one

	ready    func(fd uintptr) bool // l.readable, made once
	noNotice bool                  // next is to end before a notice

	// Under s.Mu:
	over     bool      // an AfterFunc that comes late leaves the stream alone
	deadline time.Time // when the present wait is over; zero without
	expired  bool      // it is
	timer    *time.Timer
}

// begin begins a loop; end must follow, also when the loop's body panics.
func (s *Stream[E]) begin(ctx context.Context) (*Loop[E], error) {
	s.Mu.Lock()
	closed := s.closed
	s.Mu.Unlock()
	if closed {
		return nil, s.errClosed
	}
	l := &Loop[E]{s: s, ctx: ctx, done: ctx.Done()}
	if l.done != nil {
		l.stop = context.AfterFunc(ctx, l.wake)
	}
	return l, nil
}

func (l *Loop[E]) end() {
	l.s.Mu.Lock()
	l.over = true
	l.s.Mu.Unlock()
	if l.stop != nil {
		l.stop()
	}
	if l.timer != nil {
		l.timer.Stop()
	}
}

// wake has the loop look at its context and its clock, wherever it waits.
func (l *Loop[E]) wake() {
	s := l.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if l.over {
		return
	}
	if s.leader == l {
		s.Kick()
	}
	s.cond.Broadcast()
}

func (l *Loop[E]) cancelled() bool {
	select {
	case <-l.done: // never, if nil
		return true
	default:
		return false
	}
}

// next takes the loop's next step: an event in *e, and the error that goes with it. When there is no
// more, the loop is over: with err, or because the stream was closed, or nothing came for so long as
// wait.
func (l *Loop[E]) next(e *E, wait time.Duration) (more bool, err error) {
	if l.done != nil && l.cancelled() {
		return false, context.Cause(l.ctx)
	}
	s := l.s
	s.Mu.Lock()
	if s.owner == nil && !s.closed && !l.noNotice {
		if took, err := s.src.Take(e); took == Taken {
			s.Mu.Unlock()
			return true, err
		} else if err != nil {
			s.broken = err
		}
	}
	return l.await(e, wait)
}

// await is next where that may take longer. It is called under s.Mu, and frees it even if the
// source's work panics.
func (l *Loop[E]) await(e *E, wait time.Duration) (more bool, err error) {
	s := l.s
	defer s.Mu.Unlock()
	defer l.disarm()
	for {
		if l.done != nil && l.cancelled() {
			return false, context.Cause(l.ctx)
		}
		if s.closed {
			return false, nil
		}
		held := s.owner != nil // another loop has the stream for itself, for a moment
		if !held {
			if l.noNotice && s.src.NoticeNext() {
				return false, nil
			}
			took, err := s.src.Take(e)
			if took == Taken {
				return true, err
			}
			if err != nil {
				s.broken = err
			}
			held = took == Held
		}
		switch {
		case !held && s.broken != nil:
			return false, s.broken
		case !held && s.src.WorkDue():
			s.work(l)
		case wait == 0 || l.expired:
			if held || !s.look() {
				return false, nil
			}
		case held || s.leader != nil:
			l.arm(wait)
			s.behind++
			s.cond.Wait()
			s.behind--
		default:
			l.arm(wait)
			s.lead(l)
		}
	}
}

// arm starts the clock of this wait, once.
func (l *Loop[E]) arm(wait time.Duration) {
	if wait == Forever || !l.deadline.IsZero() {
		return
	}
	l.deadline = time.Now().Add(wait)
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, l.expire)
	} else {
		l.timer.Reset(wait)
	}
}

// expire is the timer's. It can come late, in a later wait: that one's time is not over yet.
func (l *Loop[E]) expire() {
	l.s.Mu.Lock()
	if !l.deadline.IsZero() && !time.Now().Before(l.deadline) {
		l.expired = true
	}
	l.s.Mu.Unlock()
	l.wake()
}

func (l *Loop[E]) disarm() {
	if !l.deadline.IsZero() {
		l.timer.Stop()
		l.deadline = time.Time{}
	}
	l.expired = false
}
