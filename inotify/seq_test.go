//go:build linux

package inotify

// This file tests the contract of the sequences, against the real kernel: what a loop gets, how it
// ends, and what the next one finds. Idle times and broken streams are in ends_test.go, several loops at
// once in loops_test.go, batches in batches_test.go.

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// background is a context that is never done.
var background = context.Background()

func names(events []Event) []string {
	var list []string
	for _, ev := range events {
		list = append(list, ev.Name)
	}
	return list
}

func TestALoopThatBreaksLosesNothing(t *testing.T) {
	const n = 20
	for at := range n {
		w := mustNew(t)
		dir := t.TempDir()
		mustAdd(t, w, dir, Create)
		mustTouch(t, dir, numbered(n)...)
		var got []string
		seq := w.Events() // position lives in the Watcher: this value and a new one go on alike
		for ev, err := range seq {
			must(t, err)
			got = append(got, ev.Name)
			if len(got) == at+1 {
				break
			}
		}
		if at+1 < n {
			for ev, err := range seq {
				must(t, err)
				got = append(got, ev.Name)
				break
			}
		}
		got = append(got, names(mustDrain(t, w))...)
		if !slices.Equal(got, numbered(n)) {
			t.Fatalf("break after event %d: got %q", at, got)
		}
	}
}

func TestManyBreaksAndReadsOfAFewRecordsLoseNothing(t *testing.T) {
	w := mustNew(t, WithBufferSize(MaxRecordSize)) // a read takes 128 records of these
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	want := numbered(1000)
	mustTouch(t, dir, want...)
	var got []string
	for len(got) < len(want) {
		for ev, err := range w.Events() {
			must(t, err)
			got = append(got, ev.Name)
			if len(got)%7 == 0 || len(got) == len(want) {
				break
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %d events", len(got))
	}
}

func TestPull2StepsByHand(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	mustTouch(t, dir, "a", "b", "c")

	next, stop := iter.Pull2(w.Events())
	ev, err, ok := next()
	if !ok || err != nil || ev.Name != "a" {
		t.Fatal(ev, err, ok)
	}
	stop()
	if _, _, ok := next(); ok {
		t.Fatal("next after stop has an event")
	}
	_, stop = iter.Pull2(w.Events())
	stop() // before the first next: nothing was begun
	mustSee(t, mustDrain(t, w), "CREATE b", "CREATE c")
}

func TestAPanicInTheBodyLeavesTheRestToTheNextLoop(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	mustTouch(t, dir, "a", "b", "c")
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	func() {
		defer func() {
			if recover() != "body" {
				t.Error("the body's panic did not come through")
			}
		}()
		for range w.EventsContext(ctx) {
			panic("body")
		}
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range w.EventsContext(ctx) {
			runtime.Goexit()
		}
	}()
	<-done
	cancel() // the AfterFuncs of both loops are gone, or leave the Watcher alone
	mustSee(t, mustDrain(t, w), "CREATE c")
}

func TestAddRemoveCloseAndANestedLoopInTheBody(t *testing.T) {
	w := mustNew(t)
	dir, other := t.TempDir(), t.TempDir()
	first := mustAdd(t, w, dir, Create)
	mustTouch(t, dir, "a", "b", "c", "d")
	var got []string
	for ev, err := range w.Events() {
		must(t, err)
		got = append(got, ev.Mask.String()+" "+ev.Name)
		switch ev.Name {
		case "a":
			mustAdd(t, w, other, Create)
			mustTouch(t, other, "e")
		case "b":
			must(t, first.Remove())
			for ev, err := range w.Events() {
				must(t, err)
				got = append(got, "nested "+ev.Mask.String()+" "+ev.Name)
				break
			}
		case "e":
			must(t, w.Close())
		}
	}
	want := []string{"CREATE a", "CREATE b", "nested CREATE c", "CREATE d", "CREATE e"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestRemoveInTheBodyIsFollowedByItsIgnored(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	wt := mustAdd(t, w, dir, Create)
	mustTouch(t, dir, "a")
	var got []Event
	for ev, err := range w.Events() {
		must(t, err)
		got = append(got, ev)
		if ev.Watch != wt {
			t.Fatalf("%v: watch is %v", ev, ev.Watch)
		}
		if ev.Has(Ignored) {
			break
		}
		must(t, wt.Remove())
		must(t, wt.Remove())
	}
	mustSee(t, got, "CREATE a", "IGNORED")
	if got[1].Path() != dir {
		t.Fatalf("path of the Ignored is %q", got[1].Path())
	}
	mustBeTrue(t, w)
}

func TestCloseEndsALoopThatWaitsWithoutAnError(t *testing.T) {
	for _, loop := range []struct {
		name string
		seq  func(w *Watcher) iter.Seq2[Event, error]
	}{
		{"Events", (*Watcher).Events},
		{"EventsContext", func(w *Watcher) iter.Seq2[Event, error] {
			ctx, cancel := context.WithCancel(background)
			t.Cleanup(cancel)
			return w.EventsContext(ctx)
		}},
		{"EventsUntilIdle", func(w *Watcher) iter.Seq2[Event, error] {
			return w.EventsUntilIdle(background, time.Hour)
		}},
	} {
		w := mustNew(t)
		done := make(chan string, 3)
		for range 3 { // one in the poller, two behind it
			go func() {
				for ev, err := range loop.seq(w) {
					done <- ev.String() + " " + err.Error()
					return
				}
				done <- ""
			}()
		}
		mustPark(t, w, 2)
		must(t, w.Close())
		for range 3 {
			if got := <-done; got != "" {
				t.Fatalf("%s: yielded %s", loop.name, got)
			}
		}
	}
}

func TestALoopOnAClosedWatcherYieldsErrClosed(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	mustTouch(t, dir, "a")
	must(t, w.Close())
	must(t, w.Close())
	for name, seq := range map[string]iter.Seq2[Event, error]{
		"Events":          w.Events(),
		"EventsContext":   w.EventsContext(background),
		"EventsUntilIdle": w.EventsUntilIdle(background, 0),
	} {
		steps := 0
		for ev, err := range seq {
			steps++
			if !errors.Is(err, os.ErrClosed) || ev != (Event{}) {
				t.Fatalf("%s: %v, %v", name, ev, err)
			}
		}
		if steps != 1 {
			t.Fatalf("%s: %d steps", name, steps)
		}
	}
	for _, err := range w.Batches(background, BatchOptions{}) {
		if !errors.Is(err, os.ErrClosed) {
			t.Fatal(err)
		}
	}
}

func TestACancelledContextEndsTheLoopAtItsNextStepWithTheCause(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	mustTouch(t, dir, "a", "b", "c")
	cause := errors.New("the cause")
	ctx, cancel := context.WithCancelCause(background)
	defer cancel(nil)
	var got []string
	for ev, err := range w.EventsContext(ctx) {
		if err != nil {
			if err != cause || ev != (Event{}) {
				t.Fatal(ev, err)
			}
			got = append(got, "cause")
			continue
		}
		got = append(got, ev.Name)
		cancel(cause)
	}
	if !slices.Equal(got, []string{"a", "cause"}) {
		t.Fatalf("got %q", got)
	}
	for _, err := range w.EventsContext(ctx) { // done before it begins
		if err != cause {
			t.Fatal(err)
		}
	}
	for _, err := range w.EventsUntilIdle(ctx, 0) {
		if err != cause {
			t.Fatal(err)
		}
	}
	mustSee(t, mustDrain(t, w), "CREATE b", "CREATE c")
}

func TestACancelReachesALoopThatWaits(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	for range 100 {
		ctx, cancel := context.WithCancel(background)
		done := make(chan error)
		go func() {
			for _, err := range w.EventsContext(ctx) {
				done <- err
			}
		}()
		mustPark(t, w, 0)
		cancel()
		if err := <-done; err != context.Canceled {
			t.Fatal(err)
		}
		// The deadline that got the loop out does not stand in the next one's way.
		mustTouch(t, dir, "a")
		for ev, err := range w.Events() {
			must(t, err)
			if ev.Name != "a" {
				t.Fatal(ev)
			}
			break
		}
		must(t, os.Remove(filepath.Join(dir, "a")))
	}
}

func TestALateAfterFuncLeavesTheWatcherAlone(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	for i, name := range numbered(rounds(2000)) {
		ctx, cancel := context.WithCancel(background)
		mustTouch(t, dir, name)
		go cancel() // before, while or after the loop ends
		for ev, err := range w.EventsContext(ctx) {
			if err == nil && ev.Name == name {
				break
			}
			if err == context.Canceled {
				// The event stays. A loop that waits gets it, whatever the AfterFunc does now.
				for ev, err := range w.Events() {
					if err != nil || ev.Name != name {
						t.Fatal(i, ev, err)
					}
					break
				}
				break
			}
			t.Fatal(i, ev, err)
		}
		cancel()
	}
}
