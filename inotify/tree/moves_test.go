//go:build linux

package tree

// This file holds renames that are awkward in one way, and names that are.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/inoseq/inoseq/inotify"
)

// TestTwoDirectoriesExchangedWithoutEnd has two directories change places while files are made and
// removed below both names, for a loop that reads at once and for one that reads at the end.
func TestTwoDirectoriesExchangedWithoutEnd(t *testing.T) {
	const times = 3000
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("late=%v", late), func(t *testing.T) {
			root := mustTemp(t)
			a, b := filepath.Join(root, "a"), filepath.Join(root, "deep", "b")
			mustMkdir(t, filepath.Join(a, "in-a", "below"), filepath.Join(b, "in-b"))
			w := mustNew(t, quietMask)
			mustAdd(t, w, root)
			p := newPicture(root)
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Add(2)
			go func() {
				defer wg.Done()
				for range times {
					if err := exchange(a, b); err != nil {
						t.Error(err)
						return
					}
				}
			}()
			go func() {
				defer wg.Done()
				for i := range times {
					dir := []string{a, b}[i%2]
					name := filepath.Join(dir, fmt.Sprint("f", i%7))
					if i%3 == 0 {
						os.Remove(name)
					} else {
						os.WriteFile(name, nil, 0o644)
					}
				}
			}()
			go func() { wg.Wait(); cancel() }()
			if late {
				<-ctx.Done()
			} else {
				for ev, err := range w.EventsContext(ctx) {
					if err != nil && err == context.Cause(ctx) {
						break
					}
					p.apply(ev, err)
				}
			}
			for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
				p.apply(ev, err)
			}
			p.mustEqualDisk(t)
			if p.exchanges == 0 {
				t.Error("no exchange was told as one")
			}
			if n := kernelWatches(t, w); n != 7 || w.Len() != 7 {
				t.Errorf("%d watches in the kernel, %d directories in the tree, want 6", n, w.Len())
			}
		})
	}
}

// TestARootThatMovesIntoAnother: its end is told, and what comes into the other is taken in as new.
func TestARootThatMovesIntoAnother(t *testing.T) {
	base := mustTemp(t)
	one, two := filepath.Join(base, "one"), filepath.Join(base, "two")
	mustMkdir(t, filepath.Join(one, "sub"), two)
	mustWrite(t, filepath.Join(one, "sub", "file"))
	w := mustNew(t, quietMask)
	mustAdd(t, w, one, two)
	p := newPicture(two)
	mustRename(t, one, filepath.Join(two, "in"))
	ended := false
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		if ev.Path == one && ev.Has(inotify.MoveSelf) && err == nil {
			ended = true
			continue
		}
		p.apply(ev, err)
	}
	if !ended {
		t.Error("the end of the root was not told")
	}
	mustWrite(t, filepath.Join(two, "in", "sub", "later"))
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		p.apply(ev, err)
	}
	p.mustEqualDisk(t)
	if n := kernelWatches(t, w); n != 3 || w.Len() != 3 {
		t.Errorf("%d watches in the kernel, %d directories in the tree, want 3", n, w.Len())
	}
	if err := w.Remove(one); err == nil {
		t.Error("the root that moved is still one")
	}
}

// TestNamesLongerThan255Bytes plays a file system that has them, as FUSE and vfat do: the kernel's limit
// is inotify.MaxNameSize with the NUL.
func TestNamesLongerThan255Bytes(t *testing.T) {
	for _, size := range []int{255, 256, 600, inotify.MaxNameSize - 1} {
		d, f := strings.Repeat("d", size), strings.Repeat("f", size)
		script := `
mkdir r
mkdir r/D
write r/D/F
add r
mkdir r/D/D
write r/D/D/F
mv r/D/F r/F
tell
> CREATE|ISDIR "r/D/D"
> CREATE "r/D/D/F" (synthetic)
> MOVED_TO "r/F" from "r/D/F"
mv r/D r/x
exchange r/F r/x
tell
> MOVED_TO|ISDIR "r/x" from "r/D"
> MOVED_TO "r/x" from "r/F" (exchange)
rm r/x
tell
> DELETE "r/x"
`
		lines := strings.Split(strings.NewReplacer("D", d, "F", f).Replace(script), "\n")
		for i, line := range lines { // not in the names of flags
			if flags, rest, ok := strings.Cut(line, " \""); ok {
				flags = strings.NewReplacer(d, "D", f, "F").Replace(flags)
				lines[i] = flags + " \"" + rest
			}
		}
		t.Run(fmt.Sprint(size), func(t *testing.T) { newPlay(t).run(lines) })
	}
}
