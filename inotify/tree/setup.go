//go:build linux

package tree

// This file takes a whole tree in, in rounds. In a round the workers of crew.go share the directories
// that are to be taken in, and nobody handles records; between two rounds the kernel's queue is read
// and handled, so that it does not overflow, and a loop gets its turn. Records of a directory that was
// watched in this round wait in the queue until then, which is what makes the order of watching,
// listing and handling the same as that of one worker.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// add is Add between Enter and Leave.
func (w *Watcher) add(ctx context.Context, path string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if path == "" {
		return rootError(path, unix.ENOENT)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return rootError(path, err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		real = abs // opening it says why
	}
	t := w.t
	defer w.beginAsIs()()
	t.work.Lock()
	r, err := t.addRoot(path, abs, real)
	t.work.Unlock()
	if err != nil {
		return rootError(path, err)
	}
	s := setup{w: w, r: r, told: time.Now(), crew: newCrew(t)}
	defer s.crew.end()
	for {
		done, err := s.advance(ctx)
		if err != nil {
			return err
		}
		if done {
			break
		}
		s.progress(false)
	}
	s.progress(true)
	return nil
}

// addRoot opens and watches a root.
func (t *tree) addRoot(path, abs, real string) (*root, error) {
	for _, other := range t.roots {
		if other != nil && (beneath(real, other.real) || beneath(other.real, real)) {
			return nil, errOverlap(other.path)
		}
	}
	fd, err := t.disk.openRoot(abs)
	if err != nil {
		return nil, err
	}
	defer t.serial.release()
	device, err := t.disk.device(fd)
	if err != nil {
		t.disk.close(fd)
		return nil, err
	}
	wd, fresh, err := t.disk.watch(fd, t.mask)
	if err != nil {
		t.disk.close(fd)
		if err == unix.ENOENT {
			err = fmt.Errorf("watching it through /proc/self/fd, is /proc mounted?: %w", err)
		}
		return nil, limitError(err)
	}
	if fresh {
		t.fresh(wd)
	} else if m := t.st.watched(wd); m != 0 {
		if t.st.top(m) != 0 {
			t.disk.close(fd)
			return nil, errOverlap(t.join(m, nil))
		}
		t.st.unbind(m)
	}
	r := t.newRoot(path, abs)
	r.real, r.device = real, device
	t.bind(r.node, wd)
	t.serial.push(r.node, wd, fd)
	told := len(t.out)
	t.serial.listInto(r.node, fd)
	if t.st.node(r.node).flags&failed != 0 {
		err := error(unix.EIO)
		if e := (*DirError)(nil); len(t.out) > told && errors.As(t.out[len(t.out)-1].err, &e) {
			err = e.Err
		}
		t.out = t.out[:told]
		t.removeRoot(r)
		return nil, err
	}
	return r, nil
}

// newRoot makes a root that has no watch yet.
func (t *tree) newRoot(path, abs string) *root {
	r := &root{path: path, abs: abs, node: t.st.newNode(), todo: []nodeID{}}
	at := -1
	for i, old := range t.roots {
		if old == nil {
			at = i
		}
	}
	if at < 0 {
		at = len(t.roots)
		t.roots = append(t.roots, nil)
	}
	t.roots[at] = r
	nd := t.st.node(r.node)
	nd.root = uint32(at)
	nd.flags |= isRoot | silent
	t.st.version++
	return r
}

// beneath reports whether path is dir or below it; both are clean.
func beneath(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(dir, "/"))
}

func errOverlap(other string) error {
	return fmt.Errorf("it overlaps %q, which is watched: %w", other, fs.ErrExist)
}

// setup is an Add on its way.
type setup struct {
	w    *Watcher
	r    *root
	told time.Time // when progress was last told
	crew *crew
}

// advance is a round, and what came meanwhile.
func (s *setup) advance(ctx context.Context) (done bool, err error) {
	t := s.w.t
	t.work.Lock()
	defer t.work.Unlock()
	defer s.w.publish()
	nd := t.st.node(s.r.node)
	switch {
	case t.closed.Load():
		return false, rootError(s.r.path, errWatcherClosed)
	case nd.flags&isRoot == 0 || t.roots[nd.root] != s.r:
		return false, rootError(s.r.path, fs.ErrNotExist)
	case ctx.Err() != nil:
		t.removeRoot(s.r)
		for len(t.dissolving) > 0 {
			t.dissolve(stepFrees)
		}
		return false, context.Cause(ctx)
	}
	s.crew.round(&s.r.todo)
	if s.w.waitingEvents() < outLimit {
		t.step()
	}
	if len(s.r.todo) == 0 {
		s.r.todo = nil
		return true, nil
	}
	return false, nil
}

// progress tells the user how far it is.
func (s *setup) progress(end bool) {
	f := s.w.t.opt.progress
	if f == nil || !end && time.Since(s.told) < progressInterval {
		return
	}
	s.told = time.Now()
	t := s.w.t
	t.work.Lock()
	dirs, entries := t.st.watch, t.st.count
	t.work.Unlock()
	f(dirs, entries)
}

// paths returns the watched directories.
func (t *tree) paths() []string {
	t.work.Lock()
	defer t.work.Unlock()
	var paths []string
	var walk []nodeID
	for _, r := range t.roots {
		if r != nil {
			walk = append(walk, r.node)
		}
	}
	for len(walk) > 0 {
		n := walk[len(walk)-1]
		walk = walk[:len(walk)-1]
		nd := t.st.node(n)
		if nd.wd != 0 {
			paths = append(paths, t.join(n, nil))
		}
		for e := nd.first; e != 0; e = t.st.entry(e).next {
			if c := t.st.entry(e).node; c != 0 {
				walk = append(walk, c)
			}
		}
	}
	return paths
}
