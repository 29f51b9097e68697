//go:build linux

package inotify

// This file tests how sequences end by themselves: after an idle time, and when the stream is broken.

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestUntilIdleYieldsWhatIsQueuedAndNeverBlocks(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	for _, idle := range []time.Duration{0, -1, -time.Hour} {
		for range w.EventsUntilIdle(background, idle) {
			t.Fatal("an event out of nothing")
		}
		mustTouch(t, dir, "a", "b")
		var got []Event
		for ev, err := range w.EventsUntilIdle(background, idle) {
			must(t, err)
			got = append(got, ev)
		}
		mustSee(t, got, "CREATE a", "CREATE b")
		must(t, os.Remove(filepath.Join(dir, "a")))
		must(t, os.Remove(filepath.Join(dir, "b")))
	}
}

// The clock is what is tested here, so these two tests let time pass: they hold whatever the speed
// of the machine.
func TestUntilIdleDoesNotCountTheBodysTime(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	mustTouch(t, dir, "a")
	const idle = 30 * time.Millisecond
	var got []Event
	for ev, err := range w.EventsUntilIdle(background, idle) {
		must(t, err)
		got = append(got, ev)
		if len(got) < 3 {
			time.Sleep(2 * idle)
			mustTouch(t, dir, string(rune('a'+len(got))))
		}
	}
	mustSee(t, got, "CREATE a", "CREATE b", "CREATE c")
}

func TestUntilIdleEndsAfterTheIdleTime(t *testing.T) {
	w := mustNew(t)
	mustAdd(t, w, t.TempDir(), Create)
	const idle = 20 * time.Millisecond
	for range 3 { // the timer's lateness in one does not shorten the next
		start := time.Now()
		for range w.EventsUntilIdle(background, idle) {
			t.Fatal("an event out of nothing")
		}
		if waited := time.Since(start); waited < idle {
			t.Fatalf("ended after %v", waited)
		}
	}
}

func TestABrokenStreamGivesTheSameErrorToEveryLoop(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	wt := mustAdd(t, w, dir, Create)
	whole, err := AppendRecord(nil, Record{WD: wt.WD(), Mask: Create, Name: []byte("a")}, nativeEndian)
	must(t, err)
	mustFeed(t, w, append(whole, 1, 2, 3))

	var got []Event
	var first error
	for ev, err := range w.Events() {
		if err != nil {
			first = err
			continue // the loop is over all the same
		}
		got = append(got, ev)
	}
	mustSee(t, got, "CREATE a") // what is before the fault comes
	var fault *DecodeError
	if !errors.As(first, &fault) || fault.Offset != int64(len(whole)) || fault.Err != ErrShortHeader {
		t.Fatal(first)
	}
	for range 3 {
		steps := 0
		for _, err := range w.EventsUntilIdle(background, 0) {
			if steps++; err != first {
				t.Fatal(err)
			}
		}
		if steps != 1 {
			t.Fatalf("%d steps", steps)
		}
	}
	for batch, err := range w.Batches(background, BatchOptions{}) {
		if err != first || batch != nil {
			t.Fatal(batch, err)
		}
	}
}

// mustFeed has w's descriptor lead to a pipe that holds raw and is closed behind it.
func mustFeed(t *testing.T, w *Watcher, raw []byte) {
	t.Helper()
	var p [2]int
	must(t, unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	_, err := unix.Write(p[1], raw)
	must(t, err)
	must(t, unix.Close(p[1]))
	conn, err := w.SyscallConn()
	must(t, err)
	must(t, conn.Control(func(fd uintptr) { err = unix.Dup3(p[0], int(fd), unix.O_CLOEXEC) }))
	must(t, err)
	must(t, unix.Close(p[0]))
}
