//go:build linux

package tree

// This file tests what callers see: roots, options, loops, and a set-up that is interrupted.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

func TestEachEntryOfNestedDirectoriesIsToldOnce(t *testing.T) {
	root := mustTemp(t)
	w := mustNew(t, inotify.Create)
	mustAdd(t, w, root)
	p := newPicture(root)
	mustMkdir(t, filepath.Join(root, "a", "b", "c"))
	mustWrite(t, filepath.Join(root, "a", "b", "c", "f"), filepath.Join(root, "a", "f"))
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		p.apply(ev, err)
	}
	p.mustEqualDisk(t)
	if p.events != 5 {
		t.Errorf("%d events, want 5: %q", p.events, p.history)
	}
}

func TestAStartOnATreeTellsNothingOfWhatIsThere(t *testing.T) {
	root := mustTemp(t)
	dirs, _ := makeTree(t, filepath.Join(root, "tree"), 4, 3, 2)
	for _, workers := range []int{1, 2, 8} {
		w := mustNew(t, inotify.AllEvents&^(inotify.Open|inotify.Access|inotify.CloseNoWrite), WithWorkers(workers))
		mustAdd(t, w, root)
		mustTell(t, w, root)
		if w.Len() != dirs+1 || kernelWatches(t, w) != dirs+1 {
			t.Errorf("%d workers: Len %d, %d watches, want %d", workers, w.Len(), kernelWatches(t, w), dirs+1)
		}
		mustWrite(t, filepath.Join(root, "tree", "directory-000003", "directory-000002", "new"))
		mustTell(t, w, root, `CREATE "tree/directory-000003/directory-000002/new"`,
			`CLOSE_WRITE "tree/directory-000003/directory-000002/new"`)
		os.Remove(filepath.Join(root, "tree", "directory-000003", "directory-000002", "new"))
	}
}

func TestMasksFilterWhatIsTold(t *testing.T) {
	for _, tt := range []struct {
		mask inotify.Mask
		want []string
	}{
		{inotify.Create, []string{`CREATE|ISDIR "d"`, `CREATE "d/f" (synthetic)`, `CREATE "d/h"`}},
		{inotify.CloseWrite, []string{`CREATE "d/f" (synthetic)`, `CLOSE_WRITE "d/h"`, `CLOSE_WRITE "d/h2"`}},
		{inotify.Delete, []string{`DELETE "d/f"`}},
		{inotify.MovedTo, []string{`CREATE "d/f" (synthetic)`, `MOVED_TO "d/h2" from "d/h"`}},
	} {
		root := mustTemp(t)
		w := mustNew(t, tt.mask)
		mustAdd(t, w, root)
		d := filepath.Join(root, "d")
		mustMkdir(t, d)
		mustWrite(t, filepath.Join(d, "f"))
		got := told(t, w, root)
		mustWrite(t, filepath.Join(d, "h"))
		mustRename(t, filepath.Join(d, "h"), filepath.Join(d, "h2"))
		mustWrite(t, filepath.Join(d, "h2"))
		os.Remove(filepath.Join(d, "f"))
		got = append(got, told(t, w, root)...)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%v: told %q, want %q", tt.mask, got, tt.want)
		}
	}
}

func TestSkippedDirectoriesCostNoWatch(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "skip", "deep"), filepath.Join(root, "d", "skip"))
	w := mustNew(t, inotify.AllEvents&^(inotify.Open|inotify.Access|inotify.CloseNoWrite),
		WithSkip(func(path string, _ bool) bool { return strings.HasSuffix(path, "/skip") }))
	mustAdd(t, w, root)
	if w.Len() != 2 || kernelWatches(t, w) != 2 {
		t.Errorf("Len %d, %d watches, want 2", w.Len(), kernelWatches(t, w))
	}
	mustWrite(t, filepath.Join(root, "skip", "deep", "f"))
	mustTell(t, w, root)
	mustRename(t, filepath.Join(root, "skip"), filepath.Join(root, "known"))
	mustTell(t, w, root, `MOVED_TO|ISDIR "known"`, `CREATE|ISDIR "known/deep" (synthetic)`, `CREATE "known/deep/f" (synthetic)`)
	mustRename(t, filepath.Join(root, "known"), filepath.Join(root, "skip"))
	mustTell(t, w, root, `MOVED_FROM|ISDIR "known"`)
	if w.Len() != 2 || kernelWatches(t, w) != 2 {
		t.Errorf("Len %d, %d watches, want 2", w.Len(), kernelWatches(t, w))
	}
}

func TestASkipThatDependsOnThePathIsAskedAgainAfterARename(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "a", "x", "y"))
	w := mustNew(t, quietMask, WithSkip(func(path string, _ bool) bool { return strings.Contains(path, "/b/x") }))
	mustAdd(t, w, root)
	mustRename(t, filepath.Join(root, "a"), filepath.Join(root, "b"))
	mustTell(t, w, root, `MOVED_TO|ISDIR "b" from "a"`, `DELETE|ISDIR "b/x" (synthetic)`)
	mustRename(t, filepath.Join(root, "b"), filepath.Join(root, "c"))
	mustTell(t, w, root, `MOVED_TO|ISDIR "c" from "b"`, `CREATE|ISDIR "c/x" (synthetic)`, `CREATE|ISDIR "c/x/y" (synthetic)`)
}

func TestPathsLongerThanPATH_MAX(t *testing.T) {
	root := mustTemp(t)
	w := mustNew(t, inotify.Create|inotify.Delete)
	mustAdd(t, w, root)
	name := strings.Repeat("long", 60)
	at, err := unix.Open(root, unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { unix.Close(at) }()
	for range 40 { // 9,600 bytes
		if err := unix.Mkdirat(at, name, 0o755); err != nil {
			t.Fatal(err)
		}
		below, err := unix.Openat(at, name, unix.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(at)
		at = below
	}
	p := &picture{roots: map[string]*thing{root: newThing(true)}}
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		p.apply(ev, err)
	}
	p.mustEqualDisk(t)
	if w.Len() != 41 {
		t.Fatalf("%d directories watched, want 41", w.Len())
	}
	// Now that no descriptor is on the way down: a directory at the end of the path.
	if err := unix.Mkdirat(at, "end", 0o755); err != nil {
		t.Fatal(err)
	}
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		p.apply(ev, err)
	}
	p.mustEqualDisk(t)
	if w.Len() != 42 {
		t.Errorf("%d directories watched, want 42", w.Len())
	}
}

func TestRemoveWhileItsEventsWait(t *testing.T) {
	base := mustTemp(t)
	a, b := filepath.Join(base, "a"), filepath.Join(base, "b")
	mustMkdir(t, a, b)
	w := mustNew(t, inotify.Create)
	mustAdd(t, w, a, b)
	mustMkdir(t, filepath.Join(a, "d"))
	mustWrite(t, filepath.Join(b, "f"), filepath.Join(b, "g"))
	for ev, err := range w.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Path == filepath.Join(a, "d") {
			if err := w.Remove(a); err != nil { // in the body of the loop
				t.Fatal(err)
			}
			mustWrite(t, filepath.Join(a, "d", "unseen"))
		}
		if ev.Path == filepath.Join(b, "g") {
			break
		}
	}
	mustTell(t, w, base)
	if err := w.Remove(a); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Remove again: %v", err)
	}
	if w.Len() != 1 || kernelWatches(t, w) != 1 {
		t.Errorf("Len %d, %d watches, want 1", w.Len(), kernelWatches(t, w))
	}
}

func TestASetUpThatIsInterrupted(t *testing.T) {
	base := mustTemp(t)
	root := filepath.Join(base, "tree")
	makeTree(t, root, 10, 3, 0)
	cause := errors.New("enough")

	t.Run("by its context", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		w := mustNew(t, quietMask, WithSkip(func(path string, _ bool) bool {
			if strings.HasSuffix(path, "5/directory-000005") {
				cancel(cause)
			}
			return false
		}), WithWorkers(2))
		err := w.Add(ctx, root)
		if err == nil { // it was done before it looked
			return
		}
		if !errors.Is(err, cause) {
			t.Errorf("Add = %v, want %v", err, cause)
		}
		if w.Len() != 0 || kernelWatches(t, w) != 0 {
			t.Errorf("Len %d, %d watches, want none", w.Len(), kernelWatches(t, w))
		}
		mustAdd(t, w, root)
		mustTell(t, w, root)
		if w.Len() != 1111 {
			t.Errorf("Len %d, want 1111", w.Len())
		}
	})
	t.Run("by Close", func(t *testing.T) {
		var w *Watcher
		var once sync.Once
		w = mustNew(t, quietMask, WithSkip(func(path string, _ bool) bool {
			if strings.HasSuffix(path, "5/directory-000005") {
				once.Do(func() { w.Close() })
			}
			return false
		}))
		if err := w.Add(context.Background(), root); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Add = %v, want os.ErrClosed", err)
		}
		for _, err := range w.Events() {
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("a loop after Close: %v", err)
			}
		}
		if err := w.Remove(root); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Remove after Close: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
	})
	t.Run("by an overflow", func(t *testing.T) {
		limits, err := inotify.ReadLimits()
		if err != nil {
			t.Fatal(err)
		}
		first := filepath.Join(root, "churned")
		mustMkdir(t, first)
		var once sync.Once
		w := mustNew(t, quietMask, WithWorkers(1), WithSkip(func(path string, _ bool) bool {
			if strings.HasSuffix(path, "5/directory-000005") {
				once.Do(func() {
					for i := range limits.MaxQueuedEvents/2 + 100 {
						name := filepath.Join(root, fmt.Sprint("x", i%100))
						unix.Mkdir(name, 0o755)
						unix.Rmdir(name)
					}
					mustMkdir(t, filepath.Join(root, "lost", "below"))
				})
			}
			return false
		}))
		mustAdd(t, w, root)
		overflows := 0
		for _, err := range w.EventsUntilIdle(context.Background(), 0) {
			if errors.Is(err, inotify.ErrOverflow) {
				overflows++
			} else if err != nil {
				t.Error(err)
			}
		}
		if want := readThing(root).dirs(); w.Len() != want || kernelWatches(t, w) != want || overflows == 0 {
			t.Errorf("Len %d, %d watches, %d overflows, want %d directories", w.Len(), kernelWatches(t, w), overflows, want)
		}
	})
}

func TestAfterCloseNothingIsWatched(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "a"))
	w := mustNew(t, quietMask)
	mustAdd(t, w, root)
	if dirs := slices.Collect(w.Dirs()); len(dirs) != 2 || w.Len() != 2 {
		t.Errorf("%q and %d directories, want 2", dirs, w.Len())
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if dirs := slices.Collect(w.Dirs()); len(dirs) != 0 || w.Len() != 0 {
		t.Errorf("after Close: %q and %d directories", dirs, w.Len())
	}
}

func TestProgressIsToldAtTheEnd(t *testing.T) {
	root := mustTemp(t)
	dirs, entries := makeTree(t, filepath.Join(root, "t"), 5, 3, 1)
	calls, d, e := 0, 0, 0
	w := mustNew(t, quietMask, WithProgress(func(dirs, entries int) { calls++; d, e = dirs, entries }))
	mustAdd(t, w, root)
	if calls == 0 || d != dirs+1 || e != entries+1 {
		t.Errorf("%d calls, the last with %d directories and %d entries, want %d and %d", calls, d, e, dirs+1, entries+1)
	}
}

func TestBatchesAndSeveralLoops(t *testing.T) {
	root := mustTemp(t)
	w := mustNew(t, inotify.Create)
	mustAdd(t, w, root)
	for i := range 10 {
		mustWrite(t, filepath.Join(root, fmt.Sprint(i)))
	}
	for batch, err := range w.Batches(context.Background(), inotify.BatchOptions{MaxEvents: 10}) {
		if err != nil || len(batch) != 10 {
			t.Fatalf("%d events, %v", len(batch), err)
		}
		break
	}
	for _, err := range w.Batches(context.Background(), inotify.BatchOptions{Quiet: -1}) {
		if err == nil {
			t.Error("a negative Quiet is no error")
		}
	}
	// Two loops share the events, each comes once.
	const n = 2000
	var mu sync.Mutex
	seen := make(map[string]int)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for ev, err := range w.EventsContext(ctx) {
				if err != nil {
					return
				}
				mu.Lock()
				seen[ev.Path]++
				if len(seen) == n {
					cancel()
				}
				mu.Unlock()
			}
		}()
	}
	for i := range n {
		mustWrite(t, filepath.Join(root, fmt.Sprint("n", i)))
	}
	wg.Wait()
	cancel()
	for path, times := range seen {
		if times != 1 {
			t.Errorf("%s was told %d times", path, times)
		}
	}
}

func TestNewRefusesWhatItCannotDo(t *testing.T) {
	for name, f := range map[string]func() (*Watcher, error){
		"no mask":      func() (*Watcher, error) { return New(0) },
		"a watch bit":  func() (*Watcher, error) { return New(inotify.Create | inotify.OnlyDir) },
		"no workers":   func() (*Watcher, error) { return New(inotify.Create, WithWorkers(0)) },
		"small buffer": func() (*Watcher, error) { return New(inotify.Create, WithBufferSize(100)) },
	} {
		if w, err := f(); err == nil {
			w.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEventsPrint(t *testing.T) {
	ev := Event{Path: "/d/\xff", From: "/d/old", Mask: inotify.MovedTo | inotify.IsDir, Cookie: 7, Exchange: true, Synthetic: true}
	if got, want := ev.String(), `MOVED_TO|ISDIR "/d/\xff" from "/d/old" (exchange) (synthetic)`; got != want {
		t.Errorf("String: %s, want %s", got, want)
	}
	got, err := json.Marshal(ev)
	if want := `{"op":["MOVED_TO","ISDIR"],"path":"/d/\ufffd","path_b64":"L2Qv/w==","from":"/d/old","exchange":true,"cookie":7,"synthetic":true}`; string(got) != want || err != nil {
		t.Errorf("JSON: %s, %v, want %s", got, err, want)
	}
	if v := ev.LogValue(); v.Kind() != slog.KindGroup || len(v.Group()) != 6 {
		t.Errorf("LogValue: %v", v)
	}
	if !ev.Has(inotify.MovedTo) || !ev.HasAny(inotify.MovedTo|inotify.Create) || ev.HasAny(inotify.Create) {
		t.Error("Has and HasAny")
	}
}
