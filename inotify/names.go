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
	tags [nameSets]uint64 // of each way 16 other bits of its name's hash: most that differ are not compared
	turn [nameSets]uint8  // the way that the next new name takes: each in turn, so that four stay
}

// get returns the name in field as a string of its own. Field is what a record has for a name, with its
// padding: to look for the end of the name costs more than to take the padding along, and has to be done
// for a new name only. The tags of a set are looked at all at once, by the trick that finds the zero
// 16-bit lanes of a number; it may find one too many, above one that is zero, for which isName is asked.
func (c *nameCache) get(field []byte) string {
	h := hashName(field)
	at, tag := h%nameSets, h>>16&0xFFFF
	const low, high = 0x0001000100010001, 0x8000800080008000
	differ := c.tags[at] ^ tag*low
	for zero := (differ - low) &^ differ & high; zero != 0; zero &= zero - 1 {
		way := bits.TrailingZeros64(zero) / 16 % nameWays
		if s := c.sets[at][way]; isName(s, field) {
			return s
		}
	}
	s := string(trimName(field))
	if len(s) <= longestKept {
		way := c.turn[at] % nameWays
		c.turn[at] = way + 1
		c.sets[at][way] = s
		c.tags[at] = c.tags[at]&^(0xFFFF<<(16*way)) | tag<<(16*way)
	}
	return s
}

// isName reports whether s, which holds no NUL, is the name in field.
func isName(s string, field []byte) bool {
	n := len(s)
	return n <= len(field) && (n == len(field) || field[n] == 0) && s == string(field[:n])
}

// hashName is quick for a field of 16 bytes, and for multiples of it, which all are that the kernel
// writes. Names that collide, and padding that is not NUL, cost an allocation, nothing else.
func hashName(field []byte) (h uint64) {
	const a, b = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03 // odd, with bits of all kinds
	for ; len(field) >= 16; field = field[16:] {
		h = fold(h^binary.LittleEndian.Uint64(field)^a, binary.LittleEndian.Uint64(field[8:])^b)
	}
	for _, c := range field { // none
		h = fold(h^uint64(c), a)
	}
	return h
}

// fold has every bit of x and y change many of the result: a product's two halves joined.
func fold(x, y uint64) uint64 {
	high, low := bits.Mul64(x, y)
	return high ^ low
}
