//go:build linux

package tree

// This file holds what WithEnter promises: which directories are watched.

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/inoseq/inoseq/inotify"
)

func TestEnterTellsADirectoryAndNothingBelow(t *testing.T) {
	root := mustTemp(t)
	no := filepath.Join(root, "no")
	mustMkdir(t, filepath.Join(no, "old"))
	asked := make(chan string, 100)
	w := mustNew(t, inotify.AllEvents&^readMask, WithWorkers(1), WithEnter(func(dir string) bool {
		asked <- dir
		return filepath.Base(dir) != "no"
	}))
	mustAdd(t, w, root)
	if got := slices.Collect(w.Dirs()); !slices.Equal(got, []string{root}) || kernelWatches(t, w) != 1 {
		t.Errorf("Dirs %q, %d watches in the kernel", got, kernelWatches(t, w))
	}
	mustMkdir(t, filepath.Join(no, "new"))
	if err := os.Chmod(no, 0o700); err != nil {
		t.Fatal(err)
	}
	mustMkdir(t, filepath.Join(root, "yes", "no", "deep"))
	mustTell(t, w, root, `ATTRIB|ISDIR "no"`, `CREATE|ISDIR "yes"`, `CREATE|ISDIR "yes/no" (synthetic)`)
	mustRename(t, no, filepath.Join(root, "entered"))
	mustTell(t, w, root, `MOVED_TO|ISDIR "entered" from "no"`,
		`CREATE|ISDIR "entered/new" (synthetic)`, `CREATE|ISDIR "entered/old" (synthetic)`)
	close(asked)
	for dir := range asked {
		if dir == root {
			t.Error("it was asked about the root")
		}
	}
}

func TestEnterKeepsOutWhatIsMovedIn(t *testing.T) {
	base := mustTemp(t)
	root, outside := filepath.Join(base, "root"), filepath.Join(base, "outside")
	mustMkdir(t, root, filepath.Join(outside, "old"))
	w := mustNew(t, quietMask, WithEnter(func(dir string) bool { return filepath.Base(dir) != "no" }))
	mustAdd(t, w, root)
	mustRename(t, outside, filepath.Join(root, "no"))
	mustTell(t, w, root, `MOVED_TO|ISDIR "no"`)
	mustMkdir(t, filepath.Join(root, "no", "new"))
	mustTell(t, w, root)
	if n := kernelWatches(t, w); n != 1 || w.Len() != 1 {
		t.Errorf("%d watches, Len %d, want that of the root", n, w.Len())
	}
}

func TestWhatWasEnteredStaysSoAfterARenameAndAnOverflow(t *testing.T) {
	root := mustTemp(t)
	no := filepath.Join(root, "no")
	mustMkdir(t, filepath.Join(root, "yes"))
	w := mustNew(t, quietMask, WithEnter(func(dir string) bool { return filepath.Base(dir) != "no" }))
	mustAdd(t, w, root)
	mustRename(t, filepath.Join(root, "yes"), no)
	mustTell(t, w, root, `MOVED_TO|ISDIR "no" from "yes"`)
	mustMkdir(t, filepath.Join(no, "one"))
	mustTell(t, w, root, `CREATE|ISDIR "no/one"`)
	w.t.work.Lock()
	n := w.t.st.entry(w.t.st.find(w.t.roots[0].node, []byte("no"))).node
	w.t.st.remove(w.t.st.find(n, []byte("one"))) // as if its creation had been lost
	w.t.overflowed()
	w.publish()
	w.t.work.Unlock()
	mustTell(t, w, root, `Q_OVERFLOW error: `+inotify.ErrOverflow.Error(), `CREATE|ISDIR "no/one" (synthetic)`)
}
