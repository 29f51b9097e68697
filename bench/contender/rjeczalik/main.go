//go:build linux

// Command rjeczalik is github.com/rjeczalik/notify as a contender.
package main

import (
	"path/filepath"

	"github.com/inoseq/inoseq/bench/internal/child"
	"github.com/rjeczalik/notify"
)

func main() {
	child.Main(child.Contender{Flat: newFlat, Tree: newTree})
}

// room is how many events the channel holds. The library drops what finds it full, and leaves it to the
// caller to make it large enough.
const room = 4096

type watcher struct {
	c   chan notify.EventInfo
	sum int
}

func newFlat(dir string) (child.Flat, error) {
	c := make(chan notify.EventInfo, room)
	return &watcher{c: c}, notify.Watch(dir, c, notify.InAttrib, notify.InCreate, notify.InDelete)
}

// Drain notes when the last event came, because what is dropped is never told: there is no other way to
// know that it is through.
func (w *watcher) Drain(n int, times *child.Times) (c child.Count, err error) {
	for ev := range w.c {
		if ev.Event() == notify.InDelete {
			break
		}
		w.sum += len(ev.Path())
		c.Last = child.Now()
		if times != nil {
			times.Note()
		}
		if c.Events++; c.Events == n {
			break
		}
	}
	return c, nil
}

func newTree(root string) (child.Tree, error) {
	c := make(chan notify.EventInfo, room)
	return &watcher{c: c}, notify.Watch(filepath.Join(root, "..."), c, notify.Create, notify.Remove, notify.Rename)
}

func (w *watcher) Loop(f func(child.Told) bool) error {
	for ev := range w.c {
		if !f(child.Told{Path: ev.Path(), Created: ev.Event() == notify.Create, Removed: ev.Event() == notify.Remove}) {
			break
		}
	}
	return nil
}
