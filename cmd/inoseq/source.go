package main

// This file holds what is watched, whole trees with package tree and all else with package inotify,
// and one form for the events of both.

import (
	"context"
	"hash/maphash"
	"iter"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// event is an event of either package. One of package inotify has no From and is not an Exchange.
type event struct {
	tree.Event
	name  int  // where the name begins in Path; its length if there is none
	isDir bool // without a name: Path is that of a directory
}

// split returns what stands in front of the name, with a slash if it is a directory, and the name.
func (e *event) split() (dir, name string) {
	dir, name = e.Path[:e.name], e.Path[e.name:]
	if name == "" && e.isDir && !strings.HasSuffix(dir, "/") {
		dir += "/"
	}
	return dir, name
}

// source is a Watcher of either package.
type source interface {
	// events is EventsUntilIdle, or, if idle is forever, EventsContext.
	events(ctx context.Context, idle time.Duration) iter.Seq2[event, error]
	// noneLeft reports whether nothing is watched any more. It is exact when no event is waiting.
	noneLeft() bool
	// letGo has nothing new come, and reports whether it could do that without losing what came before.
	letGo() (done bool, err error)
	close() error
}

const forever time.Duration = -1

// plain is the Watcher of what is not a tree.
type plain struct {
	w     *inotify.Watcher
	asked inotify.Mask            // what is told
	dirs  map[*inotify.Watch]bool // watched directories
	ready chan struct{}           // closed when all has been added: nothing else is looked at before
	first *initial                // what is there, still to be told or compared with; nil if not
	paths pathCache
}

// pathCache keeps the paths of names that come again and again, so that they are no garbage.
type pathCache [256]struct {
	watch      *inotify.Watch
	name, path string
}

var seed = maphash.MakeSeed()

func (c *pathCache) of(ev *inotify.Event) string {
	if ev.Watch == nil {
		return ev.Path()
	}
	e := &c[maphash.String(seed, ev.Name)%uint64(len(c))]
	if e.watch != ev.Watch || e.name != ev.Name {
		e.watch, e.name, e.path = ev.Watch, ev.Name, ev.Path()
	}
	return e.path
}

// sequence returns the events of a Watcher as events has them.
func sequence[E any](ctx context.Context, idle time.Duration, w interface {
	EventsContext(context.Context) iter.Seq2[E, error]
	EventsUntilIdle(context.Context, time.Duration) iter.Seq2[E, error]
}) iter.Seq2[E, error] {
	if idle == forever {
		return w.EventsContext(ctx)
	}
	return w.EventsUntilIdle(ctx, idle)
}

func (s *plain) events(ctx context.Context, idle time.Duration) iter.Seq2[event, error] {
	return func(yield func(event, error) bool) {
		select {
		case <-s.ready:
		case <-ctx.Done():
			yield(event{}, context.Cause(ctx))
			return
		}
		for s.first != nil {
			ev, ok := s.first.next()
			if !ok {
				break
			}
			if !yield(ev, nil) {
				return
			}
		}
		for ev, err := range sequence(ctx, idle, s.w) {
			if s.first != nil && !s.knows(&ev, err) || err == nil && !s.wants(&ev) {
				continue
			}
			path := s.paths.of(&ev)
			e := event{Event: tree.Event{Path: path, Mask: ev.Mask, Cookie: ev.Cookie}, name: len(path) - len(ev.Name)}
			e.isDir = ev.Name == "" && s.dirs[ev.Watch]
			if !yield(e, err) {
				return
			}
		}
	}
}

// wants reports whether ev was asked for: with --initial, the kernel is asked for more.
func (s *plain) wants(ev *inotify.Event) bool {
	return ev.HasAny(s.asked | inotify.Ignored | inotify.Unmount)
}

func (s *plain) noneLeft() bool {
	for range s.w.Watches() {
		return false
	}
	return true
}

// letGo removes the watches. What that tells is not of interest: see teller.rest.
func (s *plain) letGo() (done bool, err error) {
	for watch := range s.w.Watches() {
		if err := watch.Remove(); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *plain) close() error { return s.w.Close() }

// whole is the Watcher of trees.
type whole struct {
	w      *tree.Watcher
	roots  roots
	adding *atomic.Bool // roots are still being added

	ignores ignores      // of --gitignore; nil: all is told
	asked   inotify.Mask // of that, what is told
	initial bool         // and what is there, whatever was asked for
}

func (s *whole) events(ctx context.Context, idle time.Duration) iter.Seq2[event, error] {
	return func(yield func(event, error) bool) {
		for ev, err := range sequence(ctx, idle, s.w) {
			e := event{Event: ev, name: len(ev.Path)}
			if e.isDir = s.roots.has(ev.Path); !e.isDir {
				e.name = strings.LastIndexByte(ev.Path, '/') + 1
			}
			if s.ignores != nil && !s.heed(&e, err) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (s *whole) noneLeft() bool { return s.w.Len() == 0 && !s.adding.Load() }

// letGo does nothing: what is queued of a tree that was removed would not be told.
func (s *whole) letGo() (done bool, err error) { return false, nil }

func (s *whole) close() error { return s.w.Close() }

// roots is the roots of trees, as they were given.
type roots []string

func (rs roots) has(path string) bool {
	for _, r := range rs {
		if r == path {
			return true
		}
	}
	return false
}

// split returns the root that path, which is below one, belongs to, and the rest without a slash.
// Roots do not overlap on the disk, but one can be the beginning of another as text, as of "a" and
// "a/../b": it is the longest.
func (rs roots) split(path string) (root, rel string) {
	for _, r := range rs {
		rest, ok := strings.CutPrefix(path, r)
		if !ok || len(r) < len(root) || rest == "" {
			continue
		}
		if strings.HasSuffix(r, "/") {
			root, rel = r, rest
		} else if rest[0] == '/' {
			root, rel = r, rest[1:]
		}
	}
	return root, rel
}

// contains returns the tree that path stands in.
func (rs roots) contains(path string) (root string, ok bool) {
	real := realPath(path)
	for _, root := range rs {
		rel, err := filepath.Rel(realPath(root), real)
		if err == nil && filepath.IsLocal(rel) {
			return root, true
		}
	}
	return "", false
}

// realPath is path without links, as far as that can be found out.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}
