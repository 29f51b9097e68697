//go:build linux

package inotify

// This file tests several loops over one Watcher at once: each event reaches exactly one of them,
// whichever of them are cancelled, break or panic meanwhile.

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestTwoLoopsShareTheStream(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	got := make(chan string)
	for range 2 {
		go func() {
			for ev, err := range w.Events() {
				if err != nil {
					t.Error(err)
				}
				got <- ev.Name
			}
			got <- ""
		}()
	}
	mustPark(t, w, 1)
	seen := make(map[string]int)
	mustTouch(t, dir, numbered(500)...)
	for range 500 {
		seen[<-got]++
	}
	for _, name := range numbered(500) {
		if seen[name] != 1 {
			t.Fatalf("%s came %d times", name, seen[name])
		}
	}
	must(t, w.Close())
	if a, b := <-got, <-got; a+b != "" {
		t.Fatalf("after the end: %q %q", a, b)
	}
}

func TestACancelledFollowerLeavesTheLeaderParked(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	leader := make(chan string)
	go func() {
		for ev, err := range w.Events() {
			if err != nil {
				t.Error(err)
			}
			leader <- ev.Name
		}
		close(leader)
	}()
	mustPark(t, w, 0)
	for i, name := range numbered(50) {
		ctx, cancel := context.WithCancel(background)
		follower := make(chan error)
		go func() {
			for _, err := range w.EventsContext(ctx) {
				follower <- err
				break
			}
		}()
		mustPark(t, w, 1)
		cancel()
		if err := <-follower; err != context.Canceled {
			t.Fatal(err)
		}
		mustTouch(t, dir, name)
		if got := <-leader; got != name {
			t.Fatalf("round %d: the leader got %q", i, got)
		}
		mustPark(t, w, 0)
	}
	must(t, w.Close())
	<-leader
}

func TestACancelledLeaderHandsOnToAFollower(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	for _, name := range numbered(50) {
		ctx, cancel := context.WithCancel(background)
		first, second := make(chan error), make(chan string)
		go func() {
			for _, err := range w.EventsContext(ctx) {
				first <- err
				break
			}
		}()
		mustPark(t, w, 0)
		go func() {
			for ev, err := range w.Events() {
				if err != nil {
					t.Error(err)
				}
				second <- ev.Name
				break
			}
		}()
		mustPark(t, w, 1)
		cancel()
		if err := <-first; err != context.Canceled {
			t.Fatal(err)
		}
		mustTouch(t, dir, name)
		if got := <-second; got != name {
			t.Fatalf("got %q", got)
		}
	}
}

func TestADrainBesideAParkedLoopLeavesItTheRest(t *testing.T) {
	for _, name := range numbered(rounds(100)) {
		w := mustNew(t)
		dir := t.TempDir()
		mustAdd(t, w, dir, Create)
		parked := make(chan string)
		go func() {
			for ev, err := range w.Events() {
				if err != nil {
					t.Error(err)
				}
				parked <- ev.Name
			}
			close(parked)
		}()
		mustPark(t, w, 0)
		mustTouch(t, dir, name, "rest")
		// The drain and the parked loop race for the two events. What the drain has read and breaks
		// off before must reach the other without anything new from the kernel.
		seen := make(map[string]int)
		for ev, err := range w.EventsUntilIdle(background, 0) {
			must(t, err)
			seen[ev.Name]++
			break
		}
		for len(seen) < 2 {
			seen[<-parked]++
		}
		if seen[name] != 1 || seen["rest"] != 1 {
			t.Fatal(seen)
		}
		must(t, w.Close())
		<-parked
	}
}

func TestThousandsOfRoundsOfEverythingAtOnceLoseAndDoubleNothing(t *testing.T) {
	total := rounds(10000)
	var taps, tapping atomic.Int64
	w := mustNew(t, WithBufferSize(MaxRecordSize), WithTap(func(raw []byte) {
		if tapping.Add(1) != 1 {
			t.Error("two taps at once")
		}
		for _, err := range Decode(raw, nativeEndian) {
			if err != nil {
				t.Error(err)
			}
			taps.Add(1)
		}
		tapping.Add(-1)
	}))
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)

	c := &counter{seen: make([]atomic.Int32, total), room: make(chan struct{}, 4000)}
	over, finish := context.WithCancel(background)
	defer finish()
	var loops sync.WaitGroup
	run := func(round func(ctx context.Context)) {
		loops.Add(1)
		go func() {
			defer loops.Done()
			for over.Err() == nil {
				ctx, cancel := context.WithTimeout(over, time.Duration(rand.Int64N(int64(300*time.Microsecond))))
				round(ctx)
				cancel()
			}
		}()
	}
	for range 2 { // cancelled, at any time
		run(func(ctx context.Context) { c.count(t, w.EventsContext(ctx), 1<<30) })
	}
	run(func(ctx context.Context) { c.count(t, w.EventsUntilIdle(ctx, 0), 1<<30) })
	run(func(ctx context.Context) { c.count(t, w.EventsUntilIdle(over, 50*time.Microsecond), 1<<30) })
	run(func(ctx context.Context) { c.count(t, w.EventsContext(ctx), 1+rand.IntN(20)) })
	run(func(ctx context.Context) {
		defer func() { recover() }()
		c.count(t, w.EventsContext(ctx), 3)
		panic("body")
	})
	run(func(ctx context.Context) {
		next, stop := iter.Pull2(w.EventsContext(ctx))
		for range rand.IntN(5) {
			if ev, err, ok := next(); ok && err == nil {
				c.see(t, ev)
			}
		}
		stop()
	})
	run(func(ctx context.Context) {
		o := BatchOptions{Quiet: 20 * time.Microsecond, Limit: 100 * time.Microsecond, MaxEvents: 50}
		for batch, err := range w.Batches(ctx, o) {
			if err != nil && !ended(err) {
				t.Error(err)
			}
			for _, ev := range batch {
				c.see(t, ev)
			}
		}
	})
	run(func(ctx context.Context) { // Adds and Removes beside it
		wt, err := w.Add(filepath.Dir(dir), OnlyDir|DeleteSelf)
		if err != nil {
			t.Error(err)
		}
		if err := wt.Remove(); err != nil {
			t.Error(err)
		}
	})
	loops.Add(1)
	go func() { // never cancelled, until the end
		defer loops.Done()
		c.count(t, w.EventsContext(over), 1<<30)
	}()

	for _, name := range numbered(total) {
		c.room <- struct{}{} // the queue must not overflow
		mustTouch(t, dir, name)
	}
	mustWait(t, "every event", func() bool { return c.events.Load() >= int64(total) })
	finish()
	loops.Wait()
	for i := range c.seen {
		if n := c.seen[i].Load(); n != 1 {
			t.Errorf("event %d came %d times", i, n)
		}
	}
	if taps.Load() < int64(total) {
		t.Errorf("the tap saw %d records", taps.Load())
	}
}

// counter counts how often each event came.
type counter struct {
	seen   []atomic.Int32
	events atomic.Int64
	room   chan struct{}
}

func (c *counter) see(t *testing.T, ev Event) {
	if !ev.Has(Create) {
		return // of the watch that comes and goes
	}
	n := 0
	for _, digit := range ev.Name[1:] {
		n = 10*n + int(digit-'0')
	}
	c.seen[n].Add(1)
	c.events.Add(1)
	<-c.room
}

// count takes at most so many steps of seq.
func (c *counter) count(t *testing.T, seq iter.Seq2[Event, error], steps int) {
	for ev, err := range seq {
		switch {
		case err == nil:
			c.see(t, ev)
		case !ended(err):
			t.Error(err)
		}
		if steps--; steps == 0 {
			break
		}
	}
}

func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func TestATapSeesEveryReadAndMayUseTheWatcher(t *testing.T) {
	dir := t.TempDir()
	var w *Watcher
	var seen []string
	step := 0
	w = mustNew(t, WithTap(func(raw []byte) {
		for rec, err := range Decode(raw, nativeEndian) {
			if err != nil {
				t.Error(err)
			}
			seen = append(seen, rec.Mask.String()+" "+string(rec.Name))
		}
		switch step++; step {
		case 1:
			mustAdd(t, w, dir, Create|Delete)
		case 2:
			panic("tap")
		case 3:
			must(t, w.Close())
		}
	}))
	mustAdd(t, w, dir, Create)
	mustTouch(t, dir, "a")
	mustSee(t, mustDrain(t, w), "CREATE a")

	must(t, os.Remove(filepath.Join(dir, "a")))
	func() {
		defer func() {
			if recover() != "tap" {
				t.Error("the tap's panic did not come through")
			}
		}()
		mustDrain(t, w)
	}()
	mustSee(t, mustDrain(t, w), "DELETE a") // the panic lost nothing

	mustTouch(t, dir, "b")
	mustSee(t, mustDrain(t, w)) // closed before it was delivered
	if len(seen) != 3 || seen[2] != "CREATE b" {
		t.Fatalf("the tap saw %q", seen)
	}
}
