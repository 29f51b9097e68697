//go:build linux

package tree

// This file is what happens after an overflow, and to roots. The kernel puts one record with
// descriptor -1 where the loss is and goes on (inotify(7)); anything can be among what was lost,
// IGNORED too. So every directory is taken in again as if it were new, each once, and the differences
// are told; an overflow meanwhile has another scan follow, the present one goes on.
//
// There is one such record at a time (fsnotify_insert_event in fs/notify/notification.c): what is lost
// before it has been read leaves no other, though records that were queued after it are kept. So the scan
// begins when all that was queued has been handled: of what stands behind, the end can be lost.

import (
	"errors"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// overflowed handles the record of an overflow.
func (t *tree) overflowed() {
	t.put(item{ev: Event{Mask: inotify.QueueOverflow}, err: inotify.ErrOverflow})
	t.rescan = true
	t.scanFrom = t.queueEnd()
	t.freed = true
}

// queueEnd returns the value of handled when all has been handled that is queued now.
func (t *tree) queueEnd() uint64 {
	return t.handled + uint64(len(t.pend)-t.pos) + uint64(t.disk.queued())
}

// scanAgain begins a scan of everything.
func (t *tree) scanAgain() {
	t.rescan = false
	t.gen++
	for _, r := range t.roots {
		if r != nil {
			t.push(r.node)
		}
	}
}

// visitRoot takes a root in. It may be a link, and what it leads to is the root: if that is another
// directory than the one that is watched, the root has gone. It is called with mu held and releases it.
func (s *scanner) visitRoot(n nodeID) {
	t := s.t
	abs := t.roots[t.st.node(n).root].abs
	t.mu.Unlock()
	fd, err := t.disk.openRoot(abs)
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		if movedOn(err) {
			t.rootLost(n)
		} else {
			t.fail(n, -1, err)
		}
		return
	}
	wd, fresh, err := s.watch(fd, t.mask)
	t.mu.Lock()
	if err != nil || fresh || wd != t.st.node(n).wd {
		switch {
		case err == unix.ENOSPC: // what stands there has no watch: it is another directory
			t.rootLost(n)
		case err != nil:
			t.fail(n, -1, err)
		default:
			if fresh {
				t.drop(wd)
			}
			t.rootLost(n)
		}
		t.mu.Unlock()
		t.disk.close(fd)
		return
	}
	t.st.node(n).flags &^= moved
	t.mu.Unlock()
	s.push(n, wd, fd)
	s.listInto(n, fd)
}

// rootLost is when the path of a root does not lead to it any more.
func (t *tree) rootLost(n nodeID) {
	if t.st.node(n).flags&moved != 0 {
		t.rootGone(n, inotify.MoveSelf, false)
	} else {
		t.rootGone(n, inotify.DeleteSelf, true)
	}
}

// rootGone is the end of a root, which is told whatever the user's mask.
func (t *tree) rootGone(n nodeID, mask inotify.Mask, synthetic bool) {
	if t.st.node(n).flags&isRoot == 0 {
		return
	}
	r := t.roots[t.st.node(n).root]
	if t.asIs == nil { // else its own watch has told it
		t.put(item{ev: Event{Path: r.path, Mask: mask, Synthetic: synthetic}})
	}
	t.removeRoot(r)
}

// removeRoot lets a root go.
func (t *tree) removeRoot(r *root) {
	nd := t.st.node(r.node)
	t.roots[nd.root] = nil
	nd.flags &^= isRoot
	t.st.version++
	t.freed = true
	t.dissolving = append(t.dissolving, r.node)
}

// removeNow is removeRoot that leaves nothing to be given back.
func (t *tree) removeNow(r *root) {
	t.removeRoot(r)
	for len(t.dissolving) > 0 {
		t.dissolve(stepFrees)
	}
}

// filterAgain has a root listed again, because what is skipped below it is another.
func (t *tree) filterAgain(r *root) {
	nd := t.st.node(r.node)
	nd.flags |= refilter
	nd.gen = 0
	t.push(r.node)
}

var errClosed = errors.New("closed")
