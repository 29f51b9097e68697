//go:build linux

package tree

// This file holds directories that can be reached at two paths, by bind mounts.

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// Which of two names of a directory a scan comes to first is the file system's choice: both orders are
// tried, with the bind mounts on either side of what they show.
func TestBindMountsAreToldAndNotEntered(t *testing.T) {
	if !child(t, syscall.CLONE_NEWNS) {
		return
	}
	root := mustTemp(t)
	at := func(name string) string { return filepath.Join(root, name) }
	mustMkdir(t, at("a/x"), at("b"), at("c"), at("y"), at("z/x"))
	mustMount(t, at("z"), at("b"), "", unix.MS_BIND)
	mustMount(t, root, at("c"), "", unix.MS_BIND)
	mustMount(t, at("a"), at("y"), "", unix.MS_BIND)
	for _, workers := range []int{1, 4} {
		w := mustNew(t, inotify.Create|inotify.Delete|inotify.MovedTo|inotify.MovedFrom, WithWorkers(workers))
		mustAdd(t, w, root)
		var twice []string
		for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
			if !errors.Is(err, errTwice) {
				t.Errorf("%v %v of a tree that is at rest", ev, err)
			}
			twice = append(twice, filepath.Base(ev.Path))
		}
		slices.Sort(twice)
		if !slices.Equal(twice, []string{"b", "c", "y"}) {
			t.Errorf("told of %q, want each bind mount once", twice)
		}
		if w.Len() != 5 {
			t.Errorf("%d directories watched, want 5: %q", w.Len(), w.t.paths())
		}
		mustWrite(t, at("y/x/file"))
		mustWrite(t, at("b/x/file"))
		mustTell(t, w, root, `CREATE "a/x/file"`, `CREATE "z/x/file"`)
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		mustRemove(t, at("y/x/file"), at("b/x/file"))
	}
}

func TestABindMountThatIsFoundFirstLosesWhatItHasToldOf(t *testing.T) {
	if !child(t, syscall.CLONE_NEWNS) {
		return
	}
	root := mustTemp(t)
	at := func(name string) string { return filepath.Join(root, name) }
	mustMkdir(t, at("a"), at("b"), at("z"), at("show/x"))
	mustMount(t, at("show"), at("a"), "", unix.MS_BIND)
	mustMount(t, at("show"), at("z"), "", unix.MS_BIND)
	w := mustNew(t, inotify.Create|inotify.Delete|inotify.MovedTo|inotify.MovedFrom, WithInitial(), WithWorkers(1))
	mustAdd(t, w, root)
	known := map[string]bool{}
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		switch {
		case errors.Is(err, errTwice):
		case err != nil || ev.From != "" || !ev.Synthetic:
			t.Errorf("%v %v", ev, err)
		case ev.Has(inotify.Create):
			known[ev.Path] = true
		case ev.Has(inotify.Delete):
			maps.DeleteFunc(known, func(path string, _ bool) bool {
				return path == ev.Path || strings.HasPrefix(path, ev.Path+"/")
			})
		}
	}
	want := []string{at("a"), at("b"), at("show"), at("show/x"), at("z")}
	if got := slices.Sorted(maps.Keys(known)); !slices.Equal(got, want) {
		t.Errorf("the picture is %q, want %q", got, want)
	}
}

func TestWhatMovesInIsNoRenameFromItsBindMount(t *testing.T) {
	if !child(t, syscall.CLONE_NEWNS) {
		return
	}
	root, out := mustTemp(t), mustTemp(t)
	mustMkdir(t, filepath.Join(root, "mount"), filepath.Join(out, "d", "x"))
	mustMount(t, filepath.Join(out, "d"), filepath.Join(root, "mount"), "", unix.MS_BIND)
	w := mustNew(t, inotify.Create|inotify.Delete|inotify.MovedTo|inotify.MovedFrom)
	mustAdd(t, w, root)
	mustRename(t, filepath.Join(out, "d"), filepath.Join(root, "d"))
	var got []string
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, strings.ReplaceAll(ev.String(), root+"/", ""))
	}
	want := []string{
		`MOVED_TO|ISDIR "d"`,
		`DELETE|ISDIR "mount" (synthetic)`,
		`CREATE|ISDIR "mount" (synthetic)`,
		`CREATE|ISDIR "d/x" (synthetic)`,
		(&DirError{filepath.Join(root, "mount"), errTwice}).Error(),
	}
	if !slices.Equal(got, want) {
		t.Errorf("told:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	mustWrite(t, filepath.Join(root, "mount", "x", "file"))
	mustTell(t, w, root, `CREATE "d/x/file"`)
}
