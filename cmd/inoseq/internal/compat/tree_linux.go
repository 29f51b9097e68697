package compat

// This file watches directories with all below them, with package tree: nothing that is made later is
// missed, paths are true after renames, and what leaves the trees falls silent.

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// trees watches what is below, too.
type trees struct {
	w     *tree.Watcher
	what  watching
	asked inotify.Mask // of what was asked for, what the trees know
	roots []treeRoot
	given []string // where the paths lead that were given, if there is an @path
	files []string // that are watched by themselves

	mu     sync.Mutex
	failed []*tree.DirError // not told yet
}

// treeRoot is a directory that was given.
type treeRoot struct{ path, real string }

func newTrees(what watching) (source, error) {
	s := &trees{what: what, asked: what.mask & inotify.AllEvents}
	mask := s.asked
	if mask == 0 { // nothing but what is always told, such as ignored
		mask = inotify.DeleteSelf
	}
	w, err := tree.New(mask, tree.WithRecords(), tree.WithEnter(s.enters), tree.WithErrorHandler(s.dirFailed))
	if err != nil {
		return nil, err
	}
	s.w = w
	if len(what.paths.Exclude) > 0 {
		for _, path := range what.paths.Watch {
			s.given = append(s.given, realPath(path))
		}
	}
	return s, nil
}

// enters reports whether the directory at path is to be watched. What was given is, also if an @path
// names it.
func (s *trees) enters(path string) bool {
	if s.what.paths.excludes(path) && !slices.Contains(s.given, realPath(path)) {
		return false
	}
	return !s.what.filter.dropsAllBelow(path + "/")
}

func (s *trees) dirFailed(e *tree.DirError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, e)
}

// takeFailed returns the next directory that could not be watched, and that is worth a word.
func (s *trees) takeFailed(worth func(error) bool) *tree.DirError {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.failed) > 0 {
		e := s.failed[0]
		s.failed = s.failed[1:]
		if worth(e.Err) {
			return e
		}
	}
	return nil
}

// isPassedOver reports what is no reason to stop below a directory that was given.
func isPassedOver(err error) bool {
	var errno syscall.Errno
	return !errors.As(err, &errno) || errno == syscall.EACCES || errno == syscall.ENOENT || errno == syscall.ELOOP
}

func (s *trees) watch(path string) error {
	err := s.w.Add(context.Background(), path)
	if errors.Is(err, syscall.ENOTDIR) {
		s.files = append(s.files, path)
		return s.w.AddFile(path, s.what.mask)
	}
	if errors.Is(err, fs.ErrExist) {
		return s.watchOver(path)
	}
	if err != nil {
		return err
	}
	s.roots = append(s.roots, treeRoot{path, realPath(path)})
	if e := s.takeFailed(func(err error) bool { return !isPassedOver(err) }); e != nil {
		return e
	}
	return nil
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}

// watchOver watches a directory that is in one that is watched already, or has such a one in it, which
// goes for it.
func (s *trees) watchOver(path string) error {
	real := realPath(path)
	var keep []treeRoot
	for _, r := range s.roots {
		if real == r.real || strings.HasPrefix(real, strings.TrimSuffix(r.real, "/")+"/") {
			return nil
		}
		if !strings.HasPrefix(r.real, strings.TrimSuffix(real, "/")+"/") {
			keep = append(keep, r)
		} else if err := s.w.Remove(r.path); err != nil {
			return err
		}
	}
	s.roots = keep
	return s.watch(path)
}

func (s *trees) established() {}

func (s *trees) events(ctx context.Context, idle time.Duration) iter.Seq2[event, error] {
	from := s.w.EventsContext(ctx)
	if idle > 0 {
		from = s.w.EventsUntilIdle(ctx, idle)
	}
	return func(yield func(event, error) bool) {
		for ev, err := range from {
			if err != nil && !errors.Is(err, inotify.ErrOverflow) {
				yield(event{}, err)
				return
			}
			if !s.give(ev, err, yield) {
				return
			}
			for e := s.takeFailed(isWorthAWord); e != nil; e = s.takeFailed(isWorthAWord) {
				if !yield(event{}, &newDirError{path: e.Path + "/", err: e.Err}) {
					return
				}
			}
		}
	}
}

// isWorthAWord reports what is told of directories that are new.
func isWorthAWord(err error) bool {
	return !errors.Is(err, syscall.ENOENT) && !errors.Is(err, syscall.ELOOP)
}

// give yields ev as the kernel told it: a rename is two events.
func (s *trees) give(ev tree.Event, err error, yield func(event, error) bool) bool {
	e := event{watch: -1, mask: ev.Mask, cookie: ev.Cookie, synthetic: ev.Synthetic}
	if ev.From != "" {
		half := e
		half.mask = ev.Mask&^inotify.MovedTo | inotify.MovedFrom
		half.dir, half.name = ev.SplitFrom()
		if half.mask.HasAny(s.asked) && !yield(half, nil) {
			return false
		}
		e.from = ev.From + "/"
		e.synthetic = false
	}
	e.dir, e.name = ev.Split()
	e.synthetic = e.synthetic && e.mask.Has(inotify.Create) && s.asked != 0
	return yield(e, err)
}

func (s *trees) watches() (list []watched) {
	for path := range s.w.Dirs() {
		list = append(list, watched{-1, strings.TrimSuffix(path, "/") + "/"})
	}
	slices.Reverse(list) // what is below comes first, as there: it was watched first
	for _, path := range s.files {
		list = append(list, watched{-1, path})
	}
	return list
}

func (s *trees) close() { s.w.Close() }
