package main

// This file finds the paths of watched inodes, by the file handles in fdinfo: open_by_handle_at(2)
// wants CAP_DAC_READ_SEARCH, and any file of the file system that the handle is of, for which the mount
// points of the process serve.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/inoseq/inoseq/inotify/fdinfo"
)

// finder finds paths as a process sees them.
type finder struct {
	root   string              // of the process, as a path of ours
	points map[string][]string // mount points by device, major:minor
	open   map[string]*os.File // mount points; nil: cannot be opened
	denied bool                // for want of a capability
}

func newFinder(pid int) *finder {
	f := &finder{root: fmt.Sprintf("/proc/%d/root", pid), open: make(map[string]*os.File)}
	// Not of ourselves: it can have mounts of its own.
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if err != nil {
		return f
	}
	f.points = mountPoints(string(text))
	return f
}

// mountPoints reads /proc/PID/mountinfo, proc_pid_mountinfo(5): the third word is the device, the
// fifth the mount point, in which spaces and others are octal escapes.
func mountPoints(mountinfo string) map[string][]string {
	points := make(map[string][]string)
	for _, line := range strings.Split(mountinfo, "\n") {
		if words := strings.Split(line, " "); len(words) > 4 {
			points[words[2]] = append(points[words[2]], unescapeOctal(words[4]))
		}
	}
	return points
}

func unescapeOctal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func (f *finder) close() {
	for _, file := range f.open {
		file.Close() // nil is refused, which does no harm
	}
}

// path returns the path of what m watches, or "".
func (f *finder) path(m fdinfo.MarkWithHandle) string {
	if m.Handle == "" || f.denied {
		return ""
	}
	handle := unix.NewFileHandle(m.HandleType, []byte(m.Handle))
	for _, point := range f.points[fmt.Sprintf("%d:%d", m.Major(), m.Minor())] {
		mount := f.mount(point)
		if mount == nil {
			continue
		}
		fd, err := unix.OpenByHandleAt(int(mount.Fd()), handle, unix.O_PATH|unix.O_CLOEXEC)
		if errors.Is(err, fs.ErrPermission) {
			f.denied = true
			return ""
		} else if err != nil {
			continue // it is gone, or the file system cannot say
		}
		path := f.nameOf(os.NewFile(uintptr(fd), point))
		if path != "" {
			return path
		}
	}
	return ""
}

func (f *finder) mount(point string) *os.File {
	file, known := f.open[point]
	if !known {
		file, _ = os.OpenFile(f.root+point, os.O_RDONLY|unix.O_DIRECTORY, 0)
		f.open[point] = file
	}
	return file
}

// nameOf returns the path of file, which it closes, if it can be found there.
// The kernel may know the inode without a name.
func (f *finder) nameOf(file *os.File) string {
	defer file.Close()
	link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
	if err != nil {
		return ""
	}
	is, err := file.Stat()
	if err != nil {
		return ""
	}
	there, err := os.Lstat(f.root + link)
	if err != nil || !os.SameFile(is, there) {
		return ""
	}
	return link
}
