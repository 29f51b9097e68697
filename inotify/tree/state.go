//go:build linux

package tree

// This file holds what is known of the trees: nodes for directories, entries for everything that
// stands in one, and which node a watch descriptor belongs to. It is pure state: no system calls, no
// events. It rests on one fact of inotify(7): a watch belongs to an inode, not to a path. So a path is
// never stored, but derived from the parents; renaming a directory re-links one entry, however much
// is below it.
//
// Everything is addressed by 32-bit numbers into slabs without pointers, which the garbage collector
// does not look into: 28 bytes an entry, 28 a node, names in one arena.

import "encoding/binary"

type (
	nodeID  uint32 // 0 is none
	entryID uint32 // 0 is none
)

// entry is a name in a directory.
type entry struct {
	dir        nodeID  // that it stands in
	node       nodeID  // of a directory; 0 for all else
	next, prev entryID // in the directory; next also of a free entry
	chain      entryID // of the same hash
	name       uint32  // in the arena
	sizeBits   uint16  // length of the name, and entryFlags in the highest bits
	tag        uint16  // of the hash: most entries that differ are told apart by it
}

const (
	nameSizeMask = 1<<12 - 1 // inotify.MaxNameSize is 4,096 with the NUL
	entrySeen    = 1 << 12   // by the listing that is being compared
)

// node is a directory.
type node struct {
	entry entryID // its name in its parent; 0 for a root, and for a node that is no longer part of a tree
	first entryID // of its entries
	chain nodeID  // of the same bucket of byWD; the next free node
	wd    int32   // of its watch; 0: it has none
	gen   uint32  // the scan that listed it last; 0: none did
	root  uint32  // number of the root, for a root
	flags nodeFlags
}

type nodeFlags uint32

const (
	isRoot    nodeFlags = 1 << iota
	queued              // waits in tree.visits or in a set-up's list
	waiting             // waits in tree.later
	wanting             // waits in tree.wanting
	silent              // part of a set-up: what its first listing finds is known, not told
	failed              // it could not be watched or read, which was told
	foreign             // another file system, not to be entered
	deleted             // DELETE_SELF was seen
	unmounted           // UNMOUNT was seen
	attribs             // its watch asks for ATTRIB, whatever the user's mask
	moved               // MOVE_SELF of a root was seen
	mountRoot           // something is mounted there
	inDoubt             // a root was found to stand there: the root is looked at first
	refilter            // its path is another: what is skipped below it may be another, too
	inUse
)

const (
	entryChunk = 2048
	nodeChunk  = 1024
	arenaChunk = 32 << 10 // bytes
	nameUnit   = 8        // bytes
)

// state is all trees of a Watcher.
type state struct {
	entries   []*[entryChunk]entry
	lastEntry entryID
	freeEntry entryID
	count     int // entries

	nodes    []*[nodeChunk]node
	lastNode nodeID
	freeNode nodeID

	names     []*[arenaChunk]byte
	nextName  uint32 // first unit never used
	freeNames [4096/nameUnit + 1]uint32

	byName []entryID // buckets, a power of two
	byWD   []nodeID  // buckets, a power of two
	watch  int       // nodes with a watch

	// version changes when a directory is moved or taken away, so that a derived path can be kept.
	version uint64
}

func (s *state) entry(e entryID) *entry { return &s.entries[e/entryChunk][e%entryChunk] }
func (s *state) node(n nodeID) *node    { return &s.nodes[n/nodeChunk][n%nodeChunk] }

// hash mixes the directory and the name.
func hash(dir nodeID, name []byte) uint64 {
	const odd = 0x9E3779B97F4A7C15 // 2^64 / golden ratio
	h := uint64(dir)*odd ^ uint64(len(name))
	n := name
	for ; len(n) >= 8; n = n[8:] {
		h = (h ^ binary.LittleEndian.Uint64(n)) * odd
		h ^= h >> 32
	}
	var rest uint64
	for _, b := range n {
		rest = rest<<8 | uint64(b)
	}
	h = (h ^ rest) * odd
	return h ^ h>>29
}

// find returns the entry called name in dir, or 0.
func (s *state) find(dir nodeID, name []byte) entryID {
	if len(s.byName) == 0 {
		return 0
	}
	h := hash(dir, name)
	for e := s.byName[h&uint64(len(s.byName)-1)]; e != 0; {
		en := s.entry(e)
		if en.tag == uint16(h>>48) && en.dir == dir && int(en.sizeBits&nameSizeMask) == len(name) &&
			string(s.name(e)) == string(name) {
			return e
		}
		e = en.chain
	}
	return 0
}

// findAmong is find for a directory of few entries that were added one after another: they lie side by
// side, where those of a bucket lie anywhere.
func (s *state) findAmong(dir nodeID, name []byte) entryID {
	for e := s.node(dir).first; e != 0; e = s.entry(e).next {
		if int(s.entry(e).sizeBits&nameSizeMask) == len(name) && string(s.name(e)) == string(name) {
			return e
		}
	}
	return 0
}

// add makes an entry called name in dir, which has none of that name; with a node if it is a directory.
func (s *state) add(dir nodeID, name []byte, isDir bool) entryID {
	e := s.freeEntry
	if e != 0 {
		s.freeEntry = s.entry(e).next
	} else {
		s.lastEntry++
		e = s.lastEntry
		if int(e/entryChunk) >= len(s.entries) {
			s.entries = append(s.entries, new([entryChunk]entry))
		}
	}
	*s.entry(e) = entry{}
	s.link(e, dir, name)
	if isDir {
		n := s.newNode()
		s.entry(e).node = n
		s.node(n).entry = e
	}
	s.count++
	return e
}

func (s *state) newNode() nodeID {
	n := s.freeNode
	if n != 0 {
		s.freeNode = s.node(n).chain
	} else {
		s.lastNode++
		n = s.lastNode
		if int(n/nodeChunk) >= len(s.nodes) {
			s.nodes = append(s.nodes, new([nodeChunk]node))
		}
	}
	*s.node(n) = node{flags: inUse}
	return n
}

// link gives e its place.
func (s *state) link(e entryID, dir nodeID, name []byte) {
	if s.count*2 >= len(s.byName)*5 {
		s.growNames()
	}
	h := hash(dir, name)
	en := s.entry(e)
	en.dir, en.name = dir, s.storeName(name)
	en.sizeBits = en.sizeBits&^nameSizeMask | uint16(len(name))
	en.tag = uint16(h >> 48)
	bucket := &s.byName[h&uint64(len(s.byName)-1)]
	en.chain, *bucket = *bucket, e
	d := s.node(dir)
	en.prev, en.next = 0, d.first
	if d.first != 0 {
		s.entry(d.first).prev = e
	}
	d.first = e
}

// unlink takes e out of its place.
func (s *state) unlink(e entryID) {
	en := s.entry(e)
	at := &s.byName[hash(en.dir, s.name(e))&uint64(len(s.byName)-1)]
	for *at != e {
		at = &s.entry(*at).chain
	}
	*at = en.chain
	if en.prev != 0 {
		s.entry(en.prev).next = en.next
	} else {
		s.node(en.dir).first = en.next
	}
	if en.next != 0 {
		s.entry(en.next).prev = en.prev
	}
	s.dropName(en)
	en.dir = 0 // it stands nowhere: growNames passes it over
}

// growNames makes twice as many buckets. It goes through the entries and their names as they lie in
// memory, not from bucket to bucket.
func (s *state) growNames() {
	s.byName = make([]entryID, max(2*len(s.byName), 64))
	mask := uint64(len(s.byName) - 1)
	for e := entryID(1); e <= s.lastEntry; e++ {
		if en := s.entry(e); en.dir != 0 { // else it is free
			bucket := &s.byName[hash(en.dir, s.name(e))&mask]
			en.chain, *bucket = *bucket, e
		}
	}
}

// remove takes e away. What was below it is returned: a node without a place, to be dissolved; 0 if
// e was no directory.
func (s *state) remove(e entryID) nodeID {
	n := s.entry(e).node
	if n != 0 {
		s.node(n).entry = 0
		s.version++
	}
	s.unlink(e)
	s.freeEntryAt(e)
	return n
}

func (s *state) freeEntryAt(e entryID) {
	*s.entry(e) = entry{next: s.freeEntry}
	s.freeEntry = e
	s.count--
}

// move gives e another place, where nothing is.
func (s *state) move(e entryID, dir nodeID, name []byte) {
	s.unlink(e)
	s.link(e, dir, name)
	if s.entry(e).node != 0 {
		s.version++
	}
}

// swap has two entries change places.
func (s *state) swap(a, b entryID) {
	ea, eb := s.entry(a), s.entry(b)
	ea.node, eb.node = eb.node, ea.node
	if ea.node != 0 {
		s.node(ea.node).entry = a
		s.version++
	}
	if eb.node != 0 {
		s.node(eb.node).entry = b
		s.version++
	}
}

func (s *state) isDir(e entryID) bool { return s.entry(e).node != 0 }

// parent returns the directory that n stands in; 0 for a root.
func (s *state) parent(n nodeID) nodeID {
	if e := s.node(n).entry; e != 0 {
		return s.entry(e).dir
	}
	return 0
}

// top returns the root that n is below, or n itself; 0 if n is no longer part of a tree.
func (s *state) top(n nodeID) nodeID {
	for {
		nd := s.node(n)
		if nd.entry == 0 {
			if nd.flags&isRoot != 0 {
				return n
			}
			return 0
		}
		n = s.entry(nd.entry).dir
	}
}

// within reports whether n is m, or below it.
func (s *state) within(n, m nodeID) bool {
	for ; n != 0; n = s.parent(n) {
		if n == m {
			return true
		}
	}
	return false
}

// appendPath appends the path of n from its root, without the root's: "/a/b", or nothing for a root.
func (s *state) appendPath(dst []byte, n nodeID) []byte {
	size := 0
	for m := n; s.node(m).entry != 0; m = s.parent(m) {
		size += 1 + int(s.entry(s.node(m).entry).sizeBits&nameSizeMask)
	}
	start := len(dst)
	if cap(dst)-start < size {
		dst = append(make([]byte, 0, 2*(start+size)), dst...)
	}
	dst = dst[:start+size]
	at := len(dst)
	for m := n; s.node(m).entry != 0; m = s.parent(m) {
		name := s.name(s.node(m).entry)
		at -= len(name)
		copy(dst[at:], name)
		at--
		dst[at] = '/'
	}
	return dst
}

// watched returns the node that has the watch, or 0.
func (s *state) watched(wd int32) nodeID {
	if len(s.byWD) == 0 {
		return 0
	}
	for n := s.byWD[uint32(wd)&uint32(len(s.byWD)-1)]; n != 0; {
		nd := s.node(n)
		if nd.wd == wd {
			return n
		}
		n = nd.chain
	}
	return 0
}

// bind gives n, which has none, the watch wd, which nobody has.
func (s *state) bind(n nodeID, wd int32) {
	if s.watch >= len(s.byWD) {
		old := s.byWD
		s.byWD = make([]nodeID, max(2*len(old), 64))
		for _, m := range old {
			for m != 0 {
				nd := s.node(m)
				next := nd.chain
				bucket := &s.byWD[uint32(nd.wd)&uint32(len(s.byWD)-1)]
				nd.chain, *bucket = *bucket, m
				m = next
			}
		}
	}
	nd := s.node(n)
	nd.wd = wd
	bucket := &s.byWD[uint32(wd)&uint32(len(s.byWD)-1)]
	nd.chain, *bucket = *bucket, n
	s.watch++
}

// unbind takes n's watch from it.
func (s *state) unbind(n nodeID) {
	nd := s.node(n)
	if nd.wd == 0 {
		return
	}
	at := &s.byWD[uint32(nd.wd)&uint32(len(s.byWD)-1)]
	for *at != n {
		at = &s.node(*at).chain
	}
	*at = nd.chain
	nd.chain, nd.wd = 0, 0
	nd.flags &^= deleted | unmounted | attribs
	s.watch--
}

// free gives n back, which has no watch, no entries and no place.
func (s *state) free(n nodeID) {
	*s.node(n) = node{chain: s.freeNode}
	s.freeNode = n
}
