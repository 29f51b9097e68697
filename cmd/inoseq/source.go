package main

// This file holds what is watched: whole trees with package tree, all else with package inotify, and
// one form for the events of both.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// event is an event of either package. One of package inotify has no From, and is neither Synthetic
// nor Exchange.
type event struct{ tree.Event }

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

// sources is all that is watched by one command.
type sources struct {
	plain *plain // nil if there is none
	whole *whole // nil if there is none
	paths int
}

func (s *sources) all() []source {
	var all []source
	if s.plain != nil {
		all = append(all, s.plain)
	}
	if s.whole != nil {
		all = append(all, s.whole)
	}
	return all
}

func (s *sources) close() {
	for _, one := range s.all() {
		one.close()
	}
}

// what says what is watched.
func (s *sources) what() string {
	if s.whole == nil {
		return count(s.paths, "path")
	}
	return count(s.paths, "path") + ", " + directories(s.whole.w.Len())
}

func directories(n int) string { return count(n, "directory") }

// begin watches paths. A path that cannot be watched is told, and left out.
func (p *program) begin(ctx context.Context, paths []string, o watchOptions) (*sources, error) {
	s := &sources{}
	var trees, others []string
	for _, path := range paths {
		// What is not there is left to whoever can say why.
		if info, err := os.Stat(path); o.recursive && (err != nil || info.IsDir()) {
			trees = append(trees, path)
		} else {
			others = append(others, path)
		}
	}
	err := p.addTrees(ctx, s, trees, o)
	if err == nil {
		err = p.addOthers(ctx, s, others, o)
	}
	if err == nil && s.paths == 0 && ctx.Err() == nil {
		err = errors.New("nothing to watch")
	}
	if err != nil {
		s.close()
		return nil, &failure{err}
	}
	if ctx.Err() != nil {
		s.close()
	}
	return s, nil
}

// unwatched is the error of a Watcher that cannot be made.
func unwatched(err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("cannot watch on %s: %w", runtime.GOOS, err)
	}
	return err
}

func (p *program) addTrees(ctx context.Context, s *sources, paths []string, o watchOptions) error {
	if len(paths) == 0 {
		return nil
	}
	gs, err := parseGlobs(o.skip)
	if err != nil {
		return err
	}
	bar := p.progress(o.quiet)
	opts := []tree.Option{tree.WithProgress(bar.show)}
	if len(gs) > 0 {
		rs := roots(paths)
		opts = append(opts, tree.WithSkip(func(path string, isDir bool) bool {
			_, rel := rs.split(path)
			return gs.match(rel, isDir)
		}))
	}
	if o.oneFilesystem {
		opts = append(opts, tree.WithOneFilesystem())
	}
	w, err := tree.New(o.events.orDefault()&inotify.AllEvents, opts...)
	if err != nil {
		return unwatched(err)
	}
	s.whole = &whole{w: w}
	for _, path := range paths {
		err := w.Add(ctx, path)
		bar.erase()
		if ctx.Err() != nil {
			return nil
		} else if err != nil {
			p.say("cannot watch %q: %v", path, reason(err))
			continue
		}
		s.whole.roots = append(s.whole.roots, path)
		s.paths++
	}
	return nil
}

func (p *program) addOthers(ctx context.Context, s *sources, paths []string, o watchOptions) error {
	if len(paths) == 0 {
		return nil
	}
	w, err := inotify.New()
	if err != nil {
		return unwatched(err)
	}
	s.plain = &plain{w: w}
	for _, path := range paths {
		if ctx.Err() != nil {
			return nil
		}
		if s.whole != nil {
			if root, ok := s.whole.contains(path); ok {
				p.say("cannot watch %q: it is in %q, which is watched", path, root)
				continue
			}
		}
		if _, err := w.Add(path, o.events.orDefault()); err != nil {
			p.say("cannot watch %q: %v", path, reason(err))
			continue
		}
		s.paths++
	}
	return nil
}

// reason is err without the path, which has been quoted already.
func reason(err error) error {
	var at *fs.PathError
	if !errors.As(err, &at) {
		return err
	}
	if text, ok := strings.CutSuffix(at.Err.Error(), ": "+fs.ErrExist.Error()); ok {
		return errors.New(text) // it overlaps another
	}
	return at.Err
}

// plain is the Watcher of what is not a tree.
type plain struct{ w *inotify.Watcher }

func (s *plain) events(ctx context.Context, idle time.Duration) iter.Seq2[event, error] {
	sequence := s.w.EventsContext(ctx)
	if idle != forever {
		sequence = s.w.EventsUntilIdle(ctx, idle)
	}
	return func(yield func(event, error) bool) {
		for ev, err := range sequence {
			if !yield(event{tree.Event{Path: ev.Path(), Mask: ev.Mask, Cookie: ev.Cookie}}, err) {
				return
			}
		}
	}
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
	w     *tree.Watcher
	roots roots
}

func (s *whole) events(ctx context.Context, idle time.Duration) iter.Seq2[event, error] {
	sequence := s.w.EventsContext(ctx)
	if idle != forever {
		sequence = s.w.EventsUntilIdle(ctx, idle)
	}
	return func(yield func(event, error) bool) {
		for ev, err := range sequence {
			if !yield(event{ev}, err) {
				return
			}
		}
	}
}

func (s *whole) noneLeft() bool { return s.w.Len() == 0 }

// letGo does nothing: what is queued of a tree that was removed would not be told.
func (s *whole) letGo() (done bool, err error) { return false, nil }

func (s *whole) close() error { return s.w.Close() }

// contains returns the tree that path stands in.
func (s *whole) contains(path string) (root string, ok bool) {
	real := realPath(path)
	for _, root := range s.roots {
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
