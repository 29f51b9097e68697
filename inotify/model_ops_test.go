//go:build linux

package inotify

// This file holds the random operations on files of TestEventsAreWhatInotify7Says. Each does the
// real thing, and if that has succeeded the model's.

import (
	"os"
	"slices"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// openFile is a file or directory that is held open.
type openFile struct {
	*os.File
	entry    *modelEntry
	writable bool
}

func (f openFile) GoString() string { return f.Name() } // in rapid's log

// drawEntry draws the path of an entry, rarely that of the root.
func (m *modelTest) drawEntry(t *rapid.T, label string) string {
	paths := m.k.paths()
	return rapid.SampledFrom(append(paths[1:], paths[0])).Draw(t, label)
}

// drawPlace draws a name in a directory, which may be taken: by any object, also by a symbolic link
// that leads to a directory or nowhere.
func (m *modelTest) drawPlace(t *rapid.T, label string) string {
	name := rapid.SampledFrom(m.names).Draw(t, label+" name")
	dirs := slices.DeleteFunc(m.k.paths(), func(path string) bool {
		at, err := m.k.walk(path, true)
		return err != nil || at.entry == nil || !at.entry.inode.isDir()
	})
	if dir := rapid.SampledFrom(dirs).Draw(t, label+" in"); dir != "" {
		return dir + "/" + name
	}
	return name
}

// create makes a directory or a symbolic link; open makes files.
func (m *modelTest) create(t *rapid.T) {
	path := m.drawPlace(t, "path")
	targets := append([]string{"", "", "."}, m.names...)
	if target := rapid.SampledFrom(targets).Draw(t, "target, or a directory"); target != "" {
		if os.Symlink(target, m.real(path)) == nil {
			m.k.create(path, false, target)
		}
		return
	}
	if os.Mkdir(m.real(path), 0o755) == nil {
		m.k.create(path, true, "")
	}
}

var modelOpenFlags = []int{
	os.O_WRONLY | os.O_CREATE | os.O_EXCL,
	os.O_RDWR | os.O_CREATE | os.O_TRUNC,
	os.O_RDONLY,
	os.O_WRONLY,
	os.O_WRONLY | os.O_TRUNC,
}

// open opens and perhaps makes a file, or opens a directory, and keeps it open or not.
func (m *modelTest) open(t *rapid.T) {
	flags := rapid.SampledFrom(modelOpenFlags).Draw(t, "flags")
	var path string
	if flags&os.O_CREATE != 0 {
		path = m.drawPlace(t, "path")
	} else {
		path = m.drawEntry(t, "path")
	}
	f, err := os.OpenFile(m.real(path), flags, 0o644)
	if err != nil {
		return
	}
	file := openFile{f, m.k.open(path, flags), flags&(os.O_WRONLY|os.O_RDWR) != 0}
	if rapid.Bool().Draw(t, "use") {
		m.useFile(t, file)
	}
	if len(m.files) < 4 && rapid.Bool().Draw(t, "keep") {
		m.files = append(m.files, file)
	} else {
		m.closeFile(t, file)
	}
}

func (m *modelTest) use(t *rapid.T) {
	if len(m.files) > 0 {
		m.useFile(t, rapid.SampledFrom(m.files).Draw(t, "file"))
	}
}

func (m *modelTest) useFile(t *rapid.T, f openFile) {
	switch rapid.SampledFrom([]string{"write", "read", "truncate", "chmod"}).Draw(t, "do") {
	case "write":
		if _, err := f.Write([]byte{'x'}); err == nil {
			m.k.write(f.entry)
		}
	case "read":
		var buf [4096]byte
		var err error
		if f.entry.inode.isDir() {
			_, err = unix.ReadDirent(int(f.Fd()), buf[:])
		} else {
			_, err = unix.Pread(int(f.Fd()), buf[:], 0)
		}
		if err == nil {
			m.k.readFile(f.entry)
		}
	case "truncate":
		if f.Truncate(0) == nil {
			m.k.truncate(f.entry)
		}
	case "chmod":
		if f.Chmod(0o755) == nil {
			m.k.chmod(f.entry)
		}
	}
}

func (m *modelTest) close(t *rapid.T) {
	if len(m.files) > 0 {
		i := rapid.IntRange(0, len(m.files)-1).Draw(t, "file")
		m.closeFile(t, m.files[i])
		m.files = slices.Delete(m.files, i, i+1)
	}
}

func (m *modelTest) closeFile(t *rapid.T, f openFile) {
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	m.k.close(f.entry, f.writable)
}

func (m *modelTest) chmod(t *rapid.T) {
	path := m.drawEntry(t, "path")
	if os.Chmod(m.real(path), 0o755) == nil {
		m.k.chmod(m.k.mustWalk(path, true).entry)
	}
}

func (m *modelTest) truncate(t *rapid.T) {
	path := m.drawEntry(t, "path")
	if os.Truncate(m.real(path), 0) == nil {
		m.k.truncate(m.k.mustWalk(path, true).entry)
	}
}

func (m *modelTest) link(t *rapid.T) {
	old, path := m.drawEntry(t, "old"), m.drawPlace(t, "path")
	if os.Link(m.real(old), m.real(path)) == nil {
		m.k.link(old, path)
	}
}

func (m *modelTest) remove(t *rapid.T) {
	path := m.drawEntry(t, "path")
	if path == "" {
		return
	}
	// Not os.Remove: it would try unlink(2) on a directory first.
	flags := 0
	if m.k.mustWalk(path, false).entry.inode.isDir() {
		flags = unix.AT_REMOVEDIR
	}
	if unix.Unlinkat(unix.AT_FDCWD, m.real(path), flags) == nil {
		m.k.remove(path)
	}
}

func (m *modelTest) rename(t *rapid.T) {
	path, to := m.drawEntry(t, "path"), m.drawPlace(t, "to")
	if rapid.Bool().Draw(t, "over an entry") {
		to = m.drawEntry(t, "to")
	}
	// Not os.Rename: it refuses to put a directory in the place of an empty one.
	if unix.Rename(m.real(path), m.real(to)) == nil {
		m.k.rename(path, to)
	}
}

func (m *modelTest) exchange(t *rapid.T) {
	path, other := m.drawEntry(t, "path"), m.drawEntry(t, "other")
	err := unix.Renameat2(unix.AT_FDCWD, m.real(path), unix.AT_FDCWD, m.real(other), unix.RENAME_EXCHANGE)
	if err == nil {
		m.k.exchange(path, other)
	}
}
