//go:build linux

package inotify

// This file tests Adds that come back from the kernel late, step by step: in these tests the call and
// what is then made of its answer (settle) are two steps, and everything else happens between them.

import (
	"os"
	"path/filepath"
	"testing"
)

// slowAdd is an Add between its call and its return.
type slowAdd struct {
	w     *Watcher
	c     *inFlight
	wd    int32
	fresh bool
	path  string
	mask  Mask
}

func mustBegin(t *testing.T, w *Watcher, path string, mask Mask) slowAdd {
	t.Helper()
	c, err := w.enterAdd()
	must(t, err)
	wd, fresh, err := addWatch(w.fd, path, mask)
	must(t, err)
	return slowAdd{w, c, int32(wd), fresh, path, mask}
}

func (a slowAdd) end() *Watch {
	a.w.stream.Mu.Lock()
	wt := a.w.settle(a.c, a.wd, a.fresh, a.path, a.mask)
	a.w.unlockLeaveAdd(a.c)
	return wt
}

func mustMkdir(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "d")
	must(t, os.Mkdir(dir, 0o700))
	return dir
}

func TestASecondAddThatIsQuickerThanTheFirstHasTheSameWatch(t *testing.T) {
	w, dir := mustNew(t), mustMkdir(t)
	first := mustBegin(t, w, dir, Create)
	second := mustBegin(t, w, dir, Attrib|MaskAdd)
	if !first.fresh || second.fresh || first.wd != second.wd {
		t.Fatalf("%+v %+v", first, second)
	}
	a, b := second.end(), first.end()
	if a != b || a.Mask() != Create|Attrib {
		t.Fatalf("%v and %v", a, b)
	}
	mustBeTrue(t, w)
}

func TestARecordWaitsForTheAddThatMayBringItsWatchAndForNoLaterOne(t *testing.T) {
	w, dir := mustNew(t), mustMkdir(t)
	add := mustBegin(t, w, dir, Create)
	mustTouch(t, dir, "a")
	mustSee(t, mustDrain(t, w)) // held
	later, err := w.enterAdd()
	must(t, err)
	got := make(chan Event)
	go func() {
		for ev, err := range w.Events() {
			if err != nil {
				t.Error(err)
			}
			got <- ev
		}
		close(got)
	}()
	mustWait(t, "a loop behind what is held", func() bool {
		_, behind := w.stream.Waiting()
		return behind == 1
	})
	wt := add.end()
	if ev := <-got; ev.Watch != wt || ev.Name != "a" {
		t.Fatal(ev)
	}

	// A record of no watch at all: it waits for the Adds that are in flight now, not for later ones.
	conn, err := w.SyscallConn()
	must(t, err)
	other := t.TempDir()
	must(t, conn.Control(func(fd uintptr) { _, err = inotifyAddWatch(int(fd), other, Create) }))
	must(t, err)
	mustTouch(t, other, "b")
	mustWait(t, "a loop behind what is held", func() bool {
		leading, behind := w.stream.Waiting()
		return !leading && behind == 1
	})
	stays, err := w.enterAdd()
	must(t, err)
	w.stream.Mu.Lock()
	w.unlockLeaveAdd(later)
	if ev := <-got; ev.Watch != nil || ev.Name != "b" {
		t.Fatal(ev)
	}
	w.stream.Mu.Lock()
	w.unlockLeaveAdd(stays)
	must(t, w.Close())
	<-got
}

// What has ended before its Add came back is not kept for ever.
func TestAWatchThatEndedBeforeItsAddCameBackDoesNotStay(t *testing.T) {
	t.Run("its Ignored was delivered to a second Add's Watch", func(t *testing.T) {
		w, dir := mustNew(t), mustMkdir(t)
		first := mustBegin(t, w, dir, DeleteSelf)
		second := mustBegin(t, w, dir, DeleteSelf)
		wt := second.end()
		must(t, os.Remove(dir))
		events := mustDrain(t, w)
		mustSee(t, events, "DELETE_SELF", "IGNORED")
		if events[1].Watch != wt {
			t.Fatal(events[1].Watch)
		}
		must(t, first.end().Remove())
		mustDrain(t, w)
		mustBeTrue(t, w)
	})
	t.Run("its Ignored was delivered while it was updated", func(t *testing.T) {
		w, dir := mustNew(t), mustMkdir(t)
		mustAdd(t, w, dir, DeleteSelf)
		again := mustBegin(t, w, dir, DeleteSelf)
		must(t, os.Remove(dir))
		mustSee(t, mustDrain(t, w), "DELETE_SELF", "IGNORED")
		again.end()
		mustDrain(t, w)
		mustBeTrue(t, w)
	})
	t.Run("its Ignored waits in the queue", func(t *testing.T) {
		w, dir, other := mustNew(t), mustMkdir(t), mustMkdir(t)
		gone := mustAdd(t, w, other, DeleteSelf)
		first := mustBegin(t, w, dir, DeleteSelf)
		second := mustBegin(t, w, dir, DeleteSelf)
		must(t, gone.Remove())
		mustSee(t, mustDrain(t, w), "IGNORED") // a watch left while both were in flight
		must(t, os.Remove(dir))
		wt := second.end() // it is not on the kernel's list, but its events are still to come
		events := mustDrain(t, w)
		mustSee(t, events, "DELETE_SELF", "IGNORED")
		if events[0].Watch != wt || events[1].Watch != wt {
			t.Fatal(events)
		}
		first.end()
		mustDrain(t, w)
		mustBeTrue(t, w)
	})
	t.Run("its Ignored was lost in an overflow", func(t *testing.T) {
		w, _, dir := mustOverflow(t)
		sub := filepath.Join(dir, "sub")
		must(t, os.Mkdir(sub, 0o700))
		add := mustBegin(t, w, sub, DeleteSelf)
		must(t, os.Remove(sub))
		for range w.EventsUntilIdle(background, 0) {
		}
		over := make(chan struct{})
		go func() {
			defer close(over)
			for ev, err := range w.Events() {
				t.Errorf("an event out of nothing: %v, %v", ev, err)
			}
		}()
		mustPark(t, w, 0)
		add.end()
		mustWait(t, "the loop in the poller to look whether the queue is empty", func() bool {
			w.stream.Mu.Lock()
			defer w.stream.Mu.Unlock()
			return w.table.byWD.count == 1
		})
		mustBeTrue(t, w)
		must(t, w.Close())
		<-over
	})
}
