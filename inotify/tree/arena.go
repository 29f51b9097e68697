//go:build linux

package tree

// This file keeps the names of entries in one arena, in units of eight bytes, with a list of free pieces
// for each length. Names are bytes (path_resolution(7)), at most inotify.MaxNameSize of them.

import "encoding/binary"

// name returns the bytes of e's name, which are valid until e is changed.
func (s *state) name(e entryID) []byte {
	en := s.entry(e)
	at := en.name % (arenaChunk / nameUnit) * nameUnit
	return s.names[en.name/(arenaChunk/nameUnit)][at : at+uint32(en.sizeBits&nameSizeMask)]
}

// storeName copies name into the arena.
func (s *state) storeName(name []byte) uint32 {
	const perChunk = arenaChunk / nameUnit
	units := uint32(len(name)+nameUnit-1) / nameUnit
	at := s.freeNames[units]
	if at != 0 {
		s.freeNames[units] = binary.LittleEndian.Uint32(s.names[at/perChunk][at%perChunk*nameUnit:])
	} else {
		if s.nextName == 0 {
			s.nextName = 1 // 0 ends the free lists
		}
		if left := perChunk - s.nextName%perChunk; units > left {
			s.putName(s.nextName, left)
			s.nextName += left
		}
		at = s.nextName
		s.nextName += units
		if int(at/perChunk) >= len(s.names) {
			s.names = append(s.names, new([arenaChunk]byte))
		}
	}
	copy(s.names[at/perChunk][at%perChunk*nameUnit:], name)
	return at
}

// putName gives units of the arena back.
func (s *state) putName(at, units uint32) {
	const perChunk = arenaChunk / nameUnit
	if units == 0 || int(at/perChunk) >= len(s.names) {
		return
	}
	if int(units) >= len(s.freeNames) { // the end of a chunk that no name was too long for
		units = uint32(len(s.freeNames) - 1)
	}
	binary.LittleEndian.PutUint32(s.names[at/perChunk][at%perChunk*nameUnit:], s.freeNames[units])
	s.freeNames[units] = at
}

func (s *state) dropName(e *entry) {
	s.putName(e.name, (uint32(e.sizeBits&nameSizeMask)+nameUnit-1)/nameUnit)
}
