//go:build linux

// Command fsnotify is github.com/fsnotify/fsnotify as a contender.
package main

import (
	"errors"

	"github.com/fsnotify/fsnotify"
	"github.com/inoseq/inoseq/bench/internal/child"
)

func main() {
	child.Main(child.Contender{
		Flat:    func(dir string) (child.Flat, error) { return newWatcher(dir) },
		Tree:    newTree,
		Singles: newSingles,
		Idle:    func(dir string) (any, error) { return newWatcher(dir) },
	})
}

type watcher struct {
	*fsnotify.Watcher
	sum int
}

func newWatcher(dir string) (*watcher, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &watcher{Watcher: w}, w.Add(dir)
}

func (w *watcher) Drain(n int, times *child.Times) (c child.Count, err error) {
	for {
		select {
		case ev, ok := <-w.Events:
			if !ok {
				return c, fsnotify.ErrClosed
			}
			switch ev.Op {
			case 0: // what comes after an overflow
				continue
			case fsnotify.Remove:
				return c, nil
			}
			w.sum += len(ev.Name)
			if times != nil {
				times.Note()
			}
			if c.Events++; c.Events == n {
				return c, nil
			}
		case err := <-w.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return c, err
			}
			c.Overflows++
		}
	}
}

// newTree adds each directory: the library does not watch what is below one.
func newTree(root string) (child.Tree, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &watcher{Watcher: w}, child.AddAll(root, w.Add)
}

// Loop adds directories that are created, with what is below them, before it takes the next event.
func (w *watcher) Loop(f func(child.Told) bool) error {
	for {
		var told child.Told
		select {
		case ev, ok := <-w.Events:
			if !ok {
				return fsnotify.ErrClosed
			}
			told = child.Told{Path: ev.Name, Created: ev.Has(fsnotify.Create), Removed: ev.Has(fsnotify.Remove)}
		case err := <-w.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return err
			}
			told.Overflow = true
		}
		if !f(told) {
			return nil
		}
		if told.Created && child.IsDir(told.Path) {
			child.AddAll(told.Path, w.Add)
		}
	}
}

type singles struct{ w *fsnotify.Watcher }

func newSingles() (child.Singles, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			select {
			case <-w.Events:
			case <-w.Errors:
			}
		}
	}()
	return singles{w}, nil
}

func (s singles) Add(_ int, path string) error    { return s.w.Add(path) }
func (s singles) Remove(_ int, path string) error { return s.w.Remove(path) }
