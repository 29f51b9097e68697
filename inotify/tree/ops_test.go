//go:build linux

package tree

// This file makes random changes: the workers of the property tests.

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// mischief is one worker that changes the trees below roots, and a directory outside.
type mischief struct {
	rng     *rand.Rand
	roots   []string
	outside string
	chmod   bool // permissions matter: not for root
	held    []*os.File
	log     []string
	keepLog bool
	weird   []string
}

var plainNames = []string{"a", "b", "c", "d", "e", "f"}

func newMischief(seed, worker uint64, outside string, roots ...string) *mischief {
	m := &mischief{rng: rand.New(rand.NewPCG(seed, worker)), roots: roots, outside: outside}
	m.weird = []string{"\xff\xfe", "new\nline", strings.Repeat("n", 255), " ", "$HOME"}
	return m
}

func (m *mischief) name() string {
	if m.rng.IntN(20) == 0 {
		return m.weird[m.rng.IntN(len(m.weird))]
	}
	return plainNames[m.rng.IntN(len(plainNames))]
}

// dir is a random directory in a random tree.
func (m *mischief) dir() string {
	path := m.roots[m.rng.IntN(len(m.roots))]
	for depth := m.rng.IntN(5); depth > 0; depth-- {
		next := filepath.Join(path, plainNames[m.rng.IntN(len(plainNames))])
		if fi, err := os.Lstat(next); err != nil || !fi.IsDir() {
			continue
		}
		path = next
	}
	return path
}

func (m *mischief) path() string { return filepath.Join(m.dir(), m.name()) }

func (m *mischief) did(op string, err error, args ...string) {
	if m.keepLog {
		m.log = append(m.log, fmt.Sprintf("%s %q: %v", op, args, err))
	}
}

// operation is one random change.
func (m *mischief) operation() {
	ops := []struct {
		weight int
		f      func()
	}{
		{10, func() { p := m.path(); m.did("mkdir", os.Mkdir(p, 0o755), p) }},
		{3, m.burst},
		{10, func() { p := m.path(); m.did("write", os.WriteFile(p, []byte("x"), 0o644), p) }},
		{8, func() { p := m.path(); m.did("unlink", unix.Unlink(p), p) }},
		{6, func() { p := m.path(); m.did("rmdir", unix.Rmdir(p), p) }},
		{2, func() { p := m.path(); m.did("rm -r", os.RemoveAll(p), p) }},
		{16, func() { p, q := m.path(), m.path(); m.did("mv", unix.Rename(p, q), p, q) }},
		{3, m.out},
		{3, m.in},
		{2, func() {
			p, q := m.path(), m.path()
			m.did("mv", unix.Rename(p, q), p, q)
			m.did("mv back", unix.Rename(q, p), q, p)
		}},
		{6, func() { p, q := m.path(), m.path(); m.did("exchange", exchange(p, q), p, q) }},
		{2, func() {
			p, q := m.path(), m.path()
			for range 2 + m.rng.IntN(3) {
				m.did("exchange", exchange(p, q), p, q)
			}
		}},
		{2, func() { p, q := m.path(), m.path(); m.did("link", os.Link(p, q), p, q) }},
		{2, m.symlink},
		{2, m.hold},
		{1, func() {
			p := m.dir()
			if !m.chmod || m.isRoot(p) {
				return
			}
			if f, err := os.Open(p); err == nil { // it may be elsewhere when it is opened up again
				m.did("chmod 0", f.Chmod(0), p)
				m.operation()
				m.did("chmod 755", f.Chmod(0o755), p)
				f.Close()
			}
		}},
	}
	total := 0
	for _, op := range ops {
		total += op.weight
	}
	at := m.rng.IntN(total)
	for _, op := range ops {
		if at -= op.weight; at < 0 {
			op.f()
			return
		}
	}
}

func (m *mischief) isRoot(p string) bool {
	for _, r := range m.roots {
		if p == r {
			return true
		}
	}
	return false
}

func exchange(p, q string) error {
	return unix.Renameat2(unix.AT_FDCWD, p, unix.AT_FDCWD, q, unix.RENAME_EXCHANGE)
}

// burst makes nested directories with files, as mkdir -p and an unpacker do.
func (m *mischief) burst() {
	p := m.path()
	for range 1 + m.rng.IntN(4) {
		m.did("mkdir", os.Mkdir(p, 0o755), p)
		for range m.rng.IntN(3) {
			f := filepath.Join(p, m.name())
			m.did("write", os.WriteFile(f, nil, 0o644), f)
		}
		p = filepath.Join(p, plainNames[m.rng.IntN(len(plainNames))])
	}
}

func (m *mischief) out() {
	p, q := m.path(), filepath.Join(m.outside, m.name())
	if m.rng.IntN(2) == 0 {
		os.RemoveAll(q)
	}
	m.did("mv out", unix.Rename(p, q), p, q)
}

func (m *mischief) in() {
	p, q := filepath.Join(m.outside, m.name()), m.path()
	if m.rng.IntN(3) == 0 {
		m.did("exchange in", exchange(p, q), p, q)
		return
	}
	m.did("mv in", unix.Rename(p, q), p, q)
}

func (m *mischief) symlink() {
	p := m.path()
	targets := []string{m.dir(), "nowhere", filepath.Base(p), m.outside}
	target := targets[m.rng.IntN(len(targets))]
	if m.rng.IntN(2) == 0 {
		m.did("symlink", os.Symlink(target, p), target, p)
		return
	}
	// A link swapped in for a directory.
	l := filepath.Join(m.outside, fmt.Sprintf("link%d", m.rng.IntN(4)))
	os.Remove(l)
	os.Symlink(target, l)
	m.did("swap link in", exchange(l, p), l, p)
}

// hold opens a directory and keeps it open for a while, so that its end is told late.
func (m *mischief) hold() {
	if len(m.held) > 3 {
		m.release()
		return
	}
	p := m.dir()
	if f, err := os.OpenFile(p, os.O_RDONLY|syscall.O_DIRECTORY, 0); err == nil {
		m.held = append(m.held, f)
		m.did("hold", nil, p)
	}
}

func (m *mischief) release() {
	for _, f := range m.held {
		f.Close()
	}
	m.held = nil
}
