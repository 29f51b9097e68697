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

// TestBoundsUnderChurn has workers change one tree without a pause while a file is written in a quiet
// one, and looks at the heap, the watches and the delay. TREE_BOUNDS=seconds makes it longer than 2.
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
	var stop atomic.Bool
	var wg sync.WaitGroup
	var ops atomic.Int64
	for i := range 4 {
		m := newMischief(1, uint64(i), outside, busy)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !stop.Load() {
				m.operation()
				ops.Add(1)
			}
			m.release()
		}()
	}
	start := time.Now()
	base0 := heap()
	var worstDelay time.Duration
	var mostHeap uint64
	var mostWatches, mostEntries, rounds, overflows int
	file := filepath.Join(quiet, "f")
	mustWrite(t, file)
	sent := time.Now()
	for ev, err := range w.Events() {
		if err == inotify.ErrOverflow {
			overflows++ // the delay may then be that of a scan
		}
		if ev.Path != file {
			continue
		}
		worstDelay = max(worstDelay, time.Since(sent))
		if ev.Has(inotify.Create) {
			if rounds%16 == 0 {
				if h := heap(); h > base0 {
					mostHeap = max(mostHeap, h-base0)
				}
				mostWatches = max(mostWatches, kernelWatches(t, w))
				mostEntries = max(mostEntries, len(w.t.marks)+len(w.t.later))
			}
			sent = time.Now()
			os.Remove(file)
		} else {
			if rounds++; time.Since(start) > time.Duration(seconds)*time.Second {
				break
			}
			sent = time.Now()
			mustWrite(t, file)
		}
	}
	stop.Store(true)
	wg.Wait()
	for range w.EventsUntilIdle(context.Background(), 0) {
	}
	t.Logf("%d operations, %d rounds, %d overflows: heap %d KiB more, %d watches, %d looks waiting, delay at most %v",
		ops.Load(), rounds, overflows, mostHeap>>10, mostWatches, mostEntries, worstDelay)
	if mostHeap > 64<<20 {
		t.Errorf("the heap grew by %d MiB", mostHeap>>20)
	}
	if dirs := readThing(busy).dirs() + 1; kernelWatches(t, w) != dirs {
		t.Errorf("%d watches at rest, want %d", kernelWatches(t, w), dirs)
	}
	if mostEntries > 3*mostWaiting {
		t.Errorf("%d looks waited", mostEntries)
	}
	if worstDelay > 10*time.Second {
		t.Errorf("an event took %v", worstDelay)
	}
}
