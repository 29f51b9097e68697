//go:build linux

package inotify

// This file holds the Watcher and the Watch: making an instance, adding and removing watches,
// closing. How descriptors and watches are kept together is in table.go, how events come out in
// seq.go.

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/inoseq/inoseq/internal/loops"
	"golang.org/x/sys/unix"
)

// Watcher is one inotify instance: watches go in, a sequence of events comes out. All methods may
// be called from any goroutine, and from the body of a loop over its events. A Watcher that is no
// longer needed must be closed. The zero Watcher is of no use: see [New].
type Watcher struct {
	stream loops.Stream[Event] // its Mu guards everything here
	fd     int                 // used under Mu while not closed, or between stream.Enter and Leave
	table  table
	source source
}

// New makes an inotify instance with inotify_init1(2), non-blocking and close-on-exec. It costs one
// descriptor; no goroutine and no buffer until the first loop. An error that a limit caused wraps a
// [*LimitError]; a wrong option is an error that names it. On systems other than Linux it is
// errors.ErrUnsupported.
func New(opts ...Option) (*Watcher, error) {
	o := options{bufferSize: readBufferSize}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", os.NewSyscallError("inotify_init1", instanceError(err)))
	}
	file := os.NewFile(uintptr(fd), "inotify") // non-blocking: it joins the poller
	w := &Watcher{fd: fd}
	w.source = source{w: w, size: o.bufferSize, tap: o.tap}
	if err := w.stream.Open(file, &w.source, errClosed); err != nil {
		file.Close()
		return nil, fmt.Errorf("inotify: joining the runtime's poller: %w", err)
	}
	return w, nil
}

var errClosed = &badInput{"inotify: the Watcher is closed", os.ErrClosed}

// Close ends every loop over the Watcher's events without an error and gives the instance back to
// the kernel, with all its watches. It never waits: a system call that is in flight at that time,
// such as an Add on a hung mount, closes the descriptor when it returns. Events not yet delivered
// are dropped. Closing twice is nil.
func (w *Watcher) Close() error { return w.stream.Close() }

// Add watches what path leads to: events of mask are told, with the bits OnlyDir, DontFollow,
// ExclUnlink, MaskAdd, MaskCreate and OneShot as inotify_add_watch(2) has them. Path is kept as it
// is, for [Event.Path], and passed on as it is.
//
// If the same inode is watched already, by whatever path, the same Watch is returned: its path is
// now this one, its mask replaced, or joined with MaskAdd; with MaskCreate that is an error for
// which errors.Is(err, fs.ErrExist) holds.
//
// Errors are *fs.PathError. The kernel's errors are those of inotify_add_watch(2): ENOENT, EACCES
// (read permission is needed), ENOTDIR and others; a limit becomes a [*LimitError]. An empty mask
// or path and a NUL in a path are told as such; after Close the error is os.ErrClosed. A mask that is
// not empty and names no event is taken, as by the kernel: such a watch tells of Unmount and Ignored.
//
// Add looks the path up while no lock is held: on a hung mount it hangs, and nothing else does.
func (w *Watcher) Add(path string, mask Mask) (*Watch, error) {
	err := checkPath(path)
	if err == nil {
		err = checkMask(mask)
	}
	if err != nil {
		return nil, pathError(path, err)
	}
	return w.add(path, path, mask)
}

// AddFile watches the file or directory that f has open, whatever its name is now, through
// /proc/self/fd. The path of the Watch is f.Name(); change it with [Watch.SetPath]. DontFollow is
// refused: what would not be followed is the link in /proc. It otherwise behaves as [Watcher.Add],
// and fails where /proc is not mounted. When AddFile has returned, f may be closed.
func (w *Watcher) AddFile(f *os.File, mask Mask) (*Watch, error) {
	if f == nil {
		return nil, pathError("", &badInput{"AddFile needs an open file", os.ErrInvalid})
	}
	err := checkMask(mask)
	if err == nil && mask.Has(DontFollow) {
		err = &badInput{"DontFollow has no meaning for an open file: leave it out", unix.EINVAL}
	}
	if err != nil {
		return nil, pathError(f.Name(), err)
	}
	conn, err := f.SyscallConn() // not f.Fd(), which would make f blocking
	if err != nil {
		return nil, pathError(f.Name(), err)
	}
	var wt *Watch
	var addErr error
	if err := conn.Control(func(fd uintptr) {
		wt, addErr = w.add(f.Name(), "/proc/self/fd/"+strconv.Itoa(int(fd)), mask)
	}); err != nil { // that f is closed, which package os tells by an error of its own
		return nil, pathError(f.Name(), &badInput{"AddFile needs an open file, and this one is closed", os.ErrClosed})
	}
	if errors.Is(addErr, fs.ErrNotExist) {
		if _, err := os.Lstat("/proc/self/fd"); err != nil {
			return nil, pathError(f.Name(), &badInput{"AddFile needs /proc, which is not mounted here", unix.ENOENT})
		}
	}
	return wt, addErr
}

func checkPath(path string) error {
	if path == "" {
		return &badInput{"the path is empty", unix.ENOENT}
	}
	if strings.IndexByte(path, 0) >= 0 {
		return &badInput{"the path holds a NUL byte, which no path can", unix.EINVAL}
	}
	return nil
}

// userBits are the bits that inotify_add_watch(2) takes; others are EINVAL.
const userBits = AllEvents | Unmount | QueueOverflow | Ignored | IsDir |
	OnlyDir | DontFollow | ExclUnlink | MaskCreate | MaskAdd | OneShot

func checkMask(mask Mask) error {
	switch {
	case mask == 0:
		return &badInput{"the mask is empty: name at least one event, or AllEvents", unix.EINVAL}
	case mask.HasAny(^userBits):
		return &badInput{"the mask has bits that inotify(7) does not know: " + (mask &^ userBits).String(), unix.EINVAL}
	case mask.Has(MaskAdd | MaskCreate):
		return &badInput{"the mask has both MASK_ADD and MASK_CREATE: a watch cannot be joined and be new", unix.EINVAL}
	}
	return nil
}

func pathError(path string, err error) error {
	return &fs.PathError{Op: "inotify_add_watch", Path: path, Err: err}
}

// add asks the kernel to watch lookup, and has the table know it as path.
func (w *Watcher) add(path, lookup string, mask Mask) (*Watch, error) {
	c, err := w.enterAdd()
	if err != nil {
		return nil, pathError(path, err)
	}
	wd, fresh, err := addWatch(w.fd, lookup, mask)
	runtime.KeepAlive(w)

	w.stream.Mu.Lock()
	closed := w.stream.Closed()
	var wt *Watch
	if err == nil && !closed {
		wt = w.settle(c, int32(wd), fresh, path, mask)
	}
	w.unlockLeaveAdd(c)

	switch {
	case closed:
		return nil, pathError(path, errClosed)
	case err != nil:
		return nil, pathError(path, watchError(err))
	}
	return wt, nil
}

// addWatch calls inotify_add_watch(2) and reports whether the watch is certainly a new one. Asking
// with IN_MASK_CREATE first is how to know: a descriptor that has been given out again looks the
// same as that of an inode that is watched already. Before Linux 4.18 the bit is EINVAL.
func addWatch(fd int, path string, mask Mask) (wd int, fresh bool, err error) {
	wd, err = inotifyAddWatch(fd, path, mask&^MaskAdd|MaskCreate)
	if err == nil || mask.Has(MaskCreate) {
		return wd, true, err
	}
	if err == unix.EEXIST || err == unix.EINVAL {
		wd, err = inotifyAddWatch(fd, path, mask)
	}
	return wd, false, err
}

func inotifyAddWatch(fd int, path string, mask Mask) (int, error) {
	for {
		// A signal can interrupt a lookup on FUSE or NFS.
		if wd, err := unix.InotifyAddWatch(fd, path, uint32(mask)); err != unix.EINTR {
			return wd, err
		}
	}
}

// Watches returns the watches that the Watcher has, the lowest descriptor first, as they are when
// the sequence is ranged over. A watch that the kernel has removed is among them until its Ignored
// event is delivered; one that was removed with Remove is not.
func (w *Watcher) Watches() iter.Seq[*Watch] {
	return func(yield func(*Watch) bool) {
		for _, wt := range w.live() {
			if !yield(wt) {
				return
			}
		}
	}
}

// SyscallConn gives access to the instance's descriptor for what this package does not do, such as
// an ioctl(2) or a statistic. Only Control works; Read and Write are errors.ErrUnsupported: events
// come from the sequences. After Close it is os.ErrClosed.
func (w *Watcher) SyscallConn() (syscall.RawConn, error) {
	if err := w.stream.Enter(); err != nil {
		return nil, err
	}
	w.stream.Leave()
	return rawConn{w}, nil
}

type rawConn struct{ w *Watcher }

// Control calls f with the descriptor, which stays open meanwhile even if the Watcher is closed.
func (c rawConn) Control(f func(fd uintptr)) error {
	if err := c.w.stream.Enter(); err != nil {
		return err
	}
	defer c.w.stream.Leave()
	f(uintptr(c.w.fd))
	return nil
}

func (rawConn) Read(func(uintptr) bool) error {
	return fmt.Errorf("inotify: Read of a Watcher's connection: use Events: %w", errors.ErrUnsupported)
}

func (rawConn) Write(func(uintptr) bool) error {
	return fmt.Errorf("inotify: Write to a Watcher's connection: %w", errors.ErrUnsupported)
}

// Watch is one watched inode of a Watcher. Its methods may be called from any goroutine; on a nil
// *Watch they do nothing and return zero values.
type Watch struct {
	w  *Watcher
	wd int32

	// Under w.stream.Mu, in an order that wastes no room: there may be a million of them.
	mask    Mask
	path    string
	born    moment // tick at which it entered the table
	changed moment // tick of the last Add of it
	state   watchState
	late    bool // made by an Add that found the inode watched, before the Add that made the watch came back
}

// watchState is what is known of a watch.
type watchState uint8

const (
	live   watchState = iota // the kernel has it, as far as we know
	doomed                   // the kernel has it no longer; its Ignored may still come
	gone                     // its Ignored was delivered, or lost in an overflow
)

// WD returns the watch descriptor, as /proc/PID/fdinfo shows it (there in hexadecimal). The kernel
// gives a descriptor out again when it has counted to the end, see inotify(7), Bugs. It is -1 for
// nil.
func (wt *Watch) WD() int32 {
	if wt == nil {
		return -1
	}
	return wt.wd
}

// Path returns the path of the last Add, or SetPath.
func (wt *Watch) Path() string {
	if wt == nil {
		return ""
	}
	wt.w.stream.Mu.Lock()
	defer wt.w.stream.Mu.Unlock()
	return wt.path
}

// SetPath changes the path that later events carry: after the watched object was renamed, say. The
// kernel knows watches by inode and is not asked. Events that have been delivered keep their path.
func (wt *Watch) SetPath(path string) {
	if wt == nil {
		return
	}
	wt.w.stream.Mu.Lock()
	defer wt.w.stream.Mu.Unlock()
	wt.path = path
}

// Mask returns what the kernel has, or had when the watch ended: the events asked for, OneShot and
// ExclUnlink.
func (wt *Watch) Mask() Mask {
	if wt == nil {
		return 0
	}
	wt.w.stream.Mu.Lock()
	defer wt.w.stream.Mu.Unlock()
	return wt.mask
}

// Remove removes the watch with inotify_rm_watch(2). Events that are queued still come, the last of
// them Ignored. Remove of a watch that is gone, or of a closed Watcher, is nil and touches nothing,
// even if its descriptor has another owner now. Any other error is a *fs.PathError.
func (wt *Watch) Remove() error {
	if wt == nil {
		return nil
	}
	w := wt.w
	w.stream.Mu.Lock()
	defer w.stream.Mu.Unlock()
	if w.stream.Closed() || wt.state != live {
		return nil
	}
	wt.state = doomed
	_, err := unix.InotifyRmWatch(w.fd, uint32(wt.wd))
	if err != nil && err != unix.EINVAL { // EINVAL: it went by itself, and its Ignored is on the way
		wt.state = live
		return &fs.PathError{Op: "inotify_rm_watch", Path: wt.path, Err: err}
	}
	return nil
}

// String returns the descriptor, the quoted path and the mask.
func (wt *Watch) String() string {
	if wt == nil {
		return "no watch"
	}
	wt.w.stream.Mu.Lock()
	defer wt.w.stream.Mu.Unlock()
	return fmt.Sprintf("watch %d on %q for %v", wt.wd, wt.path, wt.mask)
}
