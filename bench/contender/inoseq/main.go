//go:build linux

// Command inoseq is the library of this repository as a contender.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/inoseq/inoseq/bench/internal/child"
	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

func main() {
	child.Main(child.Contender{
		Flat:    newFlat,
		Tree:    newTree,
		Singles: newSingles,
		Idle:    func(dir string) (any, error) { return newFlat(dir) },
		Decode:  decode,
	})
}

const mask = inotify.Attrib | inotify.Create | inotify.Delete

type flat struct {
	w    *inotify.Watcher
	path bool // the loop's body asks for the path of each event
	sum  int
}

func newFlat(dir string) (child.Flat, error) {
	w, err := inotify.New()
	if err != nil {
		return nil, err
	}
	_, err = w.Add(dir, mask)
	return &flat{w: w, path: os.Getenv("BENCH_PATH") != ""}, err
}

func (f *flat) Drain(n int, times *child.Times) (c child.Count, err error) {
	for ev, err := range f.w.Events() {
		if errors.Is(err, inotify.ErrOverflow) {
			c.Overflows++
			continue
		} else if err != nil {
			return c, err
		}
		if ev.Mask == inotify.Delete {
			break
		}
		if f.path { // as most peers always make it
			f.sum += len(ev.Path())
		} else {
			f.sum += len(ev.Name)
		}
		if times != nil {
			times.Note()
		}
		if c.Events++; c.Events == n {
			break
		}
	}
	return c, nil
}

type whole struct{ w *tree.Watcher }

func newTree(root string) (child.Tree, error) {
	w, err := tree.New(inotify.Create | inotify.Delete | inotify.Move)
	if err != nil {
		return nil, err
	}
	return whole{w}, w.Add(context.Background(), root)
}

func (t whole) Loop(f func(child.Told) bool) error {
	for ev, err := range t.w.Events() {
		var told child.Told
		switch {
		case errors.Is(err, inotify.ErrOverflow):
			told.Overflow = true
		case err != nil:
			return err
		default:
			told = child.Told{Path: ev.Path, Created: ev.HasAny(inotify.Create | inotify.MovedTo),
				Removed: ev.HasAny(inotify.Delete | inotify.MovedFrom)}
		}
		if !f(told) {
			break
		}
	}
	return nil
}

type singles struct {
	w       *inotify.Watcher
	watches []*inotify.Watch
}

func newSingles() (child.Singles, error) {
	w, err := inotify.New()
	if err != nil {
		return nil, err
	}
	go func() {
		for _, err := range w.Events() {
			if err != nil && !errors.Is(err, inotify.ErrOverflow) {
				panic(err)
			}
		}
	}()
	return &singles{w: w}, nil
}

func (s *singles) Add(_ int, path string) error {
	wt, err := s.w.Add(path, mask)
	s.watches = append(s.watches, wt)
	return err
}

func (s *singles) Remove(i int, _ string) error { return s.watches[i].Remove() }
