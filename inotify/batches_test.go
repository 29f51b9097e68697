//go:build linux

package inotify

// This file tests Batches: what closes a batch, and that nothing is lost between two.

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestABatchIsClosedByQuietByItsLimitAndByItsSize(t *testing.T) {
	for _, c := range []struct {
		name string
		o    BatchOptions
		want []int // sizes
	}{
		{"quiet", BatchOptions{Quiet: time.Millisecond, Limit: time.Hour}, []int{7}},
		{"limit", BatchOptions{Quiet: time.Hour, Limit: 10 * time.Millisecond}, []int{7}},
		{"size", BatchOptions{Quiet: time.Hour, Limit: time.Hour, MaxEvents: 3}, []int{3, 3}},
		{"size of one", BatchOptions{Quiet: time.Hour, Limit: time.Hour, MaxEvents: 1}, []int{1, 1, 1, 1, 1, 1, 1}},
		{"defaults", BatchOptions{}, []int{7}},
	} {
		w := mustNew(t)
		dir := t.TempDir()
		mustAdd(t, w, dir, Create)
		mustTouch(t, dir, numbered(7)...)
		var sizes []int
		var got []Event
		for batch, err := range w.Batches(background, c.o) {
			must(t, err)
			sizes = append(sizes, len(batch))
			got = append(got, batch...)
			if len(sizes) == len(c.want) {
				break
			}
		}
		if !slices.Equal(sizes, c.want) {
			t.Fatalf("%s: batches of %v", c.name, sizes)
		}
		got = append(got, mustDrain(t, w)...)
		if !slices.Equal(names(got), numbered(7)) {
			t.Fatalf("%s: got %q", c.name, names(got))
		}
	}
}

func TestTheLimitOfABatchHoldsWhileEventsKeepComing(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Attrib)
	mustTouch(t, dir, "a", "b")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				if err := os.Chmod(filepath.Join(dir, string("ab"[i%2])), 0o600); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	for batch, err := range w.Batches(background, BatchOptions{Quiet: time.Hour, Limit: 5 * time.Millisecond}) {
		if err != nil && err != ErrOverflow {
			t.Fatal(err)
		}
		if len(batch) == 0 {
			t.Fatal("an empty batch")
		}
		break
	}
	close(stop)
	<-done
}

func TestACancelHandsTheBegunBatchOverFirst(t *testing.T) {
	for _, stop := range []string{"cancel", "close"} {
		w := mustNew(t)
		dir := t.TempDir()
		mustAdd(t, w, dir, Create)
		mustTouch(t, dir, "a", "b")
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(background)
		defer cancel(nil)
		done := make(chan []string, 1)
		go func() {
			var got []string
			for batch, err := range w.Batches(ctx, BatchOptions{Quiet: time.Hour, Limit: time.Hour}) {
				if err != nil {
					got = append(got, err.Error())
				}
				got = append(got, names(batch)...)
			}
			done <- got
		}()
		mustWait(t, "both events in the batch", func() bool {
			w.stream.Mu.Lock()
			defer w.stream.Mu.Unlock()
			return w.source.delivered == 2*(HeaderSize+16)
		})
		mustPark(t, w, 0)
		want := []string{"a", "b"}
		if stop == "cancel" {
			cancel(cause)
			want = append(want, "the cause")
		} else {
			must(t, w.Close())
		}
		if got := <-done; !slices.Equal(got, want) {
			t.Fatalf("%s: got %q", stop, got)
		}
	}
}

func TestABatchIsTheCallersToKeep(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	var kept [][]Event
	for i := range 5 {
		mustTouch(t, dir, numbered(10)[2*i:2*i+2]...)
		for batch, err := range w.Batches(background, BatchOptions{MaxEvents: 2}) {
			must(t, err)
			kept = append(kept, batch)
			break
		}
	}
	if got := names(slices.Concat(kept...)); !slices.Equal(got, numbered(10)) {
		t.Fatalf("got %q", got)
	}
}

func TestAnOverflowClosesABatchAndIsNotLostWhenTheLoopBreaks(t *testing.T) {
	w, before, _ := mustOverflow(t)
	var got int
	for batch, err := range w.Batches(background, BatchOptions{Quiet: time.Hour, Limit: time.Hour}) {
		must(t, err) // first the slice
		got = len(batch)
		break
	}
	if got != before {
		t.Fatalf("batch of %d events, want the %d before the overflow", got, before)
	}
	for batch, err := range w.Batches(background, BatchOptions{Quiet: time.Hour, Limit: time.Hour}) {
		if !errors.Is(err, ErrOverflow) { // then the error
			t.Fatal(len(batch), err)
		}
		mustSee(t, batch, "Q_OVERFLOW")
		break
	}
}

func TestBatchOptionsMustNotBeNegative(t *testing.T) {
	w := mustNew(t)
	for member, o := range map[string]BatchOptions{"Quiet": {Quiet: -1}, "Limit": {Limit: -1}, "MaxEvents": {MaxEvents: -1}} {
		steps := 0
		for batch, err := range w.Batches(background, o) {
			steps++
			if err == nil || batch != nil || !strings.Contains(err.Error(), member+" is negative") {
				t.Fatal(batch, err)
			}
		}
		if steps != 1 {
			t.Fatalf("%+v: %d steps", o, steps)
		}
	}
}
