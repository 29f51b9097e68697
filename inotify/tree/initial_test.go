//go:build linux

package tree

// This file tests WithInitial: what is there is told first, and joins with what comes after.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/inoseq/inoseq/inotify"
)

func TestWhatIsThereIsToldFirstWhateverTheMask(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "a", "b"), filepath.Join(root, "skip", "deep"))
	mustWrite(t, filepath.Join(root, "a", "b", "f"), filepath.Join(root, "g"))
	for _, workers := range []int{1, 2, 8} {
		w := mustNew(t, inotify.Delete, WithInitial(), WithWorkers(workers),
			WithSkip(func(path string, _ bool) bool { return strings.HasSuffix(path, "/skip") }))
		mustAdd(t, w, root)
		got := told(t, w, root)
		order := slices.Index(got, `CREATE|ISDIR "a" (synthetic)`) < slices.Index(got, `CREATE|ISDIR "a/b" (synthetic)`)
		slices.Sort(got)
		want := []string{`CREATE "a/b/f" (synthetic)`, `CREATE "g" (synthetic)`,
			`CREATE|ISDIR "a" (synthetic)`, `CREATE|ISDIR "a/b" (synthetic)`}
		if !slices.Equal(got, want) || !order {
			t.Errorf("%d workers: told %q, want %q, parents first", workers, got, want)
		}
		mustWrite(t, filepath.Join(root, "a", "b", "new"))
		os.Remove(filepath.Join(root, "a", "b", "new"))
		mustTell(t, w, root, `DELETE "a/b/new"`)
	}
}

// TestWhatIsThereAndWhatComesJoin has trees change all the while that they are taken in: a picture that
// is empty at the start equals the disk at the end.
func TestWhatIsThereAndWhatComesJoin(t *testing.T) {
	for _, seed := range seeds(t, 24) {
		dir := mustTemp(t)
		r1, r2, outside := filepath.Join(dir, "r1"), filepath.Join(dir, "r2"), filepath.Join(dir, "outside")
		mustMkdir(t, r1, r2, outside)
		ms := make([]*mischief, 2)
		for i := range ms {
			ms[i] = newMischief(seed, uint64(i), outside, r1, r2)
			for range 400 {
				ms[i].operation()
			}
		}
		w := mustNew(t, quietMask, WithInitial(), WithWorkers(1+int(seed%4)))
		p := &picture{roots: map[string]*thing{r1: newThing(true), r2: newThing(true)}}
		initialUnderChurn(t, w, p, ms, seed%2 == 0, r1, r2)
		if diffs := append(p.differences(), p.faults...); len(diffs) > 0 {
			t.Errorf("seed %d: %s\n%s", seed, strings.Join(diffs[:min(len(diffs), 20)], "\n"), strings.Join(p.history, "\n"))
			return
		}
		if p.synthetic == 0 {
			t.Errorf("seed %d: nothing was told as synthetic", seed)
		}
		w.Close()
	}
}

// initialUnderChurn adds roots while ms change them. A loop reads meanwhile, or only at the end.
func initialUnderChurn(t *testing.T, w *Watcher, p *picture, ms []*mischief, reads bool, roots ...string) {
	var changes, loop sync.WaitGroup
	for _, m := range ms {
		changes.Add(1)
		go func() {
			defer changes.Done()
			for range 300 {
				m.operation()
			}
			m.release()
		}()
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if reads {
		loop.Add(1)
		go func() {
			defer loop.Done()
			for ev, err := range w.EventsContext(ctx) {
				if err != nil && err == context.Cause(ctx) {
					return
				}
				p.apply(ev, err)
			}
		}()
	}
	for _, r := range roots {
		if err := w.Add(context.Background(), r); err != nil {
			t.Error(fmt.Errorf("adding: %w", err))
		}
	}
	changes.Wait()
	cancel()
	loop.Wait()
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		p.apply(ev, err)
	}
}
