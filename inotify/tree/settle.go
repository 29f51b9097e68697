//go:build linux

package tree

// This file says which directory stands under a name that was opened and watched: the one that is known
// there, one that is known elsewhere and has moved, or one that is new. Identity is the watch descriptor,
// which belongs to an inode (inotify_add_watch(2)); but a bind mount gives one inode two places, and a
// descriptor can be given out again when its watch is gone (idr_alloc_cyclic in inotify_user.c).

import (
	"errors"

	"github.com/inoseq/inoseq/inotify"
)

// settle has n, whose name leads to the directory that has the watch wd, be that directory. It
// returns the node that stands there now and is to be listed, or 0. It is called with mu held.
func (t *tree) settle(n nodeID, wd int32, fresh, mount bool) nodeID {
	nd := t.st.node(n)
	if t.st.top(n) == 0 { // another worker let it go meanwhile
		if fresh {
			t.drop(wd)
		}
		return 0
	}
	if _, shared := t.shared[wd]; fresh && !shared {
		t.fresh(wd)
	}
	m, back := t.st.watched(wd), false
	switch {
	case m == n:
		if nd.flags&failed != 0 {
			nd.gen = 0 // that it failed was all that this scan knew
		}
		nd.taken(mount)
		return n
	case m != 0 && t.st.top(m) != 0:
		if mount || t.st.node(m).flags&isRoot != 0 {
			t.conflict(n, m, mount)
			return 0
		}
		if t.st.node(m).flags&mountRoot == 0 || t.st.within(n, m) || t.st.within(m, n) {
			return t.standsAt(m, n, 0)
		}
		t.yield(m)
		back = true
	case m != 0:
		t.st.unbind(m) // it was let go, and is back
		back = true
	}
	if nd.wd != 0 {
		n = t.replace(n)
		nd = t.st.node(n)
	}
	t.bind(n, wd)
	nd.gen = 0 // it is listed with this watch, whether or not it failed in this scan
	if !fresh && !back {
		t.shared[wd] = struct{}{} // another worker made the watch, and will say so after this
	}
	if back {
		t.isBack(n)
	}
	nd.taken(mount)
	return n
}

// taken forgets what kept nd from being taken in, and keeps whether it is a mount root.
func (nd *node) taken(mount bool) {
	nd.flags &^= failed | foreign | mountRoot | inDoubt
	if mount {
		nd.flags |= mountRoot
	}
}

// standsAt has m, which is attached elsewhere, stand where n does: the disk says so. A rename is
// told, as far as the state allows for it.
func (t *tree) standsAt(m, n nodeID, cookie uint32) nodeID {
	p := t.st.parent(n)
	wd := t.st.node(m).wd
	name := append([]byte(nil), t.st.name(t.st.node(n).entry)...)
	if t.st.within(n, m) {
		// The state is too old: m cannot be below itself. It goes, and is found again.
		t.look(t.st.parent(m), string(t.st.name(t.st.node(m).entry)))
		t.gone(m, inotify.Delete, 0, true)
		return 0
	}
	if t.st.within(m, n) { // what stood above it has gone, and took its old place along
		n = t.replace(n)
		t.st.unbind(m)
		t.bind(n, wd)
		t.isBack(n)
		return n
	}
	old, oldName := t.st.parent(m), string(t.st.name(t.st.node(m).entry))
	t.gone(n, inotify.Delete, 0, true)
	t.rename(t.st.node(m).entry, p, name, cookie, true)
	t.look(old, oldName)
	return m
}

// yield has m, a bind mount that was found before the directory itself was, give up its watch: what is
// behind it is told of where the directory is. A mount root cannot be renamed (rename(2), EBUSY).
func (t *tree) yield(m nodeID) {
	t.st.unbind(m)
	top := t.st.node(t.st.top(m))
	if t.opt.initial || t.roots[top.root].todo == nil {
		t.again(t.replace(m))
		return
	}
	// Add has told nothing of it.
	e := t.st.node(m).entry
	p, name := t.st.entry(e).dir, append([]byte(nil), t.st.name(e)...)
	t.removeEntry(e)
	m = t.st.entry(t.st.add(p, name, true)).node
	t.st.node(m).flags |= silent
	t.again(m)
}

// replace has another directory, which is to be taken in, stand where n does.
func (t *tree) replace(n nodeID) nodeID {
	e := t.st.node(n).entry
	p, name := t.st.entry(e).dir, append([]byte(nil), t.st.name(e)...)
	t.gone(n, inotify.Delete, 0, true)
	e = t.st.add(p, name, true)
	t.tell(p, name, inotify.Create|inotify.IsDir, 0, true)
	return t.st.entry(e).node
}

// conflict is a directory that is watched at another place already, which is no rename: a bind mount,
// or a root that has come to stand inside another.
func (t *tree) conflict(n, m nodeID, mount bool) {
	nd := t.st.node(n)
	if nd.wd != 0 {
		n = t.replace(n)
		nd = t.st.node(n)
	}
	if t.st.node(m).flags&isRoot != 0 && !mount && nd.flags&inDoubt == 0 {
		// Most likely the root has moved here. If so, it ends when it is looked at, and this is new.
		nd.flags |= inDoubt
		t.again(m)
		t.again(n)
		return
	}
	nd.flags &^= inDoubt
	nd.gen = t.gen
	t.want(n) // until the other place is given up
	if nd.flags&failed == 0 {
		nd.flags |= failed
		t.tellError(n, errTwice)
	}
}

var errTwice = errors.New("it is watched at another path already (a bind mount, or a root inside a root)")

// isForeign reports whether fd is on another file system than n's root.
func (s *scanner) isForeign(n nodeID, fd int) bool {
	t := s.t
	dev, err := t.disk.device(fd)
	t.mu.Lock()
	defer t.mu.Unlock()
	top := t.st.top(n)
	if err != nil || top == 0 || dev == t.roots[t.st.node(top).root].device {
		return false
	}
	if t.st.node(n).wd != 0 {
		n = t.replace(n)
	}
	t.st.node(n).flags |= foreign
	t.st.node(n).gen = t.gen
	return true
}

// bind gives n, which has none, the watch wd. If it was that of a file by itself, it is not any more.
func (t *tree) bind(n nodeID, wd int32) {
	t.st.bind(n, wd)
	if t.asIs != nil {
		delete(t.asIs.files, wd)
	}
}

// staleness says which records of a descriptor are about directories that had it before: those up to the
// last IGNORED of them. That can be lost in an overflow. So when the descriptor is known to be in use
// again, what was not queued by then is about the present directory, too.
type staleness struct {
	ignored int    // how often IGNORED is expected
	until   uint64 // a value of tree.handled; or 0
}

// outdated has the records of wd that are queued, up to its IGNORED, pass. The queue has not been seen
// empty since.
func (t *tree) outdated(wd int32) {
	t.stale[wd] = staleness{ignored: t.stale[wd].ignored + 1}
	t.drained = false
}

// isStale reports whether r, which is being handled, is about a directory that had its descriptor before.
func (t *tree) isStale(r record) bool {
	s, ok := t.stale[r.wd]
	switch {
	case !ok:
		return false
	case s.until > 0 && t.handled >= s.until:
		delete(t.stale, r.wd)
		return false
	case !r.mask.Has(inotify.Ignored):
	case s.ignored == 1:
		delete(t.stale, r.wd)
	default:
		s.ignored--
		t.stale[r.wd] = s
	}
	return true
}

// fresh is when the watch wd has just been made, before what it watches is listed. If a directory is known
// to have it, the kernel gave the number of a watch that is gone out again.
func (t *tree) fresh(wd int32) {
	if m := t.st.watched(wd); m != 0 {
		t.lostWatch(m)
		t.outdated(wd)
	}
	if s, ok := t.stale[wd]; ok {
		s.until = t.queueEnd()
		t.stale[wd] = s
	}
}

// isBack notes that n has a watch of which older records may be queued. The queue has not been seen empty
// since.
func (t *tree) isBack(n nodeID) {
	t.returned[n] = struct{}{}
	t.drained = false
}

// drop removes a watch that belongs to no node.
func (t *tree) drop(wd int32) {
	t.fresh(wd)
	t.outdated(wd)
	t.disk.unwatch(wd)
	t.freed = true
}
