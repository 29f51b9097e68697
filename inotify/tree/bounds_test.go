//go:build linux

package tree

// This file holds what has to stay bounded while changes never stop.

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// bounds is the most that was seen.
type bounds struct {
	heap                    uint64 // bytes more than before
	watches, looks, backlog int    // in the kernel; waiting; bytes read and not handled
	delay                   time.Duration
	rounds, overflows       int
}

// TestBoundsUnderChurn has workers change one tree without a pause while a file is made and removed in a
// quiet one, and looks at memory, watches and the delay. TREE_BOUNDS=seconds makes it longer than 2.
func TestBoundsUnderChurn(t *testing.T) {
	seconds, err := strconv.Atoi(os.Getenv("TREE_BOUNDS"))
	if err != nil {
		seconds = 2
	}
	base := mustTemp(t)
	busy, quiet, outside := filepath.Join(base, "busy"), filepath.Join(base, "quiet"), filepath.Join(base, "outside")
	mustMkdir(t, busy, quiet, outside)
	w := mustNew(t, inotify.Create|inotify.Delete|inotify.Move)
	mustAdd(t, w, busy, quiet)
	before := heap()
	stop := mustChurn(t, busy, outside)
	b := watchBounds(t, w, filepath.Join(quiet, "f"), before, time.Now().Add(time.Duration(seconds)*time.Second))
	ops := stop()
	for range w.EventsUntilIdle(context.Background(), 0) {
	}
	t.Logf("%d operations, %d rounds, %d overflows: heap %d KiB more, %d watches, %d looks waiting, %d KiB read ahead, delay at most %v",
		ops, b.rounds, b.overflows, b.heap>>10, b.watches, b.looks, b.backlog>>10, b.delay)
	if b.heap > 16<<20 {
		t.Errorf("the heap grew by %d KiB", b.heap>>10)
	}
	if b.looks > 2*mostWaiting {
		t.Errorf("%d looks waited", b.looks)
	}
	if b.backlog > backlog+2*defaultBuffer {
		t.Errorf("%d bytes were read ahead", b.backlog)
	}
	if b.watches > 5000 { // there are some dozens of directories at any time
		t.Errorf("%d watches", b.watches)
	}
	if b.delay > 5*time.Second {
		t.Errorf("an event took %v", b.delay)
	}
	if dirs := readThing(busy).dirs() + 1; kernelWatches(t, w) != dirs {
		t.Errorf("%d watches at rest, want %d", kernelWatches(t, w), dirs)
	}
}

// mustChurn has workers change the tree at busy until stop is called, which returns how often.
func mustChurn(t *testing.T, busy, outside string) (stop func() int64) {
	t.Helper()
	var ended atomic.Bool
	var wg sync.WaitGroup
	var ops atomic.Int64
	for i := range 4 {
		m := newMischief(1, uint64(i), outside, busy)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !ended.Load() {
				m.operation()
				ops.Add(1)
			}
			m.release()
		}()
	}
	return func() int64 {
		ended.Store(true)
		wg.Wait()
		return ops.Load()
	}
}

// watchBounds makes and removes file, each when the event of the other has come, until end.
func watchBounds(t *testing.T, w *Watcher, file string, before uint64, end time.Time) (b bounds) {
	t.Helper()
	mustWrite(t, file)
	sent := time.Now()
	for ev, err := range w.Events() {
		if err == inotify.ErrOverflow {
			b.overflows++ // the delay may then be that of a scan
		}
		if ev.Path != file {
			continue
		}
		b.delay = max(b.delay, time.Since(sent))
		if ev.Has(inotify.Delete) {
			if b.rounds++; time.Now().After(end) {
				return b
			}
			sent = time.Now()
			mustWrite(t, file)
			continue
		}
		if b.rounds%16 == 0 {
			if h := heap(); h > before {
				b.heap = max(b.heap, h-before)
			}
			b.watches = max(b.watches, kernelWatches(t, w))
			b.looks = max(b.looks, len(w.t.marks)+len(w.t.later))
			b.backlog = max(b.backlog, cap(w.t.pend))
		}
		sent = time.Now()
		os.Remove(file)
	}
	return b
}
