//go:build linux

package tree

// This file holds the property of WithRecords: under random changes, what is told names nothing below a
// directory that was not told, and the picture it gives and the watches equal the disk at rest.

import (
	"fmt"
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
