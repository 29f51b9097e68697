package inotify

// This file keeps the names of late events, so that a name that comes again is the same string and
// costs no allocation.

import (
	"encoding/binary"
	"math/bits"
)

var nativeEndian = binary.NativeEndian

// A name is looked for in one set only. A new name takes the place of the oldest of its set.
const (
	nameSets    = 256
	nameWays    = 4
	longestKept = 255 // bytes; NAME_MAX of most file systems
)

// nameCache has room for 1,024 names, 18 KiB without their bytes.
type nameCache struct {
	sets [nameSets][nameWays]string
	tags [nameSets][nameWays]uint16 // other bits of the names' hashes: most that differ are not compared
	turn [nameSets]uint8            // the way that the next new name takes: each in turn, so that four stay
}

// get returns name as a string of its own.
func (c *nameCache) get(name []byte) string {
	h := hashName(name)
	at, tag := h%nameSets, uint16(h>>16)
	set, tags := &c.sets[at], &c.tags[at]
	for i := range tags {
		if tags[i] == tag && set[i] == string(name) {
			return set[i]
		}
	}
	s := string(name)
	if len(s) <= longestKept {
		way := c.turn[at] % nameWays
		set[way], tags[way] = s, tag
		c.turn[at]++
	}
	return s
}

// hashName is quick for short names. Names that collide cost an allocation, nothing else.
func hashName(name []byte) uint64 {
	n := len(name)
	h := uint64(n)
	if n < 8 {
		for _, b := range name {
			h = h<<8 | uint64(b)
		}
		return fold(h)
	}
	for i := 0; i < n-8; i += 8 {
		h = fold(h ^ binary.LittleEndian.Uint64(name[i:]))
	}
	return fold(h ^ binary.LittleEndian.Uint64(name[n-8:])) // may overlap the one before
}

// fold has every bit of x change many of the result: a product's two halves joined.
func fold(x uint64) uint64 {
	const odd = 0x9E3779B97F4A7C15 // 2^64 / golden ratio
	high, low := bits.Mul64(x, odd)
	return high ^ low
}
