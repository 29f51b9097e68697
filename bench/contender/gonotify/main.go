//go:build linux

// Command gonotify is github.com/illarion/gonotify/v3 as a contender.
package main

import (
	"context"
	"errors"

	"github.com/illarion/gonotify/v3"
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

const flat = gonotify.IN_ATTRIB | gonotify.IN_CREATE | gonotify.IN_DELETE

type watcher struct {
	i   *gonotify.Inotify
	sum int
}

func newWatcher(dir string) (*watcher, error) {
	i, err := gonotify.NewInotify(context.Background())
	if err != nil {
		return nil, err
	}
	_, err = i.AddWatch(dir, flat)
	return &watcher{i: i}, err
}

// Drain never hears of an overflow: the library looks for its watch, finds none and drops it.
func (w *watcher) Drain(n int, times *child.Times) (c child.Count, err error) {
	for {
		events, err := w.i.Read()
		if err != nil {
			return c, err
		}
		for _, ev := range events {
			if ev.Mask == gonotify.IN_DELETE {
				return c, nil
			}
			w.sum += len(ev.Name)
			if times != nil {
				times.Note()
			}
			if c.Events++; c.Events == n {
				return c, nil
			}
		}
	}
}

// dirs is the library's own recursive watcher. It tells of files only, and at the start of those that
// are there.
type dirs struct{ w *gonotify.DirWatcher }

func newTree(root string) (child.Tree, error) {
	const mask = gonotify.IN_CREATE | gonotify.IN_DELETE | gonotify.IN_MOVED_FROM | gonotify.IN_MOVED_TO
	w, err := gonotify.NewDirWatcher(context.Background(), mask, root)
	return dirs{w}, err
}

func (d dirs) Loop(f func(child.Told) bool) error {
	for ev := range d.w.C {
		if ev.Eof {
			return errors.New("the DirWatcher has ended")
		}
		told := child.Told{Path: ev.Name, Created: ev.IsAny(gonotify.IN_CREATE, gonotify.IN_MOVED_TO),
			Removed: ev.IsAny(gonotify.IN_DELETE, gonotify.IN_MOVED_FROM)}
		if !f(told) {
			return nil
		}
	}
	return errors.New("the DirWatcher has ended")
}

type singles struct{ i *gonotify.Inotify }

func newSingles() (child.Singles, error) {
	i, err := gonotify.NewInotify(context.Background())
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			if _, err := i.Read(); err != nil {
				panic(err)
			}
		}
	}()
	return singles{i}, nil
}

func (s singles) Add(_ int, path string) error {
	_, err := s.i.AddWatch(path, flat)
	return err
}

func (s singles) Remove(_ int, path string) error { return s.i.RmWatch(path) }
