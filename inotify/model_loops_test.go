//go:build linux

package inotify

// This file holds the loops of TestEventsAreWhatInotify7Says, and what they must yield.

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"pgregory.net/rapid"
)

// delivery is an event that a loop has yielded, and what it had to be.
type delivery struct {
	got    Event
	watch  *Watch
	mask   Mask
	name   string
	path   string
	cookie uint32
}

func (d delivery) compare() error {
	ev := d.got
	if ev.Watch == d.watch && ev.Mask == d.mask && ev.Name == d.name && ev.Path() == d.path && ev.Cookie == d.cookie {
		return nil
	}
	return fmt.Errorf("got %v, cookie %d, name %q, of %p %v; want %v %q, cookie %d, name %q, of %p",
		ev, ev.Cookie, ev.Name, ev.Watch, ev.Watch, d.mask, d.path, d.cookie, d.name, d.watch)
}

// pending is how many events loops have still to yield.
func (m *modelTest) pending() int { return len(m.buffer) + len(m.k.queue) }

// fill has the model read when the Watcher does: when its buffer is empty and a loop goes on. What
// has been read is no longer merged with what comes after.
func (m *modelTest) fill() {
	if len(m.buffer) == 0 {
		m.buffer = m.k.read(m.bufferSize)
		for _, ev := range m.buffer {
			m.read += ev.size()
		}
	}
}

// delivered compares what a loop has yielded with the model's next event.
func (m *modelTest) delivered(t *rapid.T, ev Event, err error) {
	m.fill()
	if err != nil || len(m.buffer) == 0 {
		t.Fatalf("got %v, error %v; the model has %d events", ev, err, len(m.buffer))
	}
	want := m.buffer[0]
	m.buffer = m.buffer[1:]
	wt := m.owner[want.watch]
	d := delivery{
		got: ev, watch: wt.Watch, mask: want.mask, name: want.name,
		path: joinPath(wt.path, want.name), cookie: m.cookie(t, want.cookie, ev.Cookie),
	}
	if err := d.compare(); err != nil {
		t.Fatal(err)
	}
	m.log = append(m.log, d)
}

// cookie returns what the cookie of an event must be. inotify(7): unique to a rename, 0 if there is
// none. The first event of a rename says which number it has.
func (m *modelTest) cookie(t *rapid.T, rename int, got uint32) uint32 {
	if _, known := m.cookies[rename]; !known {
		for other, taken := range m.cookies {
			if got == taken {
				t.Fatalf("the cookie of rename %d is %d, as that of rename %d", rename, got, other)
			}
		}
		m.cookies[rename] = got
	}
	return m.cookies[rename]
}

// deliverAll has one loop yield all there is.
func (m *modelTest) deliverAll(t *rapid.T) {
	for ev, err := range m.w.EventsUntilIdle(context.Background(), 0) {
		m.delivered(t, ev, err)
	}
	m.fill()
	if m.pending() > 0 {
		t.Fatalf("the loop has ended; the model has still %d events, the first %v", m.pending(), m.buffer[0])
	}
}

// loop runs a loop of any form that takes some or all of what is pending.
func (m *modelTest) loop(t *rapid.T) {
	n := m.pending()
	if n == 0 {
		m.deliverAll(t)
		return
	}
	// If an event were missing, a loop would wait for ever.
	defer time.AfterFunc(10*time.Second, func() { m.w.Close() }).Stop()
	k := rapid.IntRange(1, n).Draw(t, "events")
	idle := m.w.EventsUntilIdle(context.Background(), 0)
	switch form := rapid.SampledFrom(modelLoops).Draw(t, "form"); form {
	case "all":
		m.deliverAll(t)
	case "break":
		m.take(t, idle, k)
	case "break and go on":
		m.take(t, idle, k)
		if k < n {
			m.take(t, idle, n-k)
		}
	case "pull":
		next, stop := iter.Pull2(idle)
		defer stop()
		for range k {
			ev, err, ok := next()
			if !ok {
				t.Fatalf("the iterator has ended")
			}
			m.delivered(t, ev, err)
		}
	case "nested":
		m.take(t, idle, 1)
		for ev, err := range idle {
			m.delivered(t, ev, err)
			if m.pending() > 0 {
				m.take(t, m.w.Events(), 1)
			}
		}
	case "operations in the body":
		for ev, err := range idle {
			m.delivered(t, ev, err)
			if k--; k == 0 {
				m.watchOperation(t)
				m.fileOperations(t)
			}
		}
	case "Events":
		m.take(t, m.w.Events(), k)
	case "cancel":
		m.takeAndCancel(t, k)
	case "Batches":
		m.takeBatches(t, n, k)
	}
}

var modelLoops = []string{
	"break", "break and go on", "pull", "nested", "operations in the body", "Events", "cancel", "Batches", "all",
}

// take takes k events, which must be there, and breaks.
func (m *modelTest) take(t *rapid.T, seq iter.Seq2[Event, error], k int) {
	taken := 0
	for ev, err := range seq {
		m.delivered(t, ev, err)
		if taken++; taken == k {
			break
		}
	}
	if taken < k {
		t.Fatalf("the loop has ended after %d events, want %d", taken, k)
	}
}

// takeAndCancel cancels the context in the loop's body, at the event k.
func (m *modelTest) takeAndCancel(t *rapid.T, k int) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	taken := 0
	for ev, err := range m.w.EventsContext(ctx) {
		if taken == k {
			if err != cause {
				t.Fatalf("got %v, error %v after the cancel, want %v", ev, err, cause)
			}
			return
		}
		m.delivered(t, ev, err)
		if taken++; taken == k {
			cancel(cause)
		}
	}
	t.Fatalf("the loop has ended after %d events and without an error", taken)
}

// takeBatches takes as many batches of k as n events make.
func (m *modelTest) takeBatches(t *rapid.T, n, k int) {
	left := n / k
	// Time hands none of them over.
	o := BatchOptions{Quiet: math.MaxInt64, Limit: math.MaxInt64, MaxEvents: k}
	for batch, err := range m.w.Batches(context.Background(), o) {
		if err != nil || len(batch) != k {
			t.Fatalf("got a batch of %d, error %v, want %d", len(batch), err, k)
		}
		for _, ev := range batch {
			m.delivered(t, ev, nil)
		}
		if left--; left == 0 {
			return
		}
	}
	t.Fatalf("%d batches are missing", left)
}
