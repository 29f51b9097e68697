//go:build linux

package tree

// This file opens directories that are known, for those who look something up in them. A path can have
// moved on while records wait in the queue, so a directory's identity is its watch descriptor:
// inotify_add_watch(2) returns the one that the inode has already. No descriptor outlives a step: an open
// directory would delay its own DELETE_SELF, and make umount(2) fail.

import (
	"bytes"
	"errors"

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
	watch watchFunc // of the disk
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
	fewEntries = 32
	pathLimit  = 4000 // bytes of a path that are looked up at once; PATH_MAX is 4,096
)

func newScanner(t *tree) *scanner { return &scanner{t: t, watch: t.disk.watch} }

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

// kept returns where in the stack n is open, or -1. It is called with mu held.
func (s *scanner) kept(n nodeID) int {
	wd := s.t.st.node(n).wd
	for i := len(s.stack) - 1; i >= 0; i-- {
		if o := s.stack[i]; o.node == n && o.wd == wd {
			return i
		}
	}
	return -1
}

// backTo closes what is above i in the stack, and returns the descriptor there.
func (s *scanner) backTo(i int) int {
	for _, above := range s.stack[i+1:] {
		s.t.disk.close(above.fd)
	}
	s.stack = s.stack[:i+1]
	return s.stack[i].fd
}

// dir returns a descriptor of n, which has a watch. It belongs to the scanner.
func (s *scanner) dir(n nodeID) (int, error) {
	t := s.t
	t.mu.Lock()
	if i := s.kept(n); i >= 0 {
		t.mu.Unlock()
		return s.backTo(i), nil
	}
	wd := t.st.node(n).wd
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
		var piece []byte
		piece, rel = cutPath(rel)
		below, _, err := s.t.disk.open(fd, piece)
		s.t.disk.close(fd)
		if err != nil {
			return -1, err
		}
		fd = below
	}
	return fd, nil
}

// cutPath returns what of rel is looked up at once, and the rest. A name of more than pathLimit bytes,
// which FUSE could have, goes by itself.
func cutPath(rel []byte) (piece, rest []byte) {
	if len(rel) <= pathLimit {
		return rel, nil
	}
	cut := bytes.LastIndexByte(rel[:pathLimit], '/')
	if cut < 0 {
		cut = bytes.IndexByte(rel, '/')
	}
	if cut < 0 {
		return rel, nil
	}
	return rel[:cut], rel[cut+1:]
}

// check reports whether what fd has open is n, by its watch. A watch that this makes is removed.
func (s *scanner) check(fd int, n nodeID, wd int32) error {
	t := s.t
	got, fresh, err := s.watch(fd, t.mask)
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
