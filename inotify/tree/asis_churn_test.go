//go:build linux

package tree

// This file holds the property of WithRecords: under random changes, what is told names nothing below a
// directory that was not told, and the picture it gives and the watches equal the disk at rest.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inoseq/inoseq/inotify"
)

// asTold has a picture take what WithRecords tells: what is not about entries is checked and left out,
// and of an exchange's two events the second.
type asTold struct{ exchange Event }

func (a *asTold) apply(p *picture, ev Event, err error) {
	switch {
	case err != nil:
		p.apply(ev, err)
	case strings.HasSuffix(ev.Path, "/"):
		a.self(p, ev)
	case ev.Exchange && ev.From == a.exchange.Path && ev.Path == a.exchange.From:
		p.events++
		if ev.Cookie == a.exchange.Cookie {
			p.fault("%v: has the cookie of the other half", ev)
		}
		a.exchange = Event{}
	case ev.HasAny(inotify.Create | inotify.Delete | inotify.Move):
		if ev.Exchange {
			a.exchange = ev
		}
		p.apply(ev, err)
	default:
		p.events++
		p.history = append(p.history, ev.String())
		if _, dir, _ := p.find(ev.Path); dir == nil && p.roots[ev.Path] == nil {
			p.fault("%v: its directory was not told", ev)
		}
	}
}

// self takes what a directory's own watch told: the directory may have gone by now.
func (a *asTold) self(p *picture, ev Event) {
	p.events++
	p.history = append(p.history, ev.String())
	path := strings.TrimSuffix(ev.Path, "/")
	switch x, dir, _ := p.find(path); {
	case p.roots[path] != nil:
	case dir == nil:
		p.fault("%v: its parent was not told", ev)
	case x == nil && !ev.HasAny(inotify.DeleteSelf|inotify.MoveSelf|inotify.Ignored):
		p.fault("%v: was not told", ev)
	}
	if _, name := ev.Split(); name != "" {
		p.fault("%v: has the name %q", ev, name)
	}
}

func TestTheRecordsPictureEqualsTheDisk(t *testing.T) {
	for _, mask := range []inotify.Mask{inotify.AllEvents &^ readMask, inotify.AllEvents} {
		for _, slow := range []int{0, 50} {
			t.Run(fmt.Sprintf("%v/slow%d", mask.HasAny(readMask), slow), func(t *testing.T) {
				for _, seed := range seeds(t, 2) {
					told := &asTold{}
					p := churn{
						seed: seed, base: mustTemp(t), workers: 3, ops: 200, rounds: 3, slow: slow, mask: mask,
						full: true, filled: seed%2 == 1, by: told.apply, opts: []Option{WithRecords()},
					}.run(t)
					if testing.Verbose() {
						t.Logf("seed %d: %d events, %d synthetic, %d renames, %d exchanges", seed, p.events, p.synthetic, p.renames, p.exchanges)
					}
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

// mustListTheDisk fails if Dirs has other paths than the disk has directories.
func (p *picture) mustListTheDisk(t *testing.T, w *Watcher) {
	t.Helper()
	left := make(map[string]bool)
	var walk func(path string, x *thing)
	walk = func(path string, x *thing) {
		left[path] = true
		for name, k := range x.kids {
			if k.isDir() {
				walk(filepath.Join(path, name), k)
			}
		}
	}
	for r := range p.roots {
		walk(r, readThing(r))
	}
	for dir := range w.Dirs() {
		if !left[dir] {
			t.Errorf("Dirs has %q, or has it twice; the disk does not", dir)
		}
		delete(left, dir)
	}
	for dir := range left {
		t.Errorf("Dirs has not %q, which is on the disk", dir)
	}
}

// TestRecordsForgetADirectoryThatEndsInASetUp: what was not yet to tell reading does not wait for it.
func TestRecordsForgetADirectoryThatEndsInASetUp(t *testing.T) {
	root := mustTemp(t)
	b := filepath.Join(root, "a", "b")
	mustMkdir(t, b)
	mustWrite(t, filepath.Join(b, "f"))
	w := mustNew(t, inotify.AllEvents, WithRecords(), WithSkip(func(path string, _ bool) bool {
		if filepath.Base(path) == "f" { // b is watched, and being listed
			os.RemoveAll(b)
		}
		return false
	}))
	mustAdd(t, w, root)
	for range w.EventsUntilIdle(context.Background(), 0) {
	}
	if !w.t.asIs.disk.raised() {
		t.Error("a directory that is gone is still to tell reading")
	}
}

// TestRecordsForgetAReplacedDirectoryWhoseEndIsLost: IGNORED can be among what an overflow loses.
func TestRecordsForgetAReplacedDirectoryWhoseEndIsLost(t *testing.T) {
	root := mustTemp(t)
	w := mustAsIs(t, quietMask, root)
	w.t.work.Lock()
	w.t.asIs.ending[1<<20] = ending{dir: 1, name: "replaced"} // no node has the watch, nothing of it is queued
	w.t.work.Unlock()
	mustWrite(t, filepath.Join(root, "f"))
	mustTell(t, w, root, `CREATE "f"`, `CLOSE_WRITE "f"`)
	if n := len(w.t.asIs.ending); n > 0 {
		t.Errorf("the ends of %d directories are waited for", n)
	}
}

// TestRecordsWatchNothingElseAtTheEndOfASetUp: what has moved by then is not followed to where it stood.
func TestRecordsWatchNothingElseAtTheEndOfASetUp(t *testing.T) {
	base := mustTemp(t)
	root, other := filepath.Join(base, "root"), filepath.Join(base, "other")
	mustMkdir(t, root, other)
	w := mustAsIs(t, inotify.AllEvents, root)
	w.t.raise(root)
	w.t.raise(other)
	mustTell(t, w, base)
	if n := kernelWatches(t, w); n != 1 || w.Len() != 1 {
		t.Errorf("%d watches, Len %d, want that of the root", n, w.Len())
	}
}
