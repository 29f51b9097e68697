//go:build linux

package tree

// This file handles MOVED_TO without a known source: something came from outside the trees, or from
// where it was not known. A directory is watched before it is told, because its watch says which it
// is: one that a scan has found here already, one that is known elsewhere, or a new one.

import (
	"bytes"
	"errors"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// errBlocked is the error of a look at a name whose directory cannot be reached at present.
var errBlocked = errors.New("directory cannot be reached")

// peek watches what stands under name in p, a directory, and returns its watch.
func (s *scanner) peek(p nodeID, name []byte) (wd int32, err error) {
	at, err := s.dir(p)
	if err != nil {
		return 0, errBlocked
	}
	fd, mount, err := s.t.disk.open(at, name)
	if err != nil {
		return 0, err
	}
	defer s.t.disk.close(fd)
	if mount {
		return 0, unix.EXDEV
	}
	wd, fresh, err := s.t.disk.watch(fd, s.t.mask)
	if err == nil && fresh {
		s.t.fresh(wd)
	}
	return wd, err
}

// settlePeek removes a watch that peek has made and nobody has.
func (s *scanner) settlePeek(wd int32, err error) {
	if err == nil && s.t.st.watched(wd) == 0 {
		s.t.drop(wd)
	}
}

// exists looks at a name in p.
func (s *scanner) exists(p nodeID, name []byte) (bool, error) {
	at, err := s.dir(p)
	if err != nil {
		return false, err
	}
	there, _, err := s.t.disk.kind(at, name)
	return there, err
}

// movedTo handles a MOVED_TO in q; what goes with it in the queue begins at position after.
func (t *tree) movedTo(q nodeID, r record, after int) {
	isDir := r.mask.Has(inotify.IsDir)
	if t.st.top(q) == 0 { // what this record came with has let it go
		return
	}
	if t.skipped(q, r.name, isDir) {
		return
	}
	t.exchangedIn(q, r, after)
	if t.st.top(q) == 0 {
		return
	}
	e := t.st.find(q, r.name)
	switch {
	case e != 0 && t.st.isDir(e) != isDir:
		t.look(q, string(r.name))
	case isDir:
		t.dirMovedTo(q, e, r, after)
	default:
		if e == 0 {
			t.st.add(q, r.name, false)
		}
		t.tell(q, r.name, r.mask, r.cookie, false)
	}
}

func (t *tree) dirMovedTo(q nodeID, e entryID, r record, after int) {
	wd, err := t.serial.peek(q, r.name)
	var m nodeID
	if err == nil {
		m = t.st.watched(wd)
	}
	switch {
	case err == nil && m != 0 && e != 0 && m == t.st.entry(e).node:
		return // a scan was here before
	case m != 0 && t.st.node(m).flags&(isRoot|mountRoot) != 0:
		err = errBlocked // visit will tell
	case m != 0 && t.st.top(m) != 0:
		if t.arrived(m, q, e, r) {
			return
		}
	case err != nil && t.movedSelfKnown(after):
		t.look(q, string(r.name))
		return // it is known where it has moved on to
	}
	if e = t.st.find(q, r.name); e != 0 {
		t.removeEntry(e)
	}
	e = t.st.add(q, r.name, true)
	t.tell(q, r.name, r.mask, r.cookie, false)
	n := t.st.entry(e).node
	switch {
	case err != nil:
	case t.opt.enter != nil && !t.opt.enter(t.join(n, nil)):
		t.serial.settlePeek(wd, nil)
	default:
		if m = t.st.watched(wd); m != 0 {
			t.st.unbind(m)
			t.isBack(n)
		}
		t.bind(n, wd)
	}
	t.push(n)
}

// arrived has m, which is known elsewhere, stand under r's name in q. It reports whether that could be
// told as a rename; otherwise m is no longer part of a tree.
func (t *tree) arrived(m, q nodeID, e entryID, r record) bool {
	old, oldName := t.st.parent(m), string(t.st.name(t.st.node(m).entry))
	t.look(old, oldName)
	if t.st.within(q, m) || e != 0 && t.st.within(m, t.st.entry(e).node) {
		t.gone(m, inotify.Delete, 0, true)
		return !t.attached(q)
	}
	t.rename(t.st.node(m).entry, q, r.name, r.cookie, true)
	return true
}

// movedSelfKnown reports whether the next record says that a directory moved which is part of a tree.
func (t *tree) movedSelfKnown(after int) bool {
	pos, found := t.ahead(after, 0, func(r record) verdict {
		if r.mask.Has(inotify.MoveSelf) {
			return hit
		}
		return stop
	})
	if !found {
		return false
	}
	r, _ := t.recordAt(pos)
	n := t.st.watched(r.wd)
	return n != 0 && t.st.top(n) != 0
}

// exchangedIn finds out whether r, a MOVED_TO in q, is half of an exchange with something outside the
// trees, which the kernel tells as MOVED_TO and MOVED_FROM of one name, in this order. What stood there
// then goes first. It looks the same as a rename in and a rename out again: see isExchange.
func (t *tree) exchangedIn(q nodeID, r record, after int) {
	var barrier nodeID
	if t.st.find(q, r.name) != 0 {
		barrier = q
	}
	pos, found := t.ahead(after, barrier, func(f record) verdict {
		switch {
		case f.wd != r.wd || !f.mask.HasAny(entryRecords):
			return goOn
		case f.mask.Has(inotify.MovedFrom) && bytes.Equal(f.name, r.name):
			return hit
		}
		return stop
	})
	if !found {
		return
	}
	f, next := t.recordAt(pos)
	if to, ok := t.partner(q, f, next); ok {
		if p, _ := t.recordAt(to); t.st.watched(p.wd) != 0 && t.attached(t.st.watched(p.wd)) {
			// It went on to another place in the trees; or r's MOVED_FROM was merged into an earlier one, and
			// the two names were exchanged.
			t.look(q, string(r.name))
			return
		}
	}
	e := t.known(q, f)
	a := pair{p: q, q: q, from: f, to: r}
	really := e != 0 && t.reallyMoved(&a, e, next)
	if r.mask.Has(inotify.IsDir) == f.mask.Has(inotify.IsDir) {
		if e != 0 && t.st.isDir(e) && t.st.node(t.st.entry(e).node).wd != 0 {
			if !really {
				return
			}
		} else if there, err := t.serial.exists(q, r.name); err != nil || !there {
			t.look(q, string(r.name))
			return
		}
	}
	t.consume(pos)
	if really {
		t.goneEntry(e, inotify.MovedFrom, f.cookie, false)
	}
	// If f was the last in the queue, the MOVED_FROM of what came was merged into it: cookies are not
	// compared (inotify_merge in fs/notify/inotify/inotify_fsnotify.c).
	t.look(q, string(r.name))
}
