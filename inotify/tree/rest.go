//go:build linux

package tree

// This file is what happens when the queue has been handled: what could not be opened because its path
// had moved on is looked at again, what belongs to no tree any more is given back, what failed is tried
// again when there is reason to. A look never leads to another look at once: it leaves a mark. Under
// churn that never ends, looks are served in slices, between records.
//
// It rests on inotify_rm_watch(2) queueing IGNORED at once, and on ATTRIB telling a change of
// permissions (inotify(7)): a directory that may not be read costs nothing until it may.

import (
	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// again has the directory n looked at when the queue is empty.
func (t *tree) again(n nodeID) {
	nd := t.st.node(n)
	if nd.flags&waiting == 0 {
		nd.flags |= waiting
		t.later = append(t.later, n)
	}
}

// look has name in n looked at when the queue is empty.
func (t *tree) look(n nodeID, name string) { t.mark(mark{n, name}) }

func (t *tree) mark(m mark) {
	if _, ok := t.marked[m]; !ok {
		t.marked[m] = struct{}{}
		t.marks = append(t.marks, m)
	}
}

// rest does what waits for the queue to be empty, a slice of it.
func (t *tree) rest() {
	s := t.serial
	t.dissolve(stepFrees)
	// What waits stays bounded, however much there is to look at and however long the queue.
	most := max(stepLooks, len(t.later)+len(t.marks)-mostWaiting)
	served := min(len(t.later), most)
	for _, n := range takeFirst(&t.later, served) {
		nd := t.st.node(n)
		if nd.flags&waiting == 0 {
			continue
		}
		nd.flags &^= waiting
		s.visit(n, true)
	}
	for _, m := range takeFirst(&t.marks, min(len(t.marks), most-served)) {
		delete(t.marked, m)
		s.lookAt(m)
	}
	if t.freed {
		t.freed = false
		for _, m := range t.blocked {
			t.mark(m)
		}
		t.blocked = nil
		t.retry = append(t.retry, t.wanting...)
		t.wanting = nil
	}
	t.retryWanting()
	for _, n := range t.reach {
		if t.st.node(n).flags&inUse != 0 && t.st.top(n) != 0 {
			s.attribsAbove(n)
		}
	}
	t.reach = nil
	if t.rescan && len(t.visits) == 0 && t.handled >= t.scanFrom {
		t.scanAgain()
	}
}

// takeFirst takes the first n off a list that may grow while they are served.
func takeFirst[T any](list *[]T, n int) []T {
	taken := append([]T(nil), (*list)[:n]...)
	*list = append((*list)[:0], (*list)[n:]...)
	return taken
}

// visitSome takes in up to most directories that wait for it, and returns how many it took from the list.
func (t *tree) visitSome(most int) (taken int) {
	for i := 0; i < most && len(t.visits) > 0 && len(t.out) < outLimit; i++ {
		last := len(t.visits) - 1
		n := t.visits[last]
		t.visits = t.visits[:last]
		taken++
		nd := t.st.node(n)
		if nd.flags&queued == 0 {
			continue
		}
		nd.flags &^= queued
		if nd.gen == t.gen && nd.wd != 0 {
			continue
		}
		t.serial.visit(n, false)
		if i%16 == 15 && !t.closed.Load() {
			t.fetch() // so that the kernel's queue does not overflow meanwhile
		}
	}
	return taken
}

// lookAt sets one name to what is on the disk.
func (s *scanner) lookAt(m mark) {
	t := s.t
	nd := t.st.node(m.dir)
	if nd.flags&inUse == 0 || t.st.top(m.dir) == 0 || nd.wd == 0 {
		return
	}
	at, err := s.dir(m.dir)
	if err != nil {
		if movedOn(err) {
			t.again(m.dir)
			t.look(m.dir, m.name)
		} else {
			t.blocked = append(t.blocked, m)
			s.attribsAbove(m.dir)
		}
		return
	}
	name := []byte(m.name)
	there, isDir, err := t.disk.kind(at, name)
	if err != nil {
		t.blocked = append(t.blocked, m)
		s.attribsAbove(m.dir)
		return
	}
	e := t.st.find(m.dir, name)
	if e != 0 && (!there || t.st.isDir(e) != isDir) {
		t.goneEntry(e, inotify.Delete, 0, true)
		e = 0
	}
	if there && e == 0 && !t.skipped(m.dir, name, isDir) {
		e = t.st.add(m.dir, name, isDir)
		t.tell(m.dir, name, inotify.Create|dirBit(isDir), 0, true)
	}
	if e != 0 && isDir {
		s.visit(t.st.entry(e).node, false)
	}
}

// noParent is when p, the directory that n stands in, could not be opened.
func (s *scanner) noParent(n, p nodeID, err error, final bool) {
	t := s.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if movedOn(err) {
		pd := t.st.node(p)
		if pd.wd == 0 && pd.flags&failed != 0 {
			t.st.node(n).gen = 0 // until p can be taken in, which finds n or not
			return
		}
		if final || pd.wd == 0 {
			t.again(p) // it is looked at first: either it goes, or n is looked at again
		}
		t.again(n)
		return
	}
	t.fail(n, -1, err)
}

// notOpened is when n could not be opened in its directory, which is open as at.
func (s *scanner) notOpened(n nodeID, at int, err error, final bool) {
	t := s.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.st.top(n) == 0 {
		return
	}
	if !movedOn(err) {
		t.fail(n, at, err)
		return
	}
	if !final {
		t.again(n)
		return
	}
	p, name := t.st.parent(n), append([]byte(nil), t.st.name(t.st.node(n).entry)...)
	t.gone(n, inotify.Delete, 0, true)
	if err != unix.ENOENT {
		t.look(p, string(name)) // something stands there that is no directory
	}
}

// fail is when n cannot be watched or read. It is told once; at is its parent, open, or -1.
func (t *tree) fail(n nodeID, at int, err error) {
	if t.st.top(n) == 0 {
		return
	}
	nd := t.st.node(n)
	told := nd.flags&failed != 0
	nd.flags |= failed
	nd.flags &^= silent // what is found later is told
	nd.gen = t.gen
	switch err {
	case unix.ENOSPC, unix.EMFILE, unix.ENFILE, unix.ENOMEM:
		t.want(n)
		if err == unix.ENOSPC {
			t.noRoom = true
			told = told || t.limitTold // the first path, not ten thousand
			t.limitTold = true
		}
	case unix.EACCES, unix.EPERM:
		t.want(n)
		t.watchAttribs(n, at)
	}
	if !told {
		t.tellError(n, err)
	}
}

func (t *tree) tellError(n nodeID, err error) {
	e := &DirError{Path: t.join(n, nil), Err: limitError(err)}
	if t.opt.onError != nil {
		t.opt.onError(e)
		return
	}
	t.put(item{ev: Event{Path: e.Path}, err: e})
}

// want has n tried again when something has become free.
func (t *tree) want(n nodeID) {
	if nd := t.st.node(n); nd.flags&wanting == 0 {
		nd.flags |= wanting
		t.wanting = append(t.wanting, n)
	}
}

// watchAttribs has n's parent tell a change of n's permissions, or what is above it, if the parent is not open
// as at, or cannot be read by now.
func (t *tree) watchAttribs(n nodeID, at int) {
	p := t.st.parent(n)
	if p == 0 || t.mask.Has(inotify.Attrib) || at >= 0 && t.st.node(p).flags&attribs != 0 {
		return
	}
	if at >= 0 {
		if _, _, err := t.disk.watch(at, t.mask|inotify.Attrib); err == nil {
			t.st.node(p).flags |= attribs
			t.again(n) // it may have become readable before the parent tells
			return
		}
	}
	t.reach = append(t.reach, n)
}

// attribs is ATTRIB of e in n.
func (t *tree) attribs(n nodeID, e entryID) {
	if c := t.st.entry(e).node; c != 0 {
		if t.st.node(c).flags&failed != 0 {
			t.st.node(c).gen = 0
			t.push(c)
		}
	}
}

// attribsAbove has the nearest directory above n that can be reached tell a change of permissions: one
// below it keeps n from being reached.
func (s *scanner) attribsAbove(n nodeID) {
	t := s.t
	if t.mask.Has(inotify.Attrib) {
		return
	}
	for p := t.st.parent(n); p != 0; p = t.st.parent(p) {
		fd, err := s.dir(p)
		if err != nil {
			continue
		}
		if t.st.node(p).flags&attribs == 0 {
			if _, _, err := t.disk.watch(fd, t.mask|inotify.Attrib); err != nil {
				continue
			}
			t.st.node(p).flags |= attribs
			t.freed = true // it may have changed before the watch tells
		}
		return
	}
}

// retryWanting tries what failed for want of something, a slice of it.
func (t *tree) retryWanting() {
	for _, n := range takeFirst(&t.retry, min(len(t.retry), stepLooks)) {
		nd := t.st.node(n)
		if nd.flags&wanting == 0 {
			continue
		}
		nd.flags &^= wanting
		if t.st.top(n) == 0 {
			continue
		}
		nd.gen = 0
		t.noRoom = false
		t.serial.visit(n, false)
		if t.noRoom { // nor for the others
			t.wanting = append(t.wanting, t.retry...)
			t.retry = t.retry[:0]
		}
	}
	t.limitTold = t.limitTold && len(t.wanting)+len(t.retry) > 0
}

// dissolve gives back up to most directories that are no longer part of a tree, with what is in them.
func (t *tree) dissolve(most int) {
	for entries := 0; most > 0 && entries < 64*stepFrees && len(t.dissolving) > 0; most-- {
		last := len(t.dissolving) - 1
		n := t.dissolving[last]
		nd := t.st.node(n)
		if nd.wd != 0 {
			wd := nd.wd
			t.st.unbind(n)
			t.outdated(wd)
			t.disk.unwatch(wd)
			t.freed = t.freed || len(t.wanting) > 0
		}
		for nd.first != 0 && entries < 64*stepFrees {
			entries++
			e := nd.first
			if c := t.st.remove(e); c != 0 {
				t.dissolving = append(t.dissolving, c)
			}
		}
		if nd.first == 0 {
			// Its children are behind it in the list: take its place out of the middle.
			t.dissolving[last] = t.dissolving[len(t.dissolving)-1]
			t.dissolving = t.dissolving[:len(t.dissolving)-1]
			t.st.free(n)
		}
	}
	if len(t.dissolving) == 0 && cap(t.dissolving) > 4096 {
		t.dissolving = nil
	}
}
