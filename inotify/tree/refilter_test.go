//go:build linux

package tree

// This file tests Refilter: what is skipped can change.

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestWhatIsSkippedCanChange(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "a", "b", "c"), filepath.Join(root, "d"))
	mustWrite(t, filepath.Join(root, "a", "b", "f"))
	var name atomic.Value
	name.Store("/nothing")
	w := mustNew(t, quietMask, WithSkip(func(path string, _ bool) bool { return strings.HasSuffix(path, name.Load().(string)) }))
	mustAdd(t, w, root)
	change := func(to string) {
		t.Helper()
		name.Store(to)
		if err := w.Refilter(root); err != nil {
			t.Fatal(err)
		}
	}
	change("/b")
	mustTell(t, w, root, `DELETE|ISDIR "a/b" (synthetic)`)
	if w.Len() != 3 || kernelWatches(t, w) != 3 {
		t.Errorf("Len %d, %d watches, want 3", w.Len(), kernelWatches(t, w))
	}
	mustWrite(t, filepath.Join(root, "a", "b", "g"))
	mustTell(t, w, root)
	change("/b")
	mustTell(t, w, root)
	change("/f")
	got := told(t, w, root)
	if len(got) != 3 || got[0] != `CREATE|ISDIR "a/b" (synthetic)` || w.Len() != 5 {
		t.Errorf("told %q, Len %d", got, w.Len())
	}
	change("/c")
	mustTell(t, w, root, `CREATE "a/b/f" (synthetic)`, `DELETE|ISDIR "a/b/c" (synthetic)`)

	if err := w.Refilter(root + "/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Refilter of what is no root: %v", err)
	}
	w.Close()
	if err := w.Refilter(root); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Refilter of a closed Watcher: %v", err)
	}
}

// TestThePictureEqualsTheDiskWhenWhatIsSkippedKeepsChanging has the rule change while the trees do.
func TestThePictureEqualsTheDiskWhenWhatIsSkippedKeepsChanging(t *testing.T) {
	for _, seed := range seeds(t, 6) {
		dir := mustTemp(t)
		r1, outside := filepath.Join(dir, "r1"), filepath.Join(dir, "outside")
		mustMkdir(t, r1, outside)
		var skipped atomic.Int32
		w := mustNew(t, quietMask, WithSkip(func(path string, _ bool) bool {
			n := skipped.Load()
			return n > 0 && filepath.Base(path) == plainNames[n]
		}))
		mustAdd(t, w, r1)
		p := newPicture(r1)
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(context.Background())
		for i := range 2 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				m := newMischief(seed, uint64(i), outside, r1)
				for range 600 {
					m.operation()
				}
				m.release()
			}()
		}
		go func() { wg.Wait(); cancel() }()
		for n := 0; ctx.Err() == nil; n++ {
			for ev, err := range w.EventsContext(ctx) {
				if ctx.Err() == nil || err != context.Cause(ctx) {
					p.apply(ev, err)
				}
				if p.events%40 == 0 {
					break
				}
			}
			skipped.Store(int32((n + int(seed)) % len(plainNames)))
			if err := w.Refilter(r1); err != nil {
				t.Fatal(err)
			}
		}
		skipped.Store(0)
		if err := w.Refilter(r1); err != nil {
			t.Fatal(err)
		}
		for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
			p.apply(ev, err)
		}
		if diffs := append(p.differences(), p.faults...); len(diffs) > 0 {
			t.Errorf("seed %d, %d events: %s", seed, p.events, strings.Join(diffs[:min(len(diffs), 20)], "\n"))
			return
		}
		w.Close()
	}
}
