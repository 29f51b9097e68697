//go:build linux

package tree

// This file makes the system calls. It rests on these facts: /proc/self/fd/N leads to what is open,
// whatever its name is now (proc(5)), so that what is watched and what is listed is one inode;
// IN_MASK_CREATE tells a new watch from one that the inode has already (Linux 4.18); a directory whose
// parent is open is opened by one name, so a link swapped into the middle of a path leads nowhere
// (openat2(2) before that, Linux 5.6).

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// system is the real disk.
type system struct {
	inotify   int
	size      int    // of a read
	fds       string // "/proc/self/fd/", or the same with one link less to follow
	pathOnly  bool   // directories are opened with O_PATH, which inotify does not tell
	noOpenat2 atomic.Bool
}

// descriptors returns the directory that names this process's descriptors. The link /proc/self is
// resolved once, not in each lookup.
func descriptors() string {
	pid, err := os.Readlink("/proc/self")
	if err != nil {
		pid = "self"
	}
	return "/proc/" + pid + "/fd/"
}

func (d *system) flags() int {
	if d.pathOnly {
		return unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	}
	return openFlags
}

const openFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_NONBLOCK

func (d *system) openRoot(path string) (int, error) {
	return retry(func() (int, error) { return unix.Open(path, d.flags(), 0) })
}

// retry calls f until no signal interrupts it; FUSE and NFS can be interrupted.
func retry(f func() (int, error)) (int, error) {
	for {
		if n, err := f(); err != unix.EINTR {
			return n, err
		}
	}
}

var (
	openBeneath = unix.OpenHow{
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	}
	openNoMount = unix.OpenHow{
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
)

// open opens the directory rel below dir, and reports whether something is mounted there, which it does
// of a single name only. EXDEV does not say so by itself: a lookup that may not leave dir ends with it also
// when a rename takes what was found away from below dir meanwhile (complete_walk in fs/namei.c). Then
// it is made again.
func (d *system) open(dir int, rel []byte) (fd int, mount bool, err error) {
	name := string(rel)
	if d.noOpenat2.Load() {
		return d.openByNames(dir, name)
	}
	single := binarySearchSlash(name) < 0
	for range mostRaces {
		how := openBeneath
		if single {
			how = openNoMount
		}
		how.Flags = uint64(d.flags() | unix.O_NOFOLLOW)
		fd, err = openat2(dir, name, &how)
		if err == unix.EXDEV && single {
			how.Resolve = openBeneath.Resolve
			if fd, err = openat2(dir, name, &how); err == nil {
				is, known := isMountRoot(fd)
				mount = is || !known
			}
		}
		if err != unix.EXDEV {
			break
		}
	}
	if err == unix.ENOSYS || err == unix.EPERM || err == unix.EINVAL {
		// EPERM is what the seccomp filters of old containers say.
		if fd, mount, err := d.openByNames(dir, name); err == nil {
			d.noOpenat2.Store(true)
			return fd, mount, nil
		}
	}
	return fd, mount, err
}

// mostRaces is how often a lookup is made that loses against renames: one in a thousand does, at worst.
const mostRaces = 64

// openat2 tries again where the kernel asks for it: EAGAIN is a rename during the lookup.
func openat2(dir int, name string, how *unix.OpenHow) (fd int, err error) {
	for range mostRaces {
		fd, err = unix.Openat2(dir, name, how)
		if err != unix.EINTR && err != unix.EAGAIN {
			return fd, err
		}
	}
	return fd, err
}

func binarySearchSlash(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] == '/' {
			return i
		}
	}
	return -1
}

// openByNames goes name by name, for kernels without openat2.
func (d *system) openByNames(dir int, rel string) (fd int, mount bool, err error) {
	at := dir
	for rest := rel; ; {
		i := binarySearchSlash(rest)
		name := rest
		if i >= 0 {
			name, rest = rest[:i], rest[i+1:]
		}
		fd, err = retry(func() (int, error) { return unix.Openat(at, name, d.flags()|unix.O_NOFOLLOW, 0) })
		if err == nil && at == dir && i < 0 {
			mount, _ = isMountRoot(fd)
		}
		if at != dir {
			unix.Close(at)
		}
		if err != nil || i < 0 {
			return fd, mount, err
		}
		at = fd
	}
}

// isMountRoot asks statx(2), which does not know it before Linux 5.8.
func isMountRoot(fd int) (is, known bool) {
	var stx unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, 0, &stx); err != nil {
		return false, false
	}
	return stx.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, stx.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0
}

func (d *system) watch(fd int, mask inotify.Mask) (wd int32, fresh bool, err error) {
	return d.watchPath(d.fds+strconv.Itoa(fd), mask)
}

func (d *system) watchPath(path string, mask inotify.Mask) (wd int32, fresh bool, err error) {
	n, err := retry(func() (int, error) {
		return unix.InotifyAddWatch(d.inotify, path, uint32(mask&^inotify.MaskAdd|inotify.MaskCreate))
	})
	if err == nil {
		return int32(n), true, nil
	}
	if err == unix.EEXIST || err == unix.EINVAL { // EINVAL: the bit is unknown
		n, err = retry(func() (int, error) {
			return unix.InotifyAddWatch(d.inotify, path, uint32(mask|inotify.MaskAdd))
		})
	}
	return int32(n), false, err
}

// own gives the calling thread a working directory of its own (CLONE_FS of unshare(2)), from which "."
// leads to what is open: the lookup of a name in /proc takes as long as the watch itself. A thread that
// may not do this (the seccomp filters of containers) goes on as it was.
func (d *system) own() (watch watchFunc, leave func()) {
	if unix.Unshare(unix.CLONE_FS) != nil {
		return d.watch, func() {}
	}
	watch = func(fd int, mask inotify.Mask) (wd int32, fresh bool, err error) {
		if unix.Fchdir(fd) != nil { // it may be read, but not searched
			return d.watch(fd, mask)
		}
		return d.watchPath(".", mask)
	}
	return watch, func() { _ = unix.Chdir("/") } // umount(2) fails while a working directory is below
}

func (d *system) unwatch(wd int32) { unix.InotifyRmWatch(d.inotify, uint32(wd)) }

func (d *system) list(fd int, buf []byte, f func([]byte, bool) error) error {
	for used := 0; ; {
		n, err := retry(func() (int, error) { return unix.Getdents(fd, buf[used:]) })
		if err != nil {
			if used > 0 {
				if err := f(buf[:used], false); err != nil {
					return err
				}
			}
			return err
		}
		used += n
		// What is left must hold any one entry: too little room is EINVAL.
		if n == 0 || len(buf)-used < 2*inotify.MaxNameSize {
			if err := f(buf[:used], n == 0); err != nil || n == 0 {
				return err
			}
			used = 0
		}
	}
}

func (d *system) lock(fd int, buf []byte) error {
	_, err := retry(func() (int, error) { return unix.Getdents(fd, buf) })
	return err
}

// dirent is an entry of a listing.
type dirent struct {
	name []byte
	kind byte
}

var errListing = errors.New("listing cannot be read")

// nextDirent decodes struct linux_dirent64 of getdents(2):
//
//	ino64_t d_ino; off64_t d_off; unsigned short d_reclen; unsigned char d_type; char d_name[];
func nextDirent(buf []byte) (e dirent, rest []byte, err error) {
	if len(buf) < 20 {
		return e, nil, errListing
	}
	size := int(binary.NativeEndian.Uint16(buf[16:]))
	if size < 20 || size > len(buf) {
		return e, nil, errListing
	}
	name := buf[19:size]
	for i, b := range name {
		if b == 0 {
			name = name[:i:i]
			break
		}
	}
	return dirent{name: name, kind: buf[18]}, buf[size:], nil
}

func (d *system) kind(dir int, name []byte) (there, isDir bool, err error) {
	var st unix.Stat_t
	_, err = retry(func() (int, error) {
		return 0, unix.Fstatat(dir, string(name), &st, unix.AT_SYMLINK_NOFOLLOW)
	})
	if err == unix.ENOENT {
		return false, false, nil
	}
	return err == nil, st.Mode&unix.S_IFMT == unix.S_IFDIR, err
}

func (d *system) device(fd int) (uint64, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return uint64(st.Dev), err
}

func (d *system) queued() int {
	n, err := unix.IoctlGetUint32(d.inotify, unix.TIOCINQ) // FIONREAD, which writes an int of C
	if err != nil {
		return 0
	}
	return int(n)
}

func (d *system) close(fd int) { unix.Close(fd) }

func (d *system) read(dst []byte) ([]byte, error) {
	had := len(dst)
	if cap(dst)-had < d.size {
		bigger := make([]byte, had, 2*had+d.size)
		copy(bigger, dst)
		dst = bigger
	}
	n, err := retry(func() (int, error) { return unix.Read(d.inotify, dst[had:had+d.size]) })
	if err != nil {
		return dst, err
	}
	if n == 0 { // not from inotify, since Linux 2.6.21
		return dst, io.ErrUnexpectedEOF
	}
	return dst[:had+n], nil
}
