package main

// This file holds how the command watch begins: the Watchers are made, and each PATH is watched.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// sources is all that is watched by one command.
type sources struct {
	p *program
	o *watchOptions

	trees, others []string // as they were given
	plain         *plain   // nil if there is none
	whole         *whole   // nil if there is none
	paths         int      // that are watched
	bar           *progress
	adding        atomic.Bool
}

// open makes the Watchers for paths. Nothing is watched yet.
func (p *program) open(paths []string, o *watchOptions) (*sources, error) {
	s := &sources{p: p, o: o}
	for _, path := range paths {
		// What is not there is left to whoever can say why.
		if info, err := os.Stat(path); o.recursive && (err != nil || info.IsDir()) {
			s.trees = append(s.trees, path)
		} else {
			s.others = append(s.others, path)
		}
	}
	s.adding.Store(true)
	var err error
	if len(s.trees) > 0 {
		err = s.openTrees()
	}
	if err == nil && len(s.others) > 0 {
		err = s.openOthers()
	}
	if errors.Is(err, errors.ErrUnsupported) {
		err = fmt.Errorf("cannot watch on %s: %w", runtime.GOOS, err)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *sources) openTrees() error {
	s.bar = s.p.progress(s.o.quiet)
	opts := []tree.Option{tree.WithProgress(s.bar.show)}
	asked := s.o.events.orDefault() & inotify.AllEvents
	mask := asked
	var ignored ignores
	if s.o.gitignore {
		ignored = newIgnores(s.trees)
		mask |= ruleEvents
	}
	skip, err := s.o.skipper(s.trees, ignored)
	if err != nil {
		return err
	}
	if skip != nil {
		opts = append(opts, tree.WithSkip(skip))
	}
	if s.o.oneFilesystem {
		opts = append(opts, tree.WithOneFilesystem())
	}
	if s.o.initial {
		opts = append(opts, tree.WithInitial())
	}
	w, err := tree.New(mask, opts...)
	if err != nil {
		return err
	}
	s.whole = &whole{w: w, roots: s.trees, adding: &s.adding, ignores: ignored, asked: asked, initial: s.o.initial}
	return nil
}

func (s *sources) openOthers() error {
	w, err := inotify.New()
	if err != nil {
		return err
	}
	s.plain = &plain{
		w: w, asked: s.o.events.orDefault(), dirs: make(map[*inotify.Watch]bool), ready: make(chan struct{}),
	}
	return nil
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

// add watches all paths. A path that cannot be watched is told, and left out; if none is left, that
// is an error.
func (s *sources) add(ctx context.Context) error {
	defer s.adding.Store(false)
	if s.plain != nil {
		defer close(s.plain.ready)
	}
	var roots roots
	for _, path := range s.trees {
		err := s.whole.w.Add(ctx, path)
		s.bar.erase()
		if ctx.Err() != nil {
			return nil
		} else if s.added(path, err) {
			roots = append(roots, path)
		}
	}
	for _, path := range s.others {
		if ctx.Err() != nil {
			return nil
		}
		if root, ok := roots.contains(path); ok {
			s.p.say("cannot watch %q: it is in %q, which is watched", path, root)
			continue
		}
		s.added(path, s.addOther(path))
	}
	if s.paths == 0 {
		return errors.New("nothing to watch")
	}
	if s.o.initial && s.plain != nil {
		problems, err := s.plain.list()
		for _, problem := range problems {
			s.p.say("cannot tell all that is there: %v", problem)
		}
		return err
	}
	return nil
}

// added takes the outcome for path, and reports whether it is watched.
func (s *sources) added(path string, err error) bool {
	if err != nil {
		s.p.say("cannot watch %q: %v", path, reason(err))
		return false
	}
	s.paths++
	s.p.warnOfBlindness(path)
	return true
}

func (s *sources) addOther(path string) error {
	mask := s.plain.asked
	if s.o.initial {
		mask |= entryEvents
	}
	stat := os.Stat
	if mask.Has(inotify.DontFollow) {
		stat = os.Lstat
	}
	watch, err := s.plain.w.Add(path, mask)
	if err != nil {
		return err
	}
	if info, err := stat(path); err == nil {
		s.plain.dirs[watch] = info.IsDir()
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
