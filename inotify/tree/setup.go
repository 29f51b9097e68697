//go:build linux

package tree

// This file takes a whole tree in, by several workers, in rounds. In a round the workers share the
// directories that are to be taken in, and nobody handles records; between two rounds the kernel's
// queue is read and handled, so that it does not overflow, and a loop gets its turn. Records of a
// directory that was watched in this round wait in the queue until then, which is what makes the order
// of watching, listing and handling the same as that of one worker.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const roundTime = 20 * time.Millisecond

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
	t.work.Lock()
	r, err := t.addRoot(path, abs, real)
	t.work.Unlock()
	if err != nil {
		return rootError(path, err)
	}
	s := setup{w: w, r: r, told: time.Now()}
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
	if m := t.st.watched(wd); m != 0 {
		if fresh {
			t.lostWatch(m)
			t.stale[wd] = struct{}{}
		} else if t.st.top(m) != 0 {
			t.disk.close(fd)
			return nil, errOverlap(t.join(m, nil))
		} else {
			t.st.unbind(m)
		}
	}
	r := t.newRoot(path, abs)
	r.real, r.device = real, device
	t.st.bind(r.node, wd)
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
	t.round(s.r)
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

// round is what the workers of one round share.
type round struct {
	t       *tree
	r       *root
	end     time.Time
	workers int

	hungry atomic.Int32 // workers that wait; changed under t.mu
	over   bool         // under t.mu
	cond   *sync.Cond   // of t.mu
}

// round takes in directories of r's set-up for a while.
func (t *tree) round(r *root) {
	if len(r.todo) == 0 {
		return
	}
	n := t.opt.workers
	if n == 0 {
		n = min(runtime.GOMAXPROCS(0), 8)
	}
	ro := &round{t: t, r: r, end: time.Now().Add(roundTime), workers: n, cond: sync.NewCond(&t.mu)}
	for len(t.scanners) < n-1 {
		t.scanners = append(t.scanners, newScanner(t))
	}
	var wg sync.WaitGroup
	for _, s := range t.scanners[:n-1] {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ro.run(s)
		}()
	}
	ro.run(t.serial)
	wg.Wait()
}

// run is one worker.
func (ro *round) run(s *scanner) {
	t := ro.t
	defer func() {
		s.release()
		t.mu.Lock()
		ro.r.todo = append(ro.r.todo, s.local...)
		s.local, s.own = s.local[:0], false
		ro.over = true
		ro.cond.Broadcast()
		t.mu.Unlock()
	}()
	s.own = true
	for i := 1; ; i++ {
		if len(s.local) == 0 && !ro.get(s) || t.closed.Load() {
			return
		}
		n := s.local[len(s.local)-1]
		s.local = s.local[:len(s.local)-1]
		t.mu.Lock()
		nd := t.st.node(n)
		due := nd.flags&queued != 0
		nd.flags &^= queued
		t.mu.Unlock()
		if due {
			s.visit(n, false)
		}
		if len(s.local) > 1 && ro.hungry.Load() > 0 {
			ro.give(s)
		}
		if i%8 == 0 && time.Now().After(ro.end) {
			return
		}
	}
}

// give hands half of what s has to the workers that wait: the half that is nearest to the root.
func (ro *round) give(s *scanner) {
	half := len(s.local) / 2
	ro.t.mu.Lock()
	ro.r.todo = append(ro.r.todo, s.local[:half]...)
	ro.cond.Broadcast()
	ro.t.mu.Unlock()
	s.local = append(s.local[:0], s.local[half:]...)
}

// get takes directories that nobody has, waiting for them if others work.
func (ro *round) get(s *scanner) bool {
	ro.t.mu.Lock()
	defer ro.t.mu.Unlock()
	for {
		if n := len(ro.r.todo); n > 0 {
			take := max(1, n/ro.workers)
			s.local = append(s.local, ro.r.todo[n-take:]...)
			ro.r.todo = ro.r.todo[:n-take]
			return true
		}
		if ro.over || int(ro.hungry.Load()) == ro.workers-1 {
			ro.over = true
			ro.cond.Broadcast()
			return false
		}
		ro.hungry.Add(1)
		ro.cond.Wait()
		ro.hungry.Add(-1)
	}
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
