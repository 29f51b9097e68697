package tree

// This file tells events as the kernel has them: see WithRecords. It also keeps looks at directories out
// of what is told. Directories are opened with O_PATH, which is no open for inotify(7), and read through
// another descriptor; a directory tells its own opens, reads and closes only when it has been read. So
// the parent tells of one reading, as it does of anybody's.

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// asIs is what WithRecords needs.
type asIs struct {
	disk   *asIsDisk
	files  map[int32]string // that are watched by themselves
	ending map[int32]ending // directories that were replaced: their own end is still to be told
}

// ending is a directory that is no part of the trees any more.
type ending struct {
	dir  int32 // the watch of the directory it was in, which may have moved when the end is told
	name string
	told bool // its DELETE_SELF: it was not held open
}

// readMask are the events of reading.
const readMask = inotify.Access | inotify.Open | inotify.CloseNoWrite

// toldMove stands for MoveSelf in a record whose move has been handled; inotify(7) has no such bit.
const toldMove inotify.Mask = 1 << 20

func newAsIs(d *shared, o options) *tree {
	disk := &asIsDisk{shared: d, reads: o.mask & readMask, low: make(map[int32]struct{})}
	t := newTree(disk, o)
	t.mask &^= inotify.ExclUnlink
	t.asIs = &asIs{disk: disk, files: make(map[int32]string), ending: make(map[int32]ending)}
	return t
}

// AddFile watches what path leads to by itself, file or directory, without what is in it, in the same
// queue as the trees: mask is that of inotify(7), with DontFollow or not. It needs [WithRecords]; events
// have path as what is watched. What a tree has already, or takes in later, is not watched a second time.
func (w *Watcher) AddFile(path string, mask inotify.Mask) error {
	if w.t.asIs == nil {
		return fmt.Errorf("inotify/tree: AddFile needs WithRecords")
	}
	if err := w.stream.Enter(); err != nil {
		return rootError(path, err)
	}
	defer w.stream.Leave()
	t := w.t
	t.work.Lock()
	defer t.work.Unlock()
	wd, fresh, err := w.src.sys.watchPath(path, mask)
	if err != nil {
		return &fs.PathError{Op: "inotify_add_watch", Path: path, Err: limitError(err)}
	}
	if fresh {
		t.asIs.files[wd] = path
	}
	return nil
}

// recordAsIs tells what the engine does not, and reports whether the record is done with.
func (t *tree) recordAsIs(r record) (done bool) {
	if r.mask.Has(inotify.Ignored) {
		t.asIs.disk.forget(r.wd)
	}
	if path, ok := t.asIs.files[r.wd]; ok {
		if r.mask.Has(inotify.Ignored) {
			delete(t.asIs.files, r.wd)
		}
		t.tellSelf(path, r.mask, r.cookie)
		return true
	}
	if end, ok := t.asIs.ending[r.wd]; ok {
		switch {
		case r.mask.Has(inotify.DeleteSelf):
			t.tellEnd(end, r.mask)
			end.told = true
			t.asIs.ending[r.wd] = end
		case r.mask.Has(inotify.Ignored):
			if end.told { // else it is held open, and tells nothing more
				t.tellEnd(end, r.mask)
			}
			delete(t.asIs.ending, r.wd)
		}
		return false
	}
	if _, stale := t.stale[r.wd]; stale || len(r.name) > 0 {
		return false
	}
	n := t.st.watched(r.wd)
	if n == 0 || !t.attached(n) {
		return false
	}
	switch {
	case r.mask.Has(toldMove):
		t.tellSelf(t.dirPath(n), inotify.MoveSelf, 0)
		return true
	case r.mask.HasAny(inotify.DeleteSelf | inotify.MoveSelf | inotify.Unmount | inotify.Ignored):
		t.tellSelf(t.dirPath(n), r.mask, 0)
		return false
	}
	t.tellSelf(t.dirPath(n), r.mask, r.cookie)
	return true
}

// dirPath is the path of n with a slash behind it.
func (t *tree) dirPath(n nodeID) string {
	path := t.join(n, nil)
	if strings.HasSuffix(path, "/") {
		return path
	}
	return path + "/"
}

func (t *tree) tellSelf(path string, mask inotify.Mask, cookie uint32) {
	if mask.HasAny(t.opt.mask | inotify.Ignored | inotify.Unmount) {
		t.put(item{ev: Event{Path: path, Mask: mask, Cookie: cookie, watched: len(path)}})
	}
}

// movedAsIs has the MOVE_SELF at pos, which is consumed, told in its turn.
func (t *tree) movedAsIs(pos int) {
	if t.asIs != nil {
		t.putMask(pos, toldMove)
	}
}

// outAsIs takes e away, which was moved out of the trees; a directory's own watch tells so.
func (t *tree) outAsIs(e entryID, cookie uint32) {
	path := ""
	if n := t.st.entry(e).node; t.asIs != nil && n != 0 && t.st.node(n).wd != 0 {
		path = t.dirPath(n)
	}
	t.goneEntry(e, inotify.MovedFrom, cookie, false)
	if path != "" {
		t.tellSelf(path, inotify.MoveSelf, 0)
	}
}

// replacedAsIs notes that a rename takes the place of e: a directory tells its end after that.
func (t *tree) replacedAsIs(e entryID) {
	if n := t.st.entry(e).node; t.asIs != nil && n != 0 && t.st.node(n).wd != 0 {
		in := t.st.node(t.st.entry(e).dir).wd
		t.asIs.ending[t.st.node(n).wd] = ending{dir: in, name: string(t.st.name(e))}
	}
}

// drainedAsIs forgets what waits for an IGNORED that was lost. It is called when the queue is empty.
func (t *tree) drainedAsIs() {
	if t.asIs == nil {
		return
	}
	for wd := range t.asIs.ending {
		if t.st.watched(wd) == 0 {
			delete(t.asIs.ending, wd)
		}
	}
}

func (t *tree) tellEnd(end ending, mask inotify.Mask) {
	if _, stale := t.stale[end.dir]; stale {
		return
	}
	if in := t.st.watched(end.dir); in != 0 && t.attached(in) {
		t.tellSelf(t.join(in, []byte(end.name))+"/", mask, 0)
	}
}

// askAgain has the directories at and below n that were not entered taken in if they are to be now: their
// paths are others.
func (t *tree) askAgain(n nodeID) {
	if t.opt.enter == nil {
		return
	}
	nd := t.st.node(n)
	if nd.wd == 0 && nd.flags&failed == 0 {
		nd.gen = 0
		t.push(n)
	}
	for e := nd.first; e != 0; e = t.st.entry(e).next {
		if c := t.st.entry(e).node; c != 0 {
			t.askAgain(c)
		}
	}
}

// otherHalfAsIs tells the second half of an exchange.
func (t *tree) otherHalfAsIs(a, b *pair) {
	if t.asIs == nil {
		return
	}
	t.put(item{ev: Event{
		Path: t.join(a.p, a.from.name), From: t.join(a.q, a.to.name), Exchange: true,
		Mask: inotify.MovedTo | b.from.mask&inotify.IsDir, Cookie: b.from.cookie,
	}})
}

// beginAsIs begins a set-up. Its end has the directories tell reading, too.
func (w *Watcher) beginAsIs() (end func()) {
	t := w.t
	if t.asIs == nil || t.asIs.disk.reads == 0 {
		return func() {}
	}
	t.asIs.disk.setups.Add(1)
	return func() {
		if t.asIs.disk.setups.Add(-1) > 0 {
			return
		}
		// What has moved meanwhile is found at its place when the queue has been handled.
		for range 8 {
			for _, path := range t.paths() {
				t.raise(path)
			}
			if t.asIs.disk.raised() {
				return
			}
			t.work.Lock()
			t.step()
			w.publish()
			t.work.Unlock()
		}
	}
}

// raise has the directory at path tell reading. Something else can stand there by now: a watch that this
// makes is removed.
func (t *tree) raise(path string) {
	t.work.Lock()
	defer t.work.Unlock()
	wd, err := t.asIs.disk.raisePath(path)
	if _, file := t.asIs.files[wd]; err == nil && !file && t.st.watched(wd) == 0 {
		t.drop(wd)
	}
}

// asIsDisk is a disk whose directories are open with O_PATH.
type asIsDisk struct {
	*shared
	reads  inotify.Mask // events of reading that are asked for
	setups atomic.Int32 // that are under way
	nth    atomic.Int64 // of names that nothing has

	mu  sync.Mutex
	low map[int32]struct{} // watches that do not tell reading yet
}

func (d *asIsDisk) watch(fd int, mask inotify.Mask) (wd int32, fresh bool, err error) {
	wd, fresh, err = d.shared.watch(fd, mask&^d.reads)
	if fresh && err == nil && d.reads != 0 {
		d.mu.Lock()
		d.low[wd] = struct{}{}
		d.mu.Unlock()
	}
	return wd, fresh, err
}

func (d *asIsDisk) own() (watchFunc, func()) { return d.watch, func() {} }

func (d *asIsDisk) unwatch(wd int32) {
	d.forget(wd)
	d.shared.unwatch(wd)
}

// forget has the watch wd not be among those that do not tell reading yet.
func (d *asIsDisk) forget(wd int32) {
	d.mu.Lock()
	delete(d.low, wd)
	d.mu.Unlock()
}

// list reads through another descriptor, and has the directory tell reading when that is over.
func (d *asIsDisk) list(fd int, buf []byte, f func([]byte, bool) error) error {
	name := d.fds + strconv.Itoa(fd)
	readable, err := retry(func() (int, error) { return unix.Open(name, openFlags, 0) })
	if err != nil {
		return err
	}
	err = d.shared.list(readable, buf, f)
	d.shared.close(readable)
	if d.reads != 0 && d.setups.Load() == 0 {
		_, _ = d.raisePath(name) // of what cannot be, the parent tells
	}
	return err
}

// raisePath has the directory at path tell reading. It has a watch, or gets one.
func (d *asIsDisk) raisePath(path string) (wd int32, err error) {
	n, err := retry(func() (int, error) {
		return unix.InotifyAddWatch(d.inotify, path, uint32(d.reads|inotify.MaskAdd|inotify.OnlyDir))
	})
	if err == nil {
		d.forget(int32(n))
	}
	return int32(n), err
}

// raised reports whether all directories tell reading.
func (d *asIsDisk) raised() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.low) == 0
}

// lock waits for a change of the directory that is under way without reading it: the lookup of a name
// that nothing has takes the directory's lock (lookup_slow in fs/namei.c).
func (d *asIsDisk) lock(fd int, _ []byte) error {
	name := ".inoseq-" + strconv.FormatInt(d.nth.Add(1), 36)
	_, _, err := d.kind(fd, []byte(name))
	return err
}
