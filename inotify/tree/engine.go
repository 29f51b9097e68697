//go:build linux

package tree

// This file holds the engine that the rules share: what it has read and not yet handled, what waits
// for a look, what is to be told, and how a step divides its time between them. The rules are in the
// files beside it; the system calls are behind the interface disk, so that a script can play them.
//
// The kernel appends a record to the queue while it holds the lock of the directory that changed, and
// a step handles records in the order of the queue; everything else a step does, it can do at any
// time: a look sets one name, or one directory, to what is on the disk at that moment. Records that
// were queued before and are handled later replay older history over it, and the last record of each
// name says again what the look saw.

import (
	"sync"
	"sync/atomic"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

type watchFunc = func(fd int, mask inotify.Mask) (wd int32, fresh bool, err error)

// disk is what the rules ask of the system. Descriptors are closed by those who opened them.
type disk interface {
	// openRoot opens the directory at path, following links.
	openRoot(path string) (fd int, err error)
	// open opens the directory at rel below dir, never following a link. Mount is set if rel is one
	// name, and something is mounted there.
	open(dir int, rel []byte) (fd int, mount bool, err error)
	// watch watches the directory open as fd. Fresh is set if its inode was not watched before.
	watch(fd int, mask inotify.Mask) (wd int32, fresh bool, err error)
	unwatch(wd int32)
	// own changes the calling thread, which is not the first one and ends with its goroutine, and returns
	// a way to watch that costs less on it, watch if there is none. It holds on to the directory that was
	// watched last until leave is called.
	own() (watch watchFunc, leave func())
	// list calls f with the entries of the directory, as many as buf holds at a time.
	list(fd int, buf []byte, f func(chunk []byte, last bool) error) error
	// lock reads from the directory, which waits for a change of it that is under way.
	lock(fd int, buf []byte) error
	// kind looks at a name in dir.
	kind(dir int, name []byte) (there, isDir bool, err error)
	device(fd int) (uint64, error)
	close(fd int)
	// read appends what is queued now, at most a buffer's worth, to dst.
	read(dst []byte) ([]byte, error)
	// queued returns the bytes that are queued now.
	queued() int
}

// kernelMask is what every watch asks for. An event that is equal to the newest in the queue is merged
// into it, whatever its cookie: only with all four of the first do two of them never follow each
// other for one name (inotify(7)).
const kernelMask = inotify.Create | inotify.Delete | inotify.MovedFrom | inotify.MovedTo |
	inotify.DeleteSelf | inotify.MoveSelf | inotify.OnlyDir | inotify.ExclUnlink

// entryRecords are the records of a change of a directory's entries.
const entryRecords = inotify.Create | inotify.Delete | inotify.MovedFrom | inotify.MovedTo

// root is one tree.
type root struct {
	path   string // as it was given
	abs    string // as it is opened
	real   string // without links, at the time of Add
	node   nodeID
	device uint64   // of its file system
	todo   []nodeID // of its set-up; nil after that
}

// item is something to be told.
type item struct {
	ev  Event
	err error
}

// mark is a name to be looked at.
type mark struct {
	dir  nodeID
	name string
}

// Bounds of one step. Between two steps the loop hands out what the step found.
const (
	stepVisits  = 256     // directories, before a crew is called that takes in what it can in one round
	stepRecords = 2048    // records
	stepLooks   = 64      // names and directories
	mostWaiting = 8192    // looks that wait while the queue is not empty
	stepFrees   = 256     // directories
	backlog     = 8 << 20 // bytes of records that wait here; more wait in the kernel's queue
	outLimit    = 1 << 16 // events that wait; with more nothing is read and looked at
	lookEvery   = 4096    // records after which looks are served though the queue is not empty
)

// tree is the engine. Work guards it.
type tree struct {
	work sync.Mutex
	disk disk
	opt  options
	mask inotify.Mask // of every watch

	mu     sync.Mutex // guards state and what hangs on it while several workers take directories in
	st     state
	roots  []*root // a removed one leaves nil
	dirs   atomic.Int64
	closed atomic.Bool

	pend     []byte // records
	pos      int    // of the first that is not handled
	next     int    // of the one after the one that is being handled
	drained  bool   // the last read found the queue empty
	readErr  error
	onRead   func(raw []byte)
	stale    map[int32]staleness // watches that are gone, of which records may be queued
	returned map[nodeID]struct{} // came back with a watch whose older records may be queued
	shared   map[int32]struct{}  // watches of this round that another worker made: see settle
	handled  uint64              // bytes of records
	scanFrom uint64              // value of handled from which on the next scan may begin
	sinceGap int                 // records handled since looks were served

	visits     []nodeID // directories to be taken in
	later      []nodeID // directories to be looked at when the queue is empty
	marks      []mark   // names to be looked at then
	marked     map[mark]struct{}
	blocked    []mark   // that permissions kept from being looked at
	dissolving []nodeID // no longer part of a tree
	reach      []nodeID // could not be reached: attribsAbove is to be called
	wanting    []nodeID // failed for want of something that may return
	retry      []nodeID // of those, what is to be tried now
	noRoom     bool     // the limit of watches was met
	limitTold  bool     // that the limit of watches is reached
	freed      bool     // a watch has become free
	gen        uint32   // of the present scan
	rescan     bool     // another scan is to follow

	out     []item
	scratch []byte
	path    pathCache
	asIs    *asIs // see WithRecords; or nil

	serial *scanner
	sink   *scanner // the worker that gets what it finds; under mu
}

// pathCache is the directory whose path was last asked for.
type pathCache struct {
	node    nodeID
	version uint64
	path    []byte // with a slash
}

func newTree(d disk, opt options) *tree {
	t := &tree{disk: d, opt: opt, gen: 1, stale: make(map[int32]staleness), marked: make(map[mark]struct{}),
		returned: make(map[nodeID]struct{}), shared: make(map[int32]struct{})}
	t.mask = kernelMask | opt.mask&inotify.AllEvents
	t.serial = newScanner(t)
	t.st.version = 1
	return t
}

// step does a bounded part of what there is to do, and reports whether there is more that does not
// wait for the kernel. It is called with work held.
func (t *tree) step() (more bool) {
	defer t.serial.release()
	t.drained = false
	if t.pos > len(t.pend)/2 {
		t.pend = append(t.pend[:0], t.pend[t.pos:]...)
		t.pos = 0
	}
	if t.pos == len(t.pend) {
		t.fetch()
	}
	if t.visitSome(stepVisits) == stepVisits && len(t.visits) > 0 && len(t.out) < outLimit {
		t.burst()
	}
	if len(t.out) >= outLimit {
		return true
	}
	t.records(stepRecords)
	if t.pos == len(t.pend) && !t.drained {
		t.fetch()
	}
	if t.pos == len(t.pend) && t.drained {
		clear(t.stale) // their IGNORED was handled, or was lost
		clear(t.returned)
		t.drainedAsIs()
	}
	if t.pos == len(t.pend) && t.drained && len(t.visits) == 0 || t.sinceGap >= lookEvery {
		t.sinceGap = 0
		t.rest()
	}
	clear(t.shared)
	t.release()
	return t.due()
}

// due reports whether there is something to do now.
func (t *tree) due() bool {
	return t.pos < len(t.pend) || len(t.visits) > 0 || len(t.later) > 0 || len(t.marks) > 0 ||
		len(t.dissolving) > 0 || t.rescan || len(t.reach) > 0 || len(t.retry) > 0 ||
		t.freed && len(t.wanting)+len(t.blocked) > 0
}

// release gives back the buffer of a burst.
func (t *tree) release() {
	if t.pos == len(t.pend) {
		t.pos = 0
		if t.pend = t.pend[:0]; cap(t.pend) > 1<<20 {
			t.pend = nil
		}
	}
}

// fetch reads what is queued, at most a buffer's worth, behind what waits.
func (t *tree) fetch() {
	if len(t.pend)-t.pos > backlog || t.readErr != nil {
		return
	}
	if t.pos == len(t.pend) { // never while a record is being handled
		t.pend, t.pos = t.pend[:0], 0
	}
	had := len(t.pend)
	buf, err := t.disk.read(t.pend)
	if err != nil {
		t.drained = true
		if err != unix.EAGAIN {
			t.readErr = err
		}
		return
	}
	t.take(buf, had)
}

// take has buf be what waits; what is behind had is new.
func (t *tree) take(buf []byte, had int) {
	t.pend = buf
	t.drained = len(buf) == had
	if t.onRead != nil && len(buf) > had {
		t.onRead(buf[had:len(buf):len(buf)])
	}
}

// tell has an event of n, or of name in it, told if the user's mask asks for it.
func (t *tree) tell(n nodeID, name []byte, mask inotify.Mask, cookie uint32, synthetic bool) {
	if !t.wanted(mask, synthetic) || !t.attached(n) {
		return
	}
	t.put(item{ev: Event{Path: t.join(n, name), Mask: mask, Cookie: cookie, Synthetic: synthetic}})
}

func (t *tree) put(i item) {
	t.out = append(t.out, i)
}

// join returns the path of name in n, or of n itself.
func (t *tree) join(n nodeID, name []byte) string {
	c := &t.path
	if c.node != n || c.version != t.st.version {
		if t.st.top(n) == 0 { // what is kept is the path of what is part of a tree: see attached
			return ""
		}
		c.path = t.appendDir(c.path[:0], n)
		c.node, c.version = n, t.st.version
	}
	if len(name) == 0 {
		return string(t.appendRoot(nil, n))
	}
	buf := append(append(t.scratch[:0], c.path...), name...)
	t.scratch = buf
	return string(buf)
}

// appendRoot appends the path of n.
func (t *tree) appendRoot(dst []byte, n nodeID) []byte {
	r := t.roots[t.st.node(t.st.top(n)).root]
	rest := t.st.appendPath(nil, n)
	dst = append(dst, r.path...)
	if len(rest) > 0 && len(r.path) > 0 && r.path[len(r.path)-1] == '/' {
		rest = rest[1:]
	}
	return append(dst, rest...)
}

// appendDir appends the path of n with a slash behind it.
func (t *tree) appendDir(dst []byte, n nodeID) []byte {
	dst = t.appendRoot(dst, n)
	if len(dst) == 0 || dst[len(dst)-1] != '/' {
		dst = append(dst, '/')
	}
	return dst
}

// attached reports whether n is part of a tree.
func (t *tree) attached(n nodeID) bool {
	return t.path.node == n && t.path.version == t.st.version || t.st.top(n) != 0
}
