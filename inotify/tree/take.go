//go:build linux

package tree

// This file takes a directory in: opens it from its parent's descriptor, watches the open descriptor,
// lists the same descriptor. Watch, then list, one inode: a change before the watch is in the listing,
// a change after it is in the queue, and one that is in both is told once, because a creation of what
// is known is not told (inotify(7), "Limitations and caveats").
//
// Which directory was found, settle.go says; the parent that a name is looked up in is opened and
// checked in scanner.go. So what is learned here is always: at this moment, this inode stands under this
// name in that inode.

import (
	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// visit takes in the directory n. Final: what is not there is gone; otherwise it is looked at again
// when the queue has been handled.
func (s *scanner) visit(n nodeID, final bool) {
	s.t.mu.Lock()
	s.enter(n, final)
}

// enter is visit; it is called with mu held and releases it. The lock is what the workers of a set-up
// share: it is taken once before the system calls, once between, once after.
func (s *scanner) enter(n nodeID, final bool) {
	t := s.t
	switch flags := t.st.node(n).flags; {
	case flags&inUse == 0 || t.st.top(n) == 0:
		t.mu.Unlock()
		return
	case flags&isRoot != 0:
		s.visitRoot(n)
		return
	}
	p := t.st.parent(n)
	if t.opt.enter != nil && t.st.node(n).wd == 0 && !t.opt.enter(t.join(n, nil)) {
		t.st.node(n).gen = t.gen
		t.mu.Unlock()
		return
	}
	s.name = append(s.name[:0], t.st.name(t.st.node(n).entry)...)
	i := s.kept(p)
	t.mu.Unlock()

	at, err := -1, error(nil)
	if i >= 0 {
		at = s.backTo(i)
	} else if at, err = s.dir(p); err != nil {
		s.noParent(n, p, err, final)
		return
	}
	fd, mount, err := t.disk.open(at, s.name)
	if err != nil {
		s.notOpened(n, at, err, final)
		return
	}
	if mount && t.opt.oneFilesystem && s.isForeign(n, fd) {
		t.disk.close(fd)
		return
	}
	wd, fresh, err := s.watch(fd, t.mask)
	if err != nil {
		t.disk.close(fd)
		t.mu.Lock()
		if err == unix.ENOSPC && t.st.top(n) != 0 && t.st.node(n).wd != 0 {
			n = t.replace(n) // what stands there has no watch, n has one: it is another directory
		}
		t.fail(n, at, err)
		t.mu.Unlock()
		return
	}
	t.mu.Lock()
	n = t.settle(n, wd, fresh, mount)
	var c comparison
	due := false
	if n != 0 {
		c, due = t.comparison(n)
	}
	t.mu.Unlock()
	if n == 0 {
		t.disk.close(fd)
		return
	}
	s.push(n, wd, fd)
	if due {
		s.list(c, fd)
	}
}

// comparison is a listing on its way.
type comparison struct {
	n     nodeID
	known bool // the node had entries before: those not seen are gone
	added int  // entries
	quiet bool // nothing is told

	refilter bool // the path is another than it was: what is skipped may be another, too
}

// comparison returns the one that n's listing begins with; due is false if this scan has listed n. It
// is called with mu held.
func (t *tree) comparison(n nodeID) (c comparison, due bool) {
	nd := t.st.node(n)
	c = comparison{n: n, known: nd.first != 0, refilter: nd.flags&refilter != 0}
	if nd.flags&silent != 0 {
		if top := t.st.top(n); top != 0 {
			c.quiet = t.roots[t.st.node(top).root].todo != nil // what is found after Add has returned is told
		}
	}
	return c, nd.gen != t.gen
}

// listInto lists fd, which has n open, if this scan has not listed it, and compares.
func (s *scanner) listInto(n nodeID, fd int) {
	s.t.mu.Lock()
	c, due := s.t.comparison(n)
	s.t.mu.Unlock()
	if due {
		s.list(c, fd)
	}
}

// list lists fd and compares.
func (s *scanner) list(c comparison, fd int) {
	t := s.t
	err := t.disk.list(fd, s.buffer(), func(chunk []byte, last bool) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.closed.Load() {
			return errClosed
		}
		if s.own {
			t.sink = s
			defer func() { t.sink = nil }()
		}
		err := s.compare(&c, fd, chunk)
		if last && err == nil {
			t.listed(&c)
		}
		return err
	})
	if err == nil || err == errClosed {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == unix.ENOENT { // it was removed meanwhile
		t.listed(&c)
		return
	}
	t.unsee(c.n)
	t.fail(c.n, -1, err)
}

// listed is the end of a listing.
func (t *tree) listed(c *comparison) {
	nd := t.st.node(c.n)
	nd.gen = t.gen
	nd.flags &^= silent | refilter
	if c.known {
		t.sweep(c.n)
	}
}

// compare has the entries of a chunk be known.
func (s *scanner) compare(c *comparison, fd int, chunk []byte) error {
	t := s.t
	for len(chunk) > 0 {
		d, rest, err := nextDirent(chunk)
		if err != nil {
			return err
		}
		chunk = rest
		if len(d.name) == 0 || d.name[0] == '.' && (len(d.name) == 1 || len(d.name) == 2 && d.name[1] == '.') {
			continue
		}
		isDir := d.kind == unix.DT_DIR
		if d.kind == unix.DT_UNKNOWN { // not every file system says it: readdir(3)
			there, dir, err := t.disk.kind(fd, d.name)
			switch {
			case err == unix.EACCES || err == unix.EPERM: // the directory may be listed, not searched
				return err
			case err == nil && !there:
				continue
			}
			isDir = dir
		}
		t.found(c, d.name, isDir)
	}
	return nil
}

// found has name be known in c's directory.
func (t *tree) found(c *comparison, name []byte, isDir bool) {
	var e entryID
	if !c.known && c.added <= fewEntries {
		e = t.st.findAmong(c.n, name) // a listing can have a name twice, when it is changed meanwhile
	} else {
		e = t.st.find(c.n, name)
	}
	if e != 0 && t.st.isDir(e) != isDir {
		t.goneEntry(e, inotify.Delete, 0, true)
		e = 0
	}
	if (e == 0 || c.refilter) && t.skipped(c.n, name, isDir) {
		return // if it was known, it is not seen, and goes
	}
	if e == 0 {
		e = t.st.add(c.n, name, isDir)
		c.added++
		switch {
		case !c.quiet:
			t.tell(c.n, name, inotify.Create|dirBit(isDir), 0, true)
		case t.opt.initial && t.attached(c.n):
			t.put(item{ev: Event{Path: t.join(c.n, name), Mask: inotify.Create | dirBit(isDir), Synthetic: true}})
		}
		if c.quiet && isDir {
			t.st.node(t.st.entry(e).node).flags |= silent
		}
	}
	if c.known {
		t.st.entry(e).sizeBits |= entrySeen
	}
	if n := t.st.entry(e).node; n != 0 {
		if c.refilter && c.known {
			t.st.node(n).flags |= refilter
			t.st.node(n).gen = 0
		}
		if t.st.node(n).gen != t.gen {
			t.push(n)
		}
	}
}

func dirBit(isDir bool) inotify.Mask {
	if isDir {
		return inotify.IsDir
	}
	return 0
}

// sweep tells what a listing has not seen.
func (t *tree) sweep(n nodeID) {
	for e := t.st.node(n).first; e != 0; {
		en := t.st.entry(e)
		next := en.next
		if en.sizeBits&entrySeen == 0 {
			t.goneEntry(e, inotify.Delete, 0, true)
		} else {
			en.sizeBits &^= entrySeen
		}
		e = next
	}
}

func (t *tree) unsee(n nodeID) {
	for e := t.st.node(n).first; e != 0; e = t.st.entry(e).next {
		t.st.entry(e).sizeBits &^= entrySeen
	}
}

// placed has a directory that came to another place taken in if the present scan still has to.
func (t *tree) placed(e entryID) {
	n := t.st.entry(e).node
	if n == 0 {
		return
	}
	if !t.mask.Has(inotify.Attrib) {
		t.permitted() // its permissions were told by another directory than stands above it now: see watchAttribs
	}
	nd := t.st.node(n)
	if nd.flags&(failed|foreign) != 0 {
		nd.gen = 0 // it was looked at where it had moved from, and something else stood there
	}
	if t.opt.skip != nil {
		nd.flags |= refilter
		nd.gen = 0 // what is skipped depends on the path
	}
	if nd.gen != t.gen {
		t.push(n)
	}
	t.askAgain(n)
}
