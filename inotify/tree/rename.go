//go:build linux

package tree

// This file says how MOVED_FROM finds its partner, and what a rename does to the state.
//
// The kernel queues MOVED_FROM, MOVED_TO and the moved directory's MOVE_SELF while it holds the locks
// of both parents (fsnotify_move in include/linux/fsnotify.h, called by vfs_rename), and every change
// of a directory's entries is made and told under its lock. So no record of a change of those parents'
// entries stands between the three, and a read of the directory waits until all are queued: what has
// been read, and what is queued after such a read, holds the partner or there is none. No timers.
//
// RENAME_EXCHANGE queues two such triples, each MOVED_FROM the other's MOVED_TO, under the same locks.

import (
	"bytes"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// verdict is what a search says of a record.
type verdict uint8

const (
	goOn verdict = iota
	hit
	stop // what is searched for would have come before
)

// ahead searches what follows position from: what has been read, then what is queued, and then, if
// barrier is a node, what is queued after reading that directory.
func (t *tree) ahead(from int, barrier nodeID, f func(record) verdict) (pos int, found bool) {
	read, locked := false, barrier == 0
	for pos = from; ; {
		for pos < len(t.pend) {
			r, next := t.recordAt(pos)
			switch {
			case r.mask.Has(inotify.QueueOverflow):
				return pos, false // it may be among what was lost
			case r.mask == 0:
			default:
				switch f(r) {
				case hit:
					return pos, true
				case stop:
					return pos, false
				}
			}
			pos = next
		}
		switch {
		case !read:
			read = true
		case !locked:
			locked = true
			if !t.serial.lock(barrier) {
				return pos, false
			}
		default:
			return pos, false
		}
		t.fetchAll()
	}
}

// fetchAll reads what is queued at this time.
func (t *tree) fetchAll() {
	// A read returns all that fits; less than a buffer's worth is all there was.
	for {
		had := len(t.pend)
		t.fetchAhead()
		if got := len(t.pend) - had; got == 0 || got < t.opt.bufferSize-inotify.MaxRecordSize ||
			len(t.pend)-t.pos > backlog {
			return
		}
	}
}

// fetchAhead is fetch in the middle of a record.
func (t *tree) fetchAhead() {
	if t.readErr != nil {
		return
	}
	t.fetch()
}

// lock waits for a change of n's entries that is under way.
func (s *scanner) lock(n nodeID) bool {
	fd, err := s.dir(n)
	if err != nil {
		return false
	}
	// A second descriptor: the first is at the end of its listing, maybe, which the kernel answers
	// without the lock.
	again, _, err := s.t.disk.open(fd, []byte("."))
	if err != nil {
		return false
	}
	defer s.t.disk.close(again)
	err = s.t.disk.lock(again, s.buffer())
	return err == nil || err == unix.ENOENT
}

// partner finds the MOVED_TO of r, a MOVED_FROM in p.
func (t *tree) partner(p nodeID, r record, from int) (pos int, found bool) {
	return t.ahead(from, p, func(to record) verdict {
		switch {
		case to.mask.Has(inotify.MovedTo) && to.cookie == r.cookie:
			return hit
		case to.wd == r.wd && to.mask.HasAny(entryRecords):
			return stop
		}
		return goOn
	})
}

// moveSelf finds the MOVE_SELF of wd that goes with a MOVED_TO before from; p and q are the parents'
// watches.
func (t *tree) moveSelf(wd, p, q int32, from int, barrier nodeID) (pos int, found bool) {
	return t.ahead(from, barrier, func(r record) verdict {
		switch {
		case r.wd == wd && r.mask.Has(inotify.MoveSelf):
			return hit
		case (r.wd == p || r.wd == q) && r.mask.HasAny(entryRecords):
			return stop
		}
		return goOn
	})
}

// pair is a rename as the records tell it.
type pair struct {
	p, q     nodeID // the parents; q is 0 if it is not part of a tree
	from, to record
	toPos    int
	src, dst entryID // what is known at the two names
}

// mirror finds the pair that mirrors a: from its TO to its FROM.
func (t *tree) mirror(a *pair, barrier nodeID) (b pair, fromPos int, found bool) {
	_, afterTo := t.recordAt(a.toPos)
	fromPos, found = t.ahead(afterTo, barrier, func(r record) verdict {
		switch {
		case !(r.wd == a.from.wd || r.wd == a.to.wd) || !r.mask.HasAny(entryRecords):
			return goOn
		case r.wd == a.to.wd && r.mask.Has(inotify.MovedFrom) && bytes.Equal(r.name, a.to.name):
			return hit
		}
		return stop
	})
	if !found {
		return b, 0, false
	}
	var next int
	b.from, next = t.recordAt(fromPos)
	b.toPos, found = t.partner(a.q, b.from, next)
	if !found {
		return b, 0, false
	}
	b.to, _ = t.recordAt(b.toPos)
	found = b.to.wd == a.from.wd && bytes.Equal(b.to.name, a.from.name)
	return b, fromPos, found
}

// movedFrom handles a MOVED_FROM in p, with all that goes with it.
func (t *tree) movedFrom(p nodeID, r record) {
	a := pair{p: p, from: r}
	a.src = t.known(p, r)
	if _, ok := t.returned[p]; ok {
		// This can be the second half of an exchange whose first was told before p came back, and not
		// heeded: then something stands at the name, though the last record of it says that it moved.
		t.look(p, string(r.name))
	}
	toPos, found := t.partner(p, r, t.next)
	if found {
		a.toPos = toPos
		a.to, _ = t.recordAt(toPos)
		if _, old := t.stale[a.to.wd]; !old {
			a.q = t.st.watched(a.to.wd)
		}
	}
	if !found || a.q == 0 || !t.attached(a.q) {
		t.movedOut(&a)
		return
	}
	a.dst = t.known(a.q, a.to)
	var barrier nodeID
	if a.dst != 0 || a.src == 0 {
		barrier = p
	}
	if b, fromPos, ok := t.mirror(&a, barrier); ok && t.isExchange(&a, &b) {
		t.consume(a.toPos)
		t.consume(fromPos)
		t.consume(b.toPos)
		t.exchanged(&a, &b)
		return
	}
	_, afterTo := t.recordAt(a.toPos)
	t.consume(a.toPos)
	if a.src != 0 && !t.reallyMoved(&a, a.src, afterTo) {
		// An earlier directory of that name moved; the one that is known was watched after that.
		t.look(p, string(r.name))
		a.src = 0
	}
	switch {
	case a.src == 0:
		t.movedTo(a.q, a.to, afterTo)
	case t.skipped(a.q, a.to.name, t.st.isDir(a.src)):
		t.goneEntry(a.src, inotify.MovedFrom, r.cookie, false)
	case t.st.isDir(a.src) && t.st.within(a.q, t.st.entry(a.src).node):
		// A directory does not move below itself: the state is too old.
		t.goneEntry(a.src, inotify.MovedFrom, r.cookie, false)
		t.look(p, string(r.name))
	default:
		t.renamed(&a, afterTo)
	}
}

// renamed has a.src stand at a.to.
func (t *tree) renamed(a *pair, after int) {
	a.dst = t.st.find(a.q, a.to.name)
	if a.dst != 0 && t.st.isDir(a.dst) && t.st.within(a.p, t.st.entry(a.dst).node) {
		// Nothing replaces what it is in: a later directory stands there.
		t.goneEntry(a.dst, inotify.Delete, 0, true)
		t.movedTo(a.q, a.to, after)
		return
	}
	if a.dst != 0 && t.st.isDir(a.dst) != t.st.isDir(a.src) {
		t.goneEntry(a.dst, inotify.Delete, 0, true) // no rename puts a file over a directory
		t.look(a.q, string(a.to.name))
	}
	t.rename(a.src, a.q, a.to.name, a.from.cookie, false)
}

// known returns the entry that r is about, or 0. An entry of another kind is not it.
func (t *tree) known(n nodeID, r record) entryID {
	e := t.st.find(n, r.name)
	if e != 0 && t.st.isDir(e) != r.mask.Has(inotify.IsDir) {
		t.look(n, string(r.name))
		return 0
	}
	return e
}

// reallyMoved reports whether e is what a pair moved whose TO ends before after: a directory that is
// watched says so with MOVE_SELF, which is consumed. All else is believed.
func (t *tree) reallyMoved(a *pair, e entryID, after int) bool {
	n := t.st.entry(e).node
	if n == 0 || t.st.node(n).wd == 0 {
		return true
	}
	pos, found := t.moveSelf(t.st.node(n).wd, a.from.wd, a.to.wd, after, a.p)
	if found {
		t.consume(pos)
		t.movedAsIs(pos)
	}
	return found
}

// movedOut handles a MOVED_FROM whose partner is nowhere in the trees.
func (t *tree) movedOut(a *pair) {
	if a.src == 0 {
		return
	}
	after := t.next
	if a.toPos > 0 {
		_, after = t.recordAt(a.toPos)
	}
	if !t.reallyMoved(a, a.src, after) {
		t.look(a.p, string(a.from.name))
		return
	}
	t.outAsIs(a.src, a.from.cookie)
	// An exchange with something outside is MOVED_TO and MOVED_FROM of the name, and a MOVED_TO that
	// is equal to the newest record is merged into it, whatever its cookie: only a look, when all that
	// is queued has been handled, says that something stands there.
	t.look(a.p, string(a.from.name))
}

// rename gives e, which is attached, another place, and tells it. What stands there goes.
func (t *tree) rename(e entryID, q nodeID, name []byte, cookie uint32, synthetic bool) {
	there := t.st.find(q, name)
	if there == e || t.st.top(q) == 0 || t.st.top(t.st.entry(e).dir) == 0 {
		return
	}
	isDir := t.st.isDir(e)
	mask := inotify.MovedTo | dirBit(isDir)
	told := t.wanted(mask|inotify.MovedFrom, synthetic)
	var from string
	if told {
		from = t.join(t.st.entry(e).dir, t.st.name(e))
	}
	if there != 0 {
		t.replacedAsIs(there)
		t.removeEntry(there)
	}
	t.st.move(e, q, name)
	if told {
		t.put(item{ev: Event{Path: t.join(q, name), From: from, Mask: mask, Cookie: cookie, Synthetic: synthetic}})
	}
	t.placed(e)
}

// isExchange tells an exchange from a rename and its undoing, which look the same but for MOVE_SELF
// and ISDIR. For two files the name is looked at that is empty after the undoing: if something is there
// now, the state has to have it, however it came there; if nothing is, and it was an exchange, its
// removal is still in the queue. What is at the other name, the queue tells in either case.
func (t *tree) isExchange(a, b *pair) bool {
	if a.from.mask.Has(inotify.IsDir) != b.from.mask.Has(inotify.IsDir) {
		return true
	}
	if a.from.mask.Has(inotify.IsDir) {
		_, after := t.recordAt(b.toPos)
		if e := a.src; e != 0 && t.st.node(t.st.entry(e).node).wd != 0 {
			_, found := t.moveSelf(t.st.node(t.st.entry(e).node).wd, a.from.wd, a.to.wd, after, a.p)
			return !found
		}
		if e := a.dst; e != 0 && t.st.node(t.st.entry(e).node).wd != 0 {
			if _, found := t.moveSelf(t.st.node(t.st.entry(e).node).wd, a.from.wd, a.to.wd, after, a.p); found {
				return true
			} // else it was replaced, or it was watched after all this
		}
	}
	there, err := t.serial.exists(a.q, a.to.name)
	if err != nil {
		t.look(a.q, string(a.to.name))
		return t.st.find(a.q, a.to.name) != 0
	}
	return there
}

// exchanged handles an exchange of a.from and a.to.
func (t *tree) exchanged(a, b *pair) {
	_, afterA := t.recordAt(a.toPos)
	_, afterB := t.recordAt(b.toPos)
	// What b moved stood at a's TO. The kinds can differ: look again what is known there.
	a.dst = t.known(a.q, b.from)
	for _, half := range []struct {
		e     *entryID
		after int
	}{{&a.src, afterA}, {&a.dst, afterB}} {
		if e := *half.e; e != 0 && !t.reallyMoved(a, e, half.after) {
			t.look(a.p, string(a.from.name))
			t.look(a.q, string(a.to.name))
			*half.e = 0
			return // about earlier directories of these names
		}
	}
	isDirA, isDirB := a.from.mask.Has(inotify.IsDir), b.from.mask.Has(inotify.IsDir)
	switch {
	case a.src != 0 && isDirA && t.st.within(a.q, t.st.entry(a.src).node),
		a.dst != 0 && isDirB && t.st.within(a.p, t.st.entry(a.dst).node):
		t.look(a.p, string(a.from.name))
		t.look(a.q, string(a.to.name))
	case t.skipped(a.q, a.to.name, isDirA) || t.skipped(a.p, a.from.name, isDirB) || a.src == 0 || a.dst == 0:
		t.exchangedApart(a, b, afterA, afterB)
	default:
		mask := inotify.MovedTo | dirBit(isDirA)
		t.st.swap(a.src, a.dst)
		if t.wanted(mask|inotify.MovedFrom, false) {
			from := t.join(a.p, a.from.name)
			t.put(item{ev: Event{Path: t.join(a.q, a.to.name), From: from, Mask: mask, Cookie: a.from.cookie, Exchange: true}})
			t.otherHalfAsIs(a, b)
		}
		t.placed(a.src)
		t.placed(a.dst)
	}
}

// exchangedApart is an exchange of which one half is not known, or is to be skipped.
func (t *tree) exchangedApart(a, b *pair, afterA, afterB int) {
	isDirA, isDirB := a.from.mask.Has(inotify.IsDir), b.from.mask.Has(inotify.IsDir)
	switch {
	case a.src != 0 && t.st.find(a.q, a.to.name) == 0 && !t.skipped(a.q, a.to.name, isDirA):
		t.rename(a.src, a.q, a.to.name, a.from.cookie, false)
		t.movedTo(a.p, b.to, afterB)
	case a.dst != 0 && t.st.find(a.p, a.from.name) == 0 && !t.skipped(a.p, a.from.name, isDirB):
		t.rename(a.dst, a.p, a.from.name, b.from.cookie, false)
		t.movedTo(a.q, a.to, afterA)
	default:
		if a.src != 0 {
			t.goneEntry(a.src, inotify.MovedFrom, a.from.cookie, false)
		}
		if a.dst != 0 {
			t.goneEntry(a.dst, inotify.MovedFrom, b.from.cookie, false)
		}
		t.movedTo(a.q, a.to, afterA)
		t.movedTo(a.p, b.to, afterB)
	}
}
