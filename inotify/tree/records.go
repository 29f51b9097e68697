//go:build linux

package tree

// This file says how a record changes the state: everything but renames, which are in rename.go.
//
// Entries are filtered by state: a creation of something known is not told again, a removal of
// something unknown is not told at all. That alone makes "found by a listing, then told by the kernel"
// exact. A record whose kind (IN_ISDIR) is not that of what is known is about something earlier, or
// the state is wrong: the name is looked at.
//
// rmdir(2) queues DELETE_SELF and IGNORED of the directory before the parent's DELETE|ISDIR; while
// somebody holds the directory open, the parent's comes at once and the other two at the last close.

import (
	"bytes"
	"encoding/binary"

	"github.com/inoseq/inoseq/inotify"
)

// record is a struct inotify_event of inotify(7).
type record struct {
	wd     int32
	mask   inotify.Mask
	cookie uint32
	name   []byte // part of what was read
}

// recordAt decodes the record at pos of what waits, and returns the position of the next.
func (t *tree) recordAt(pos int) (r record, next int) {
	b := t.pend[pos:]
	if len(b) < inotify.HeaderSize {
		return record{}, len(t.pend)
	}
	r.wd = int32(binary.NativeEndian.Uint32(b[0:]))
	r.mask = inotify.Mask(binary.NativeEndian.Uint32(b[4:]))
	r.cookie = binary.NativeEndian.Uint32(b[8:])
	size := binary.NativeEndian.Uint32(b[12:])
	if uint64(size) > uint64(len(b)-inotify.HeaderSize) {
		return record{}, len(t.pend)
	}
	if size > 0 {
		r.name = b[inotify.HeaderSize : inotify.HeaderSize+int(size)]
		for i := len(r.name); i > 0 && r.name[i-1] == 0; i-- {
			r.name = r.name[: i-1 : i-1]
		}
	}
	return r, pos + inotify.HeaderSize + int(size)
}

// consume has the record at pos be handled: it was looked at ahead of its turn.
func (t *tree) consume(pos int) { t.putMask(pos, 0) }

func (t *tree) putMask(pos int, mask inotify.Mask) {
	binary.NativeEndian.PutUint32(t.pend[pos+4:], uint32(mask))
}

// records handles up to most records.
func (t *tree) records(most int) {
	for range most {
		if t.pos == len(t.pend) {
			return
		}
		var r record
		r, t.next = t.recordAt(t.pos)
		t.record(r)
		t.handled += uint64(t.next - t.pos)
		t.pos = t.next
		t.sinceGap++
		if len(t.visits) > 0 && !t.drained {
			// Directories that are new are taken in now, while they are likely to be where they were.
			t.visitSome(8)
		}
	}
}

func (t *tree) record(r record) {
	switch {
	case r.mask&^inotify.IsDir == 0: // consumed
		return
	case r.mask.Has(inotify.QueueOverflow): // before the descriptor is looked up: it is -1
		t.overflowed()
		return
	}
	if t.asIs != nil && t.recordAsIs(r) {
		return
	}
	if len(t.stale) > 0 && t.isStale(r) {
		return
	}
	n := t.st.watched(r.wd)
	switch {
	case n == 0:
	case r.mask.Has(inotify.Ignored):
		t.ignored(n)
	case !t.attached(n): // it was let go: nothing more is told of it
	case len(r.name) == 0:
		t.self(n, r)
	default:
		t.entryRecord(n, r)
	}
}

// ignored is the end of n's watch.
func (t *tree) ignored(n nodeID) {
	flags := t.st.node(n).flags
	t.lostWatch(n)
	t.freed = true
	switch {
	case t.st.top(n) == 0 || flags&deleted == 0:
	case flags&isRoot != 0:
		t.rootGone(n, inotify.DeleteSelf, false)
	default:
		if flags&(waiting|failed) != 0 {
			// It was to be looked at, or could not be: something else may stand at its name, since it had
			// moved, unseen, or was removed while somebody held it open.
			t.look(t.st.parent(n), string(t.st.name(t.st.node(n).entry)))
		}
		t.gone(n, inotify.Delete, 0, false)
	}
}

// lostWatch is when n's watch is gone, for whatever reason. If n is still part of a tree, it is looked
// at again.
func (t *tree) lostWatch(n nodeID) {
	if t.st.node(n).wd == 0 {
		return
	}
	t.st.unbind(n)
	t.st.node(n).gen = 0
	if t.st.top(n) != 0 {
		t.again(n)
	}
}

// self is a record about the directory n itself. Its parent's record tells what concerns both.
func (t *tree) self(n nodeID, r record) {
	nd := t.st.node(n)
	switch {
	case r.mask.Has(inotify.DeleteSelf):
		nd.flags |= deleted
	case r.mask.Has(inotify.Unmount):
		nd.flags |= unmounted
		if nd.flags&isRoot != 0 {
			t.rootGone(n, r.mask, false)
		} else {
			t.again(n)
		}
	case r.mask.Has(inotify.MoveSelf):
		nd.flags |= moved
		// It moved, and no pair of records said from where to where: a directory above the watched
		// ones, or one that has been let go, was involved.
		t.again(n)
	default:
		if r.mask.Has(inotify.Attrib) {
			t.permitted()
		}
		if nd.flags&isRoot != 0 {
			t.tell(n, nil, r.mask, r.cookie, false)
		}
	}
}

// permitted has all tried that permissions may have kept from being looked at.
func (t *tree) permitted() { t.freed = t.freed || len(t.wanting)+len(t.blocked) > 0 }

// entryRecord is a record about name in the directory n.
func (t *tree) entryRecord(n nodeID, r record) {
	if r.mask.Has(inotify.MovedFrom) {
		t.movedFrom(n, r)
		return
	}
	e := t.st.find(n, r.name)
	switch {
	case r.mask.Has(inotify.MovedTo):
		t.movedTo(n, r, t.next)
	case r.mask.Has(inotify.Create):
		t.created(n, e, r)
	case r.mask.Has(inotify.Delete):
		t.removed(n, e, r)
	case r.mask.Has(inotify.Attrib | inotify.IsDir):
		// The name can be an earlier one of a directory that is known by a later one.
		t.permitted()
		if e != 0 {
			t.attribs(n, e)
			t.tell(n, r.name, r.mask, r.cookie, false)
		}
	case e != 0 || t.asIs != nil:
		t.tell(n, r.name, r.mask, r.cookie, false)
	}
}

func (t *tree) created(n nodeID, e entryID, r record) {
	isDir := r.mask.Has(inotify.IsDir)
	switch {
	case e != 0:
		if t.st.isDir(e) != isDir {
			t.look(n, string(r.name))
		}
	case t.skipped(n, r.name, isDir):
	default:
		e = t.st.add(n, r.name, isDir)
		t.tell(n, r.name, r.mask, 0, false)
		if isDir {
			t.push(t.st.entry(e).node)
		}
	}
}

func (t *tree) removed(n nodeID, e entryID, r record) {
	switch {
	case e == 0:
	case t.st.isDir(e) != r.mask.Has(inotify.IsDir):
		t.look(n, string(r.name))
	case t.st.isDir(e) && t.st.node(t.st.entry(e).node).wd != 0:
		// Its watch lives: somebody holds the directory open, or the record is about an earlier
		// directory of that name.
		child := t.st.entry(e).node
		wd, err := t.serial.peek(n, r.name)
		switch {
		case err == errBlocked && t.ends(n):
			// Its directory is gone by now, and was empty then: what the record says is true of the name
			// by the end, and a later creation of it is still in the queue.
			t.goneEntry(e, inotify.Delete, 0, false)
		case err == errBlocked || err != nil && !movedOn(err):
			t.again(child)
		case err != nil || wd != t.st.node(child).wd:
			t.goneEntry(e, inotify.Delete, 0, false)
		}
		t.serial.settlePeek(wd, err)
	default:
		t.goneEntry(e, inotify.Delete, 0, false)
	}
}

// ends reports whether what is queued says that n is removed: its own watch, or that of its parent. What
// was removed from n and is held open keeps n's inode, too: then there is no DELETE_SELF before it is let go.
func (t *tree) ends(n nodeID) bool {
	wd, p := t.st.node(n).wd, t.st.parent(n)
	name := append([]byte(nil), t.st.name(t.st.node(n).entry)...)
	_, found := t.ahead(t.next, 0, func(r record) verdict {
		switch {
		case r.wd == wd && r.mask.Has(inotify.DeleteSelf):
			return hit
		case p == 0 || r.wd != t.st.node(p).wd || !r.mask.HasAny(entryRecords) || !bytes.Equal(r.name, name):
			return goOn
		case r.mask.Has(inotify.Delete | inotify.IsDir):
			return hit
		}
		return stop
	})
	return found
}

// goneEntry takes e away and tells it.
func (t *tree) goneEntry(e entryID, mask inotify.Mask, cookie uint32, synthetic bool) {
	n := t.st.entry(e).dir
	mask |= dirBit(t.st.isDir(e))
	if t.wanted(mask, synthetic) {
		t.tell(n, t.st.name(e), mask, cookie, synthetic)
	}
	t.removeEntry(e)
}

// gone takes the directory n away, which is not a root.
func (t *tree) gone(n nodeID, mask inotify.Mask, cookie uint32, synthetic bool) {
	t.goneEntry(t.st.node(n).entry, mask, cookie, synthetic)
}

// removeEntry takes e away. A directory tells nothing more from now on; what hangs on it is given back
// in slices.
func (t *tree) removeEntry(e entryID) {
	if n := t.st.remove(e); n != 0 {
		t.dissolving = append(t.dissolving, n)
	}
}

// push has the directory n taken in.
func (t *tree) push(n nodeID) {
	nd := t.st.node(n)
	if nd.flags&queued != 0 {
		return
	}
	nd.flags |= queued
	if t.sink != nil {
		t.sink.local = append(t.sink.local, n)
		return
	}
	if nd.flags&silent != 0 {
		if r := t.roots[t.st.node(t.st.top(n)).root]; r != nil && r.todo != nil {
			r.todo = append(r.todo, n)
			return
		}
	}
	t.visits = append(t.visits, n)
}

func (t *tree) wanted(mask inotify.Mask, synthetic bool) bool {
	return wantedBy(t.opt.mask, mask, synthetic)
}

// skipped reports whether the user leaves name in n out.
func (t *tree) skipped(n nodeID, name []byte, isDir bool) bool {
	return t.opt.skip != nil && t.opt.skip(t.join(n, name), isDir)
}
