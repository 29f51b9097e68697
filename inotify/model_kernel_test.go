//go:build linux

package inotify

// This file is a model of the kernel's inotify, to be read beside inotify(7): one instance, what is
// told to whom, and how it is queued. It knows nothing of this package but Mask. Which operation
// tells what is in model_files_test.go.

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// modelKernel is one file system with one instance.
type modelKernel struct {
	root    *modelEntry
	queue   []modelEvent // not read yet
	cookies int          // given out
}

type modelWatch struct {
	inode *modelInode
	mask  Mask // events asked for, OneShot and ExclUnlink
	alive bool
}

type modelEvent struct {
	watch  *modelWatch
	mask   Mask
	name   string
	cookie int // the number of the rename; 0 for none
}

func (ev modelEvent) String() string { return fmt.Sprintf("%v %q", ev.mask, ev.name) }

func newModelKernel() *modelKernel {
	return &modelKernel{root: &modelEntry{inode: &modelInode{entries: map[string]*modelEntry{}, links: 1}}}
}

// What is told, and to whom.

// push queues an event. One that equals the newest is merged into it, whatever its cookie: inotify(7),
// "coalesced"; event_compare in fs/notify/inotify/inotify_fsnotify.c. It compares descriptors, but
// never merges with IGNORED, so that a descriptor that is reused is no exception.
func (k *modelKernel) push(ev modelEvent) {
	if len(k.queue) > 0 {
		tail := k.queue[len(k.queue)-1]
		tail.cookie = ev.cookie
		if tail == ev {
			return
		}
	}
	k.queue = append(k.queue, ev)
}

// tell queues an event if w asks for it. inotify(7), IN_ONESHOT: then w is gone, also if the event
// was merged (inotify_handle_inode_event in inotify_fsnotify.c).
func (k *modelKernel) tell(w *modelWatch, what Mask, name string, cookie int) {
	if w == nil || !w.mask.HasAny(what&AllEvents) {
		return
	}
	k.push(modelEvent{w, what, name, cookie})
	if w.mask.Has(OneShot) {
		k.forget(w)
	}
}

// forget ends a watch. inotify(7), IN_IGNORED: need not be asked for, and is the last event.
func (k *modelKernel) forget(w *modelWatch) {
	w.alive = false
	w.inode.watch = nil
	k.push(modelEvent{watch: w, mask: Ignored})
}

// tellInode is for what is told to the inode's own watch alone. DELETE_SELF and MOVE_SELF have no
// ISDIR (inotify_handle_inode_event in inotify_fsnotify.c).
func (k *modelKernel) tellInode(n *modelInode, what Mask) {
	if n.isDir() && !what.HasAny(DeleteSelf|MoveSelf) {
		what |= IsDir
	}
	k.tell(n.watch, what, "", 0)
}

// tellName is for changes of a directory: its watch alone hears of them.
func (k *modelKernel) tellName(dir *modelEntry, name string, n *modelInode, what Mask, cookie int) {
	if n.isDir() {
		what |= IsDir
	}
	k.tell(dir.inode.watch, what, name, cookie)
}

// tellEntry is for changes of an object that both watches hear of, that of the directory first
// (fsnotify_handle_event in fs/notify/fsnotify.c). The directory and the name are the present ones,
// or the last (__fsnotify_parent there).
func (k *modelKernel) tellEntry(e *modelEntry, what Mask) {
	if e.parent != nil {
		k.tellName(e.parent, e.name, e.inode, what, 0)
	}
	k.tellInode(e.inode, what)
}

// tellOpened is tellEntry for what is done through an open file. inotify(7), IN_EXCL_UNLINK: not
// told once the name is unlinked; to the object's own watch neither (fsnotify_handle_inode_event in
// fs/notify/fsnotify.c: if the event has a path, and d_unlinked).
func (k *modelKernel) tellOpened(e *modelEntry, what Mask) {
	hidden := func(n *modelInode) bool { return e.unlinked && n.watch != nil && n.watch.mask.Has(ExclUnlink) }
	if e.parent != nil && !hidden(e.parent.inode) {
		k.tellName(e.parent, e.name, e.inode, what, 0)
	}
	if !hidden(e.inode) {
		k.tellInode(e.inode, what)
	}
}

// queued is what FIONREAD says, the bytes of all events in the queue: inotify(7), Notes.
func (k *modelKernel) queued() (bytes int) {
	for _, ev := range k.queue {
		bytes += ev.size()
	}
	return bytes
}

// read takes as many whole events as fit (inotify_read in inotify_user.c).
func (k *modelKernel) read(size int) (events []modelEvent) {
	n := 0
	for n < len(k.queue) && k.queue[n].size() <= size {
		size -= k.queue[n].size()
		n++
	}
	events, k.queue = k.queue[:n:n], k.queue[n:]
	return events
}

// size is that of the record: the name ends with a NUL and is padded (round_event_name_len in
// inotify_user.c).
func (ev modelEvent) size() int {
	if ev.name == "" {
		return 16
	}
	return 16 + (len(ev.name)+1+15)/16*16
}

// Watches: inotify_add_watch(2), inotify_rm_watch(2).

func (k *modelKernel) addWatch(path string, mask Mask) (*modelWatch, error) {
	at, err := k.walk(path, !mask.Has(DontFollow))
	switch {
	case err != nil:
		return nil, err
	case at.entry == nil:
		return nil, unix.ENOENT
	}
	return k.addWatchInode(at.entry.inode, mask)
}

func (k *modelKernel) addWatchInode(n *modelInode, mask Mask) (*modelWatch, error) {
	kept := mask & (AllEvents | OneShot | ExclUnlink)
	switch w := n.watch; {
	case mask.Has(OnlyDir) && !n.isDir():
		return nil, unix.ENOTDIR
	case w == nil:
		n.watch = &modelWatch{inode: n, mask: kept, alive: true}
	case mask.Has(MaskCreate):
		return nil, unix.EEXIST
	case mask.Has(MaskAdd):
		w.mask |= kept
	default:
		w.mask = kept // the flags too: inotify_update_existing_watch in inotify_user.c
	}
	return n.watch, nil
}

func (k *modelKernel) removeWatch(w *modelWatch) {
	if w.alive {
		k.forget(w)
	}
}
