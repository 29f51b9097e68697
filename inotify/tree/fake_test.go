//go:build linux

package tree

// This file is a kernel for scripts: directories, watches and a queue of records as inotify(7) and
// the kernel's source have them, and places where a script can step in between two system calls.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// inode is a file, or a directory if kids is not nil.
type inode struct {
	kids   map[string]*inode
	wd     int32
	mask   inotify.Mask // of its watch
	held   int          // descriptors of others
	ended  bool         // no name leads to it
	denied bool         // its permissions keep everybody out
}

type queuedRecord struct {
	inotify.Record
	cut bool // a read ends before it
}

type fakeDisk struct {
	top     *inode
	files   map[int]*inode // open by the engine
	nextFD  int
	nextWD  int32
	wds     map[int32]*inode
	queue   []queuedRecord
	length  int // of the queue at most, in records; 0: no limit
	room    int // for watches; 0: no limit
	cookie  uint32
	losing  bool // records are lost
	quiet   bool // records are not queued: the watch saw nothing
	cutOff  bool // the next record begins a new read
	untyped bool // readdir(3) does not say what is a directory
	when    map[string][]string
	do      func(line string)
	stepIn  func(event, path string) // if not nil: called wherever a script can step in
}

func newFakeDisk() *fakeDisk {
	return &fakeDisk{
		top: &inode{kids: make(map[string]*inode)}, files: make(map[int]*inode), nextFD: 100, nextWD: 1,
		wds: make(map[int32]*inode), when: make(map[string][]string), cookie: 1,
	}
}

// at returns what stands at p, and the directory and name it stands at.
func (d *fakeDisk) at(p string) (x, dir *inode, name string) {
	x = d.top
	for _, name = range strings.Split(strings.Trim(p, "/"), "/") {
		if dir = x; dir == nil || dir.kids == nil {
			return nil, nil, name
		}
		x = dir.kids[name]
	}
	return x, dir, name
}

// pathOf returns a path of x, for hooks.
func (d *fakeDisk) pathOf(x *inode) string {
	var find func(at *inode, p string) string
	find = func(at *inode, p string) string {
		if at == x {
			return p
		}
		for name, k := range at.kids {
			if found := find(k, path.Join(p, name)); found != "" {
				return found
			}
		}
		return ""
	}
	return find(d.top, "")
}

// hook has the script step in.
func (d *fakeDisk) hook(event, p string) {
	key := event + " " + p
	lines := d.when[key]
	delete(d.when, key)
	for _, line := range lines {
		d.do(line)
	}
	if d.stepIn != nil {
		d.stepIn(event, p)
	}
}

func (d *fakeDisk) emit(x *inode, mask inotify.Mask, cookie uint32, name string) {
	if x == nil || x.wd == 0 || d.quiet || !mask.HasAny(x.mask|inotify.Ignored) {
		return
	}
	d.push(inotify.Record{WD: x.wd, Mask: mask, Cookie: cookie, Name: []byte(name)})
}

func (d *fakeDisk) push(r inotify.Record) {
	if d.losing || d.length > 0 && len(d.queue) >= d.length {
		d.overflow()
		return
	}
	if n := len(d.queue); n > 0 && !d.cutOff && r.Mask&inotify.Ignored == 0 {
		if last := d.queue[n-1]; last.WD == r.WD && last.Mask == r.Mask && bytes.Equal(last.Name, r.Name) {
			return // merged, whatever the cookie
		}
	}
	d.append(r)
}

// overflow is the loss of a record: one that says so is in the queue at most (fsnotify_insert_event in
// fs/notify/notification.c).
func (d *fakeDisk) overflow() {
	if !slices.ContainsFunc(d.queue, func(r queuedRecord) bool { return r.WD == -1 }) {
		d.append(inotify.Record{WD: -1, Mask: inotify.QueueOverflow})
	}
}

func (d *fakeDisk) append(r inotify.Record) {
	d.queue = append(d.queue, queuedRecord{r, d.cutOff})
	d.cutOff = false
}

// end is when no name leads to x any more. It lives until nobody has it open, the engine neither.
func (d *fakeDisk) end(x *inode) {
	x.ended = true
	for _, open := range d.files {
		if open == x {
			return
		}
	}
	if x.held == 0 && x.wd != 0 {
		d.emit(x, inotify.DeleteSelf, 0, "")
		d.emit(x, inotify.Ignored, 0, "")
		delete(d.wds, x.wd)
		x.wd = 0
	}
}

// change makes one change of the disk.
func (d *fakeDisk) change(op string, args ...string) error {
	x, dir, name := d.at(args[0])
	isDir := func(y *inode) inotify.Mask { return dirBit(y.kids != nil) }
	switch op {
	case "mkdir", "write":
		y := &inode{}
		if op == "mkdir" {
			y.kids = make(map[string]*inode)
		}
		if x != nil || dir == nil {
			return fmt.Errorf("%s %s: there, or its directory is not", op, args[0])
		}
		dir.kids[name] = y
		d.emit(dir, inotify.Create|isDir(y), 0, name)
		return nil
	}
	if x == nil {
		return fmt.Errorf("%s %s: is not there", op, args[0])
	}
	switch op {
	case "rm", "rmdir":
		if len(x.kids) > 0 {
			return fmt.Errorf("%s %s: not empty", op, args[0])
		}
		delete(dir.kids, name)
		d.end(x)
		d.emit(dir, inotify.Delete|isDir(x), 0, name)
	case "deny", "allow":
		x.denied = op == "deny"
		d.emit(dir, inotify.Attrib|isDir(x), 0, name)
		d.emit(x, inotify.Attrib|isDir(x), 0, "")
	case "hold":
		x.held++
	case "modify":
		d.emit(dir, inotify.Modify, 0, name)
	case "mv", "exchange":
		y, to, toName := d.at(args[1])
		if to == nil || op == "exchange" && y == nil {
			return fmt.Errorf("%s %s %s: no target", op, args[0], args[1])
		}
		delete(dir.kids, name)
		to.kids[toName] = x
		d.moved(dir, name, to, toName, x)
		if op == "exchange" {
			dir.kids[name] = y
			d.moved(to, toName, dir, name, y)
		} else if y != nil {
			d.end(y)
		}
	default:
		return fmt.Errorf("no operation %q", op)
	}
	return nil
}

func (d *fakeDisk) moved(dir *inode, name string, to *inode, toName string, x *inode) {
	d.cookie++
	bit := dirBit(x.kids != nil)
	d.emit(dir, inotify.MovedFrom|bit, d.cookie, name)
	d.hook("rename", toName) // the rename is between its two records
	d.emit(to, inotify.MovedTo|bit, d.cookie, toName)
	d.emit(x, inotify.MoveSelf, 0, "")
}

// letGo closes what others hold of the watch wd.
func (d *fakeDisk) letGo(wd int32) {
	if x := d.wds[wd]; x != nil {
		x.held = 0
		if x.ended {
			d.end(x)
		}
	}
}

func (d *fakeDisk) openInode(x *inode) (int, error) {
	if x == nil {
		return -1, unix.ENOENT
	}
	if x.kids == nil {
		return -1, unix.ENOTDIR
	}
	if x.denied {
		return -1, unix.EACCES
	}
	d.nextFD++
	d.files[d.nextFD] = x
	return d.nextFD, nil
}

func (d *fakeDisk) openRoot(p string) (int, error) {
	d.hook("open", strings.Trim(p, "/"))
	x, _, _ := d.at(p)
	return d.openInode(x)
}

func (d *fakeDisk) open(dir int, rel []byte) (int, bool, error) {
	x := d.files[dir]
	if string(rel) == "." {
		fd, err := d.openInode(x)
		return fd, false, err
	}
	d.hook("open", path.Join(d.pathOf(x), string(rel)))
	for _, name := range strings.Split(string(rel), "/") {
		if x == nil || x.kids == nil {
			return -1, false, unix.ENOTDIR
		}
		if x.denied {
			return -1, false, unix.EACCES
		}
		x = x.kids[name]
	}
	fd, err := d.openInode(x)
	return fd, false, err
}

func (d *fakeDisk) watch(fd int, mask inotify.Mask) (int32, bool, error) {
	x := d.files[fd]
	d.hook("watch", d.pathOf(x))
	if x.denied {
		return -1, false, unix.EACCES
	}
	if x.wd != 0 {
		x.mask |= mask
		return x.wd, false, nil
	}
	if d.room > 0 && len(d.wds) >= d.room {
		return -1, false, unix.ENOSPC
	}
	x.mask = mask
	for d.wds[d.nextWD] != nil {
		d.nextWD++ // idr_alloc_cyclic
	}
	wd := d.nextWD
	x.wd, d.wds[wd] = wd, x
	d.nextWD++
	d.hook("watched", d.pathOf(x))
	return wd, true, nil
}

func (d *fakeDisk) unwatch(wd int32) {
	if x := d.wds[wd]; x != nil {
		d.emit(x, inotify.Ignored, 0, "")
		x.wd = 0
		delete(d.wds, wd)
	}
}

// list reads one name at a time, with a hook before each.
func (d *fakeDisk) list(fd int, _ []byte, f func([]byte, bool) error) error {
	x := d.files[fd]
	d.hook("list", d.pathOf(x))
	if x.ended {
		return unix.ENOENT // getdents(2)
	}
	var done []string
	for {
		var names []string
		for name := range x.kids {
			if !slices.Contains(done, name) && (len(done) == 0 || name > done[len(done)-1]) {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			return f(nil, true)
		}
		slices.Sort(names)
		name := names[0]
		kind := byte(unix.DT_REG)
		if x.kids[name].kids != nil {
			kind = unix.DT_DIR
		}
		if d.untyped {
			kind = unix.DT_UNKNOWN
		}
		done = append(done, name)
		if err := f(direntBytes(name, kind), false); err != nil {
			return err
		}
		d.hook("listed", path.Join(d.pathOf(x), name))
	}
}

func direntBytes(name string, kind byte) []byte {
	b := make([]byte, 19, 24+len(name))
	size := (19 + len(name) + 1 + 7) / 8 * 8
	binary.NativeEndian.PutUint16(b[16:], uint16(size))
	b[18] = kind
	b = append(b, name...)
	return append(b, make([]byte, size-len(b))...)
}

func (d *fakeDisk) lock(fd int, _ []byte) error {
	d.hook("lock", d.pathOf(d.files[fd]))
	return nil
}

func (d *fakeDisk) kind(dir int, name []byte) (there, isDir bool, err error) {
	d.hook("kind", path.Join(d.pathOf(d.files[dir]), string(name)))
	if d.files[dir].denied {
		return false, false, unix.EACCES
	}
	x := d.files[dir].kids[string(name)]
	return x != nil, x != nil && x.kids != nil, nil
}

func (d *fakeDisk) device(int) (uint64, error) { return 1, nil }

func (d *fakeDisk) close(fd int) {
	x := d.files[fd]
	if delete(d.files, fd); x.ended {
		d.end(x)
	}
}

func (d *fakeDisk) read(dst []byte) ([]byte, error) {
	if len(d.queue) == 0 {
		return dst, unix.EAGAIN
	}
	for i := 0; len(d.queue) > 0 && (i == 0 || !d.queue[0].cut); i++ {
		dst, _ = inotify.AppendRecord(dst, d.queue[0].Record, binary.NativeEndian)
		d.queue = d.queue[1:]
	}
	return dst, nil
}

func (d *fakeDisk) queued() (n int) {
	for _, r := range d.queue {
		room, _ := inotify.AppendRecord(nil, r.Record, binary.NativeEndian)
		n += len(room)
	}
	return n
}

func (d *fakeDisk) own() (watchFunc, func()) { return d.watch, func() {} }
