//go:build linux

// Command k8s is k8s.io/utils/inotify as a contender.
package main

import (
	"errors"

	"github.com/inoseq/inoseq/bench/internal/child"
	"golang.org/x/sys/unix"
	"k8s.io/utils/inotify"
)

func main() {
	child.Main(child.Contender{
		Flat:    func(dir string) (child.Flat, error) { return newWatcher(dir) },
		Tree:    newTree,
		Singles: newSingles,
		Idle:    func(dir string) (any, error) { return newWatcher(dir) },
	})
}

const (
	flat = unix.IN_ATTRIB | unix.IN_CREATE | unix.IN_DELETE
	tree = unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVE | unix.IN_DELETE_SELF | unix.IN_ONLYDIR
)

type watcher struct {
	*inotify.Watcher
	sum int
}

func newWatcher(dir string) (*watcher, error) {
	w, err := inotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &watcher{Watcher: w}, w.AddWatch(dir, flat)
}

// ignorable reports whether err is what the blocking read of the library returns when the process was
// stopped and goes on, see signal(7).
func ignorable(err error) bool { return errors.Is(err, unix.EINTR) }

// Drain never hears of an overflow: the library does not pass it on.
func (w *watcher) Drain(n int, times *child.Times) (c child.Count, err error) {
	for {
		select {
		case ev := <-w.Event:
			if ev.Mask == unix.IN_DELETE {
				return c, nil
			}
			w.sum += len(ev.Name)
			if times != nil {
				times.Note()
			}
			if c.Events++; c.Events == n {
				return c, nil
			}
		case err := <-w.Error:
			if !ignorable(err) {
				return c, err
			}
		}
	}
}

// newTree adds each directory: the library does not watch what is below one.
func newTree(root string) (child.Tree, error) {
	w, err := inotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &watcher{Watcher: w}, child.AddAll(root, func(dir string) error { return w.AddWatch(dir, tree) })
}

// Loop adds directories that are created, with what is below them, before it takes the next event.
func (w *watcher) Loop(f func(child.Told) bool) error {
	for {
		select {
		case ev := <-w.Event:
			told := child.Told{Path: ev.Name, Created: ev.Mask&(unix.IN_CREATE|unix.IN_MOVED_TO) != 0,
				Removed: ev.Mask&(unix.IN_DELETE|unix.IN_MOVED_FROM) != 0}
			if !f(told) {
				return nil
			}
			if told.Created && ev.Mask&unix.IN_ISDIR != 0 {
				child.AddAll(told.Path, func(dir string) error { return w.AddWatch(dir, tree) })
			}
		case err := <-w.Error:
			if !ignorable(err) {
				return err
			}
		}
	}
}

type singles struct {
	w *inotify.Watcher
}

func newSingles() (child.Singles, error) {
	w, err := inotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			select {
			case <-w.Event:
			case <-w.Error:
			}
		}
	}()
	return &singles{w: w}, nil
}

func (s *singles) Add(_ int, path string) error    { return s.w.AddWatch(path, flat) }
func (s *singles) Remove(_ int, path string) error { return s.w.RemoveWatch(path) }
