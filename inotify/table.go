//go:build linux

package inotify

// This file keeps watch descriptors and Watches together: what an Add that has returned from the
// kernel means, who owns a descriptor that was given out again, and what is left of the table after
// an overflow, in which Ignored events may have been lost. Everything here is called under
// the stream's Mu.

import (
	"cmp"
	"slices"

	"golang.org/x/sys/unix"
)

// table is what the Watcher knows of the kernel's watches.
type table struct {
	byWD  owners            // the oldest owner whose Ignored has not been delivered
	newer map[*Watch]*Watch // the next owner of the same descriptor, where there is one
	last  *Watch            // the one found last, or nil

	// tick counts the beginnings and ends of Adds; moments below are compared with it.
	tick     uint64
	adds     addList // in flight
	overflow uint64  // the last overflow that was delivered
	left     uint64  // the last time a watch left the table
	lateLeft uint64  // the last time one with Watch.late did

	// After an overflow:
	stale    bool     // the kernel's list is to be read
	listAt   int64    // when so many bytes have been delivered, if the queue is not seen empty before
	suspects []*Watch // not on the kernel's list; they go when the queue was seen empty since, or
	dropAt   int64    // when so many bytes have been delivered
}

// inFlight is an Add that has not come back from the kernel, in a list, the oldest first.
type inFlight struct {
	since      uint64
	prev, next *inFlight
}

type addList struct{ oldest, newest *inFlight }

func (w *Watcher) enterAdd() (*inFlight, error) {
	w.stream.Mu.Lock()
	defer w.stream.Mu.Unlock()
	if err := w.stream.EnterLocked(); err != nil {
		return nil, err
	}
	t := &w.table
	t.tick++
	c := &inFlight{since: t.tick, prev: t.adds.newest}
	if c.prev != nil {
		c.prev.next = c
	} else {
		t.adds.oldest = c
	}
	t.adds.newest = c
	return c, nil
}

// unlockLeaveAdd counts c out, and unlocks Mu.
func (w *Watcher) unlockLeaveAdd(c *inFlight) {
	list := &w.table.adds
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		list.oldest = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		list.newest = c.prev
	}
	if w.source.heldSince != 0 {
		w.stream.Broadcast() // a record may have waited for this Add
	}
	w.stream.UnlockLeave()
}

// settle says which Watch the descriptor wd belongs to that the kernel returned to the Add c.
//
// A fresh watch was made by this very call. Its descriptor may still be known with a former owner,
// whose Ignored waits in the queue: then the new one stands behind it. But another Add of the same
// inode, begun later, can have found it (EEXIST) and come here first: then it is that one's.
func (w *Watcher) settle(c *inFlight, wd int32, fresh bool, path string, mask Mask) *Watch {
	t := &w.table
	t.tick++
	wt := t.byWD.get(wd)
	for t.newer[wt] != nil {
		wt = t.newer[wt]
	}
	if wt != nil && (!fresh || wt.late && wt.born.tick() > c.since) {
		w.update(c, wt, mask)
		wt.path = path
		return wt
	}
	former := wt
	wt = &Watch{w: w, wd: wd, path: path, mask: kept(mask), late: !fresh, born: momentOf(t.tick), changed: momentOf(t.tick)}
	if former != nil {
		former.state = doomed
		if t.newer == nil {
			t.newer = make(map[*Watch]*Watch)
		}
		t.newer[former] = wt
	} else {
		t.byWD.set(wd, wt)
	}
	// Has the watch ended while this call was in flight, and its Ignored been delivered already
	// (to another Add's Watch) or been lost? Then it must not stay here for ever.
	if t.overflow > c.since || !fresh && t.left > c.since || fresh && t.lateLeft > c.since {
		if marks, err := kernelWatches(w.fd); err == nil && !has(marks, wd) {
			w.suspect(wt)
			w.stream.Kick() // a loop that waits is to look whether the queue is empty
		}
	}
	return wt
}

// watchBits are the bits of a mask that the kernel keeps for a watch.
const watchBits = AllEvents | OneShot | ExclUnlink

func kept(mask Mask) Mask { return mask & watchBits }

// update brings the mask of wt up to date after the Add c of it. Of two Adds at the same time
// nobody knows which came last in the kernel; then the kernel is asked.
func (w *Watcher) update(c *inFlight, wt *Watch, mask Mask) {
	if mask.Has(MaskAdd) {
		wt.mask |= kept(mask)
	} else {
		wt.mask = kept(mask)
	}
	if wt.changed.tick() > c.since {
		if marks, err := kernelWatches(w.fd); err == nil && has(marks, wt.wd) {
			wt.mask = kept(marks[wt.wd])
		}
	}
	wt.changed = momentOf(w.table.tick)
}

func has(marks map[int32]Mask, wd int32) bool {
	_, ok := marks[wd]
	return ok
}

// find returns the owner of the next record with the descriptor wd, or nil.
func (t *table) find(wd int32) *Watch {
	if t.last != nil && t.last.wd == wd {
		return t.last
	}
	wt := t.byWD.get(wd)
	if wt != nil {
		t.last = wt
	}
	return wt
}

// remove takes wt out, which find returns for its descriptor: its Ignored is being delivered, or
// was lost.
func (t *table) remove(wt *Watch) {
	wt.state = gone
	t.last = nil
	t.byWD.set(wt.wd, t.newer[wt])
	delete(t.newer, wt)
	t.tick++
	t.left = t.tick
	if wt.late {
		t.lateLeft = t.tick
	}
}

// addedSince reports whether an Add that was in flight at the given tick still is.
func (t *table) addedSince(tick uint64) bool {
	return t.adds.oldest != nil && t.adds.oldest.since <= tick
}

// live returns the watches of state live, sorted by descriptor.
func (w *Watcher) live() []*Watch {
	w.stream.Mu.Lock()
	defer w.stream.Mu.Unlock()
	if w.stream.Closed() {
		return nil
	}
	list := make([]*Watch, 0, w.table.byWD.count)
	for wt := range w.table.byWD.all {
		for ; wt != nil; wt = w.table.newer[wt] {
			if wt.state == live {
				list = append(list, wt)
			}
		}
	}
	slices.SortFunc(list, func(a, b *Watch) int { return cmp.Compare(a.wd, b.wd) })
	return list
}

// overflowed notes that Ignored events may have been lost. The kernel's list is read when the queue
// has been seen empty, once for a burst of overflows. Under a load that never lets it become empty
// the list is read when what is queued now has been delivered, and not before there were several
// events for each watch on it, so that reading it stays a fraction of the work.
func (w *Watcher) overflowed() {
	t := &w.table
	t.tick++
	t.overflow = t.tick
	if !t.stale {
		t.stale = true
		t.listAt = w.queuedEnd() + int64(t.byWD.count)*4*HeaderSize
	}
}

// queuedEnd is how many bytes will have been delivered when all that is queued now has been.
func (w *Watcher) queuedEnd() int64 {
	// FIONREAD has another name in unix. It writes an int of C, 32 bits.
	queued, err := unix.IoctlGetUint32(w.fd, unix.TIOCINQ)
	if err != nil {
		queued = 0
	}
	return w.source.delivered + int64(w.source.end-w.source.start) + int64(queued)
}

// tidyDue reports whether tidy has something to do, with so many bytes delivered, and the queue
// seen empty or not.
func (t *table) tidyDue(delivered int64, empty bool) bool {
	return t.dropDue(delivered, empty) || t.listDue(delivered, empty)
}

func (t *table) dropDue(delivered int64, empty bool) bool {
	return len(t.suspects) > 0 && (empty || delivered >= t.dropAt)
}

func (t *table) listDue(delivered int64, empty bool) bool {
	return t.stale && len(t.suspects) == 0 && (empty || delivered >= t.listAt)
}

// tidy makes the table true again after an overflow: it drops the suspects for which the time has
// come, then reads the kernel's list. It is called without Mu, by the one loop that has the stream
// for itself: reading a long list takes a while.
func (w *Watcher) tidy() {
	t, s := &w.table, &w.source
	w.stream.Mu.Lock()
	if t.dropDue(s.delivered, s.sawEmpty) {
		for _, wt := range t.suspects {
			if wt.state != gone {
				t.drop(wt)
			}
		}
		t.suspects = nil
	}
	list := t.listDue(s.delivered, s.sawEmpty)
	t.stale = t.stale && !list
	s.sawEmpty = false
	before := t.tick
	w.stream.Mu.Unlock()
	if !list {
		return
	}
	marks, err := kernelWatches(w.fd)
	if err != nil {
		return // without /proc the table keeps what it has
	}
	w.stream.Mu.Lock()
	defer w.stream.Mu.Unlock()
	for wt := range t.byWD.all {
		for ; wt != nil; wt = t.newer[wt] {
			if wt.born.tick() <= before && (t.newer[wt] != nil || !has(marks, wt.wd)) {
				w.suspect(wt)
			}
		}
	}
}

// suspect notes that wt is not in the kernel any more and that its Ignored may never come.
func (w *Watcher) suspect(wt *Watch) {
	wt.state = doomed
	w.table.suspects = append(w.table.suspects, wt)
	w.table.dropAt = w.queuedEnd()
	w.source.sawEmpty = false // it was empty before; its Ignored may be queued since
}

// drop takes wt out, wherever it stands among the owners of its descriptor.
func (t *table) drop(wt *Watch) {
	older := t.byWD.get(wt.wd)
	if older == wt {
		t.remove(wt)
		return
	}
	for t.newer[older] != wt {
		older = t.newer[older]
	}
	if next := t.newer[wt]; next != nil {
		t.newer[older] = next
	} else {
		delete(t.newer, older)
	}
	delete(t.newer, wt)
	wt.state = gone
}
