//go:build linux

package tree

// This file takes a directory in: opens it from its parent's descriptor, watches the open descriptor,
// lists the same descriptor. Watch, then list, one inode: a change before the watch is in the listing,
// a change after it is in the queue, and one that is in both is told once, because a creation of what
// is known is not told (inotify(7), "Limitations and caveats").
//
// A path can have moved on while records wait in the queue, so a directory's identity is its watch
// descriptor: inotify_add_watch(2) returns the one that the inode has already. The parent that a name
// is looked up in is checked the same way, so what is learned here is always: at this moment, this
// inode stands under this name in that inode.

import (
	"errors"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// opened is a directory that is open, and known to be that node's.
type opened struct {
	node nodeID
	wd   int32
	fd   int
}

// scanner opens directories. Those on its way down stay open until release: children are opened from
// their parent without another lookup. Each worker has one.
type scanner struct {
	t     *tree
	stack []opened
	buf   []byte
	name  []byte
	rel   []byte

	own   bool     // in a round of a set-up
	local []nodeID // what it takes in next then
}

const (
	listBuffer = 32 << 10 // bytes, of one getdents
	mostOpen   = 64       // descriptors a scanner keeps during a step
	pathLimit  = 4000     // bytes of a path that are looked up at once; PATH_MAX is 4,096
)

func newScanner(t *tree) *scanner { return &scanner{t: t} }

func (s *scanner) release() {
	for _, o := range s.stack {
		s.t.disk.close(o.fd)
	}
	s.stack = s.stack[:0]
}

func (s *scanner) buffer() []byte {
	if s.buf == nil {
		s.buf = make([]byte, listBuffer)
	}
	return s.buf
}

// push keeps fd open as n's.
func (s *scanner) push(n nodeID, wd int32, fd int) {
	if len(s.stack) == mostOpen {
		s.t.disk.close(s.stack[0].fd)
		s.stack = append(s.stack[:0], s.stack[1:]...)
	}
	s.stack = append(s.stack, opened{n, wd, fd})
}

// errMoved is the error of what is not where it was: its path has moved on, or it is gone.
var errMoved = errors.New("not there")

func movedOn(err error) bool {
	switch err {
	case unix.ENOENT, unix.ENOTDIR, unix.ELOOP, unix.ESTALE, errMoved:
		return true
	}
	return false
}

// dir returns a descriptor of n, which has a watch. It belongs to the scanner.
func (s *scanner) dir(n nodeID) (int, error) {
	t := s.t
	t.mu.Lock()
	wd := t.st.node(n).wd
	for i := len(s.stack) - 1; i >= 0; i-- {
		if o := s.stack[i]; o.node == n && o.wd == wd {
			t.mu.Unlock()
			for _, above := range s.stack[i+1:] {
				t.disk.close(above.fd)
			}
			s.stack = s.stack[:i+1]
			return o.fd, nil
		}
	}
	top := t.st.top(n)
	if top == 0 || wd == 0 {
		t.mu.Unlock()
		return -1, errMoved
	}
	abs := t.roots[t.st.node(top).root].abs
	s.rel = t.st.appendPath(s.rel[:0], n)
	rel := s.rel
	t.mu.Unlock()

	fd, err := t.disk.openRoot(abs)
	if err == nil && len(rel) > 0 {
		fd, err = s.walk(fd, rel[1:])
	}
	if err != nil {
		return -1, err
	}
	if err := s.check(fd, n, wd); err != nil {
		t.disk.close(fd)
		return -1, err
	}
	s.push(n, wd, fd)
	return fd, nil
}

// walk opens rel below fd, which it closes, by pieces that a lookup takes.
func (s *scanner) walk(fd int, rel []byte) (int, error) {
	for len(rel) > 0 {
		piece := rel
		rel = nil
		if len(piece) > pathLimit {
			cut := pathLimit
			for piece[cut] != '/' {
				cut--
			}
			piece, rel = piece[:cut], piece[cut+1:]
		}
		below, _, err := s.t.disk.open(fd, piece)
		s.t.disk.close(fd)
		if err != nil {
			return -1, err
		}
		fd = below
	}
	return fd, nil
}

// check reports whether what fd has open is n, by its watch. A watch that this makes is removed.
func (s *scanner) check(fd int, n nodeID, wd int32) error {
	t := s.t
	got, fresh, err := t.disk.watch(fd, t.mask)
	if err != nil {
		if err == unix.ENOSPC { // it has no watch: it is another directory
			return errMoved
		}
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if fresh {
		t.drop(got)
		return errMoved
	}
	if got != wd {
		if m := t.st.watched(got); m == 0 || t.st.top(m) == 0 {
			return errMoved
		} else {
			t.again(m) // it has moved here, and its name stands elsewhere
		}
		return errMoved
	}
	return nil
}

// drop removes a watch that belongs to no node.
func (t *tree) drop(wd int32) {
	if n := t.st.watched(wd); n != 0 { // of a node whose watch is gone: the number was given out again
		t.lostWatch(n)
	}
	t.stale[wd] = struct{}{}
	t.disk.unwatch(wd)
	t.freed = true
}

// visit takes in the directory n. Final: what is not there is gone; otherwise it is looked at again
// when the queue has been handled.
func (s *scanner) visit(n nodeID, final bool) {
	t := s.t
	t.mu.Lock()
	if t.st.node(n).flags&inUse == 0 || t.st.top(n) == 0 {
		t.mu.Unlock()
		return
	}
	if t.st.node(n).flags&isRoot != 0 {
		t.mu.Unlock()
		s.visitRoot(n)
		return
	}
	p := t.st.parent(n)
	s.name = append(s.name[:0], t.st.name(t.st.node(n).entry)...)
	t.mu.Unlock()

	at, err := s.dir(p)
	if err != nil {
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
	wd, fresh, err := t.disk.watch(fd, t.mask)
	if err != nil {
		t.disk.close(fd)
		t.mu.Lock()
		t.fail(n, at, err)
		t.mu.Unlock()
		return
	}
	t.mu.Lock()
	n = t.settle(n, wd, fresh, mount)
	t.mu.Unlock()
	if n == 0 {
		t.disk.close(fd)
		return
	}
	s.push(n, wd, fd)
	s.listInto(n, fd)
}

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
	m := t.st.watched(wd)
	if m != 0 && fresh {
		t.lostWatch(m) // the kernel gave the number of a watch that is gone out again
		t.stale[wd] = struct{}{}
		m = 0
	}
	switch {
	case m == n:
		nd.flags &^= failed | foreign
		return n
	case m != 0 && t.st.top(m) != 0:
		if mount || t.st.node(m).flags&isRoot != 0 {
			t.conflict(n, m)
			return 0
		}
		return t.standsAt(m, n, 0)
	case m != 0:
		t.st.unbind(m) // it was let go, and is back
	}
	if nd.wd != 0 {
		n = t.replace(n)
		nd = t.st.node(n)
	}
	t.st.bind(n, wd)
	nd.flags &^= failed | foreign | mountRoot
	if mount {
		nd.flags |= mountRoot
	}
	return n
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
		t.st.bind(n, wd)
		return n
	}
	old, oldName := t.st.parent(m), string(t.st.name(t.st.node(m).entry))
	t.gone(n, inotify.Delete, 0, true)
	t.rename(t.st.node(m).entry, p, name, cookie, true)
	t.look(old, oldName)
	return m
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
func (t *tree) conflict(n, m nodeID) {
	if t.st.node(m).flags&isRoot != 0 {
		t.again(m)
	}
	nd := t.st.node(n)
	if nd.wd != 0 {
		n = t.replace(n)
		nd = t.st.node(n)
	}
	nd.gen = t.gen
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

// listInto lists fd, which has n open, if this scan has not listed it, and compares.
func (s *scanner) listInto(n nodeID, fd int) {
	t := s.t
	t.mu.Lock()
	nd := t.st.node(n)
	if nd.gen == t.gen {
		t.mu.Unlock()
		return
	}
	c := comparison{n: n, known: nd.first != 0, refilter: nd.flags&refilter != 0}
	if nd.flags&silent != 0 {
		if top := t.st.top(n); top != 0 {
			c.quiet = t.roots[t.st.node(top).root].todo != nil // what is found after Add has returned is told
		}
	}
	t.mu.Unlock()
	err := t.disk.list(fd, s.buffer(), func(chunk []byte) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.closed.Load() {
			return errClosed
		}
		if s.own {
			t.sink = s
			defer func() { t.sink = nil }()
		}
		return s.compare(&c, fd, chunk)
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	switch err {
	case nil, unix.ENOENT: // it was removed meanwhile
		t.st.node(n).gen = t.gen
		t.st.node(n).flags &^= silent | refilter
		if c.known {
			t.sweep(n)
		}
	case errClosed:
	default:
		t.unsee(n)
		t.fail(n, -1, err)
	}
}

// comparison is a listing on its way.
type comparison struct {
	n     nodeID
	known bool // the node had entries before: those not seen are gone
	quiet bool // nothing is told

	refilter bool // the path is another than it was: what is skipped may be another, too
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
			if err == nil && !there {
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
	e := t.st.find(c.n, name)
	if e != 0 && t.st.isDir(e) != isDir {
		t.goneEntry(e, inotify.Delete, 0, true)
		e = 0
	}
	if (e == 0 || c.refilter) && t.skipped(c.n, name, isDir) {
		return // if it was known, it is not seen, and goes
	}
	if e == 0 {
		e = t.st.add(c.n, name, isDir)
		if !c.quiet {
			t.tell(c.n, name, inotify.Create|dirBit(isDir), 0, true)
		} else if isDir {
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
