package inotify

// This file holds Mask: the bits of inotify(7), how they print and how they are read back. It knows
// nothing of the kernel but their values, and builds on every operating system.

import (
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"strings"
)

// Mask is a set of bits of inotify(7): in [Watcher.Add] what to watch for and how, in an [Event]
// what happened. Values are those of include/uapi/linux/inotify.h and the same on every
// architecture. Bits without a name here are kept, printed and parsed as they are.
type Mask uint32

// Events: what can be asked for in [Watcher.Add] and is told in [Event.Mask]. In the comments, the
// object is what was watched, an entry is a name in a watched directory. See inotify(7).
const (
	Access       Mask = 0x00000001 // IN_ACCESS: object or entry was read, or executed
	Modify       Mask = 0x00000002 // IN_MODIFY: object or entry was written or truncated
	Attrib       Mask = 0x00000004 // IN_ATTRIB: mode, owner, times, link count or extended attributes changed
	CloseWrite   Mask = 0x00000008 // IN_CLOSE_WRITE: object or entry that was open for writing was closed
	CloseNoWrite Mask = 0x00000010 // IN_CLOSE_NOWRITE: object or entry that was open, not for writing, was closed
	Open         Mask = 0x00000020 // IN_OPEN: object or entry was opened
	MovedFrom    Mask = 0x00000040 // IN_MOVED_FROM: entry was renamed; this is its old name
	MovedTo      Mask = 0x00000080 // IN_MOVED_TO: entry was renamed; this is its new name
	Create       Mask = 0x00000100 // IN_CREATE: entry was made: file, directory, link, socket, FIFO, device
	Delete       Mask = 0x00000200 // IN_DELETE: entry was removed
	DeleteSelf   Mask = 0x00000400 // IN_DELETE_SELF: object was removed: its last link and, as a rule, its last open descriptor
	MoveSelf     Mask = 0x00000800 // IN_MOVE_SELF: object was renamed
)

// Sets of events.
const (
	Close     = CloseWrite | CloseNoWrite // IN_CLOSE
	Move      = MovedFrom | MovedTo       // IN_MOVE
	AllEvents = Access | Modify | Attrib | Close | Open | Move | Create | Delete |
		DeleteSelf | MoveSelf // IN_ALL_EVENTS: the twelve events
)

// Bits that only the kernel sets, in [Event.Mask]. They need not be asked for.
const (
	Unmount       Mask = 0x00002000 // IN_UNMOUNT: the file system with the object was unmounted; Ignored follows
	QueueOverflow Mask = 0x00004000 // IN_Q_OVERFLOW: the queue was full and events were lost; see ErrOverflow
	Ignored       Mask = 0x00008000 // IN_IGNORED: the watch is gone; its last event
	IsDir         Mask = 0x40000000 // IN_ISDIR: the subject of the event is a directory
)

// How to watch: bits for [Watcher.Add] only.
const (
	OnlyDir    Mask = 0x01000000 // IN_ONLYDIR: fail with ENOTDIR unless the path is a directory
	DontFollow Mask = 0x02000000 // IN_DONT_FOLLOW: watch a symbolic link itself, not its target
	ExclUnlink Mask = 0x04000000 // IN_EXCL_UNLINK: no events of entries that have been unlinked and are still open
	MaskCreate Mask = 0x10000000 // IN_MASK_CREATE: fail with EEXIST if the object is watched already (Linux 4.18)
	MaskAdd    Mask = 0x20000000 // IN_MASK_ADD: join the bits to those of an existing watch, do not replace them
	OneShot    Mask = 0x80000000 // IN_ONESHOT: remove the watch after its first event
)

// flagName is a named bit: the kernel's spelling without IN_, and this package's constant.
type flagName struct {
	bit    Mask
	kernel string
	ours   string
}

// flagNames is in the order in which String prints: lowest bit first.
var flagNames = [...]flagName{
	{Access, "ACCESS", "Access"},
	{Modify, "MODIFY", "Modify"},
	{Attrib, "ATTRIB", "Attrib"},
	{CloseWrite, "CLOSE_WRITE", "CloseWrite"},
	{CloseNoWrite, "CLOSE_NOWRITE", "CloseNoWrite"},
	{Open, "OPEN", "Open"},
	{MovedFrom, "MOVED_FROM", "MovedFrom"},
	{MovedTo, "MOVED_TO", "MovedTo"},
	{Create, "CREATE", "Create"},
	{Delete, "DELETE", "Delete"},
	{DeleteSelf, "DELETE_SELF", "DeleteSelf"},
	{MoveSelf, "MOVE_SELF", "MoveSelf"},
	{Unmount, "UNMOUNT", "Unmount"},
	{QueueOverflow, "Q_OVERFLOW", "QueueOverflow"},
	{Ignored, "IGNORED", "Ignored"},
	{OnlyDir, "ONLYDIR", "OnlyDir"},
	{DontFollow, "DONT_FOLLOW", "DontFollow"},
	{ExclUnlink, "EXCL_UNLINK", "ExclUnlink"},
	{MaskCreate, "MASK_CREATE", "MaskCreate"},
	{MaskAdd, "MASK_ADD", "MaskAdd"},
	{IsDir, "ISDIR", "IsDir"},
	{OneShot, "ONESHOT", "OneShot"},
}

// setNames are the names of several bits. String never prints them.
var setNames = [...]flagName{
	{Close, "CLOSE", "Close"},
	{Move, "MOVE", "Move"},
	{AllEvents, "ALL_EVENTS", "AllEvents"},
}

// bitNames finds the name of a bit by its number; wordMasks the mask of a word in upper case.
var (
	bitNames  [32]string
	wordMasks = make(map[string]Mask)
)

func init() {
	for _, f := range flagNames {
		bitNames[bits.TrailingZeros32(uint32(f.bit))] = f.kernel
	}
	for _, list := range [][]flagName{flagNames[:], setNames[:]} {
		for _, f := range list {
			wordMasks[f.kernel] = f.bit
			wordMasks[strings.ToUpper(f.ours)] = f.bit
		}
	}
}

// Has reports whether m has all bits of f. It is true for f == 0. An event has one bit of a set such as
// Close or Move, never all: for those ask HasAny.
func (m Mask) Has(f Mask) bool { return m&f == f }

// HasAny reports whether m has at least one bit of f. It is false for f == 0.
func (m Mask) HasAny(f Mask) bool { return m&f != 0 }

// Flags returns the bits that are set in m one by one, the lowest first, unknown bits included.
func (m Mask) Flags() iter.Seq[Mask] {
	return func(yield func(Mask) bool) {
		for rest := m; rest != 0; rest &= rest - 1 {
			if !yield(rest & -rest) {
				return
			}
		}
	}
}

// String returns the kernel's names of the bits without IN_, the lowest bit first, joined by "|":
// "CREATE|ISDIR". Bits that have no name follow as one hexadecimal number: "CREATE|0x800000". The
// empty mask is "0". ParseMask reads it back.
func (m Mask) String() string {
	if m != 0 && m&(m-1) == 0 {
		if name := bitNames[bits.TrailingZeros32(uint32(m))]; name != "" {
			return name // one bit: no allocation
		}
	}
	var room [96]byte
	return string(m.append(room[:0]))
}

func (m Mask) append(dst []byte) []byte {
	if m == 0 {
		return append(dst, '0')
	}
	var unknown Mask
	start := len(dst)
	for rest := m; rest != 0; rest &= rest - 1 {
		name := bitNames[bits.TrailingZeros32(uint32(rest))]
		if name == "" {
			unknown |= rest & -rest
			continue
		}
		if len(dst) > start {
			dst = append(dst, '|')
		}
		dst = append(dst, name...)
	}
	if unknown != 0 {
		if len(dst) > start {
			dst = append(dst, '|')
		}
		dst = append(dst, "0x"...)
		dst = strconv.AppendUint(dst, uint64(unknown), 16)
	}
	return dst
}

// ParseMask reads a mask: words separated by "," or "|", in any case, with blanks around them or
// none. A word is a name as the kernel and inotifywait(1) spell it, with IN_ or without
// ("IN_CLOSE_WRITE", "close_write"), a name of this package ("CloseWrite"), one of the sets
// "close", "move" and "all_events", or a number of at most 32 bits, hexadecimal with 0x ("0x800000"),
// else decimal ("0"). Everything that String prints is read back as the same value. An error quotes
// the word that is not known and lists those that are; an empty word is an error.
func ParseMask(s string) (Mask, error) {
	var m Mask
	for rest, more := s, true; more; {
		word := rest
		i := strings.IndexAny(rest, ",|")
		if more = i >= 0; more {
			word, rest = rest[:i], rest[i+1:]
		}
		bits, err := parseWord(strings.TrimSpace(word))
		if err != nil {
			return 0, fmt.Errorf("inotify: mask %q: %w", s, err)
		}
		m |= bits
	}
	return m, nil
}

func parseWord(word string) (Mask, error) {
	if word == "" {
		return 0, fmt.Errorf("empty word; known words: %s", knownWords())
	}
	upper := strings.ToUpper(word)
	if word[0] >= '0' && word[0] <= '9' {
		digits, base := upper, 10
		if hex, ok := strings.CutPrefix(upper, "0X"); ok {
			digits, base = hex, 16
		}
		n, err := strconv.ParseUint(digits, base, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is not a number of at most 32 bits", word)
		}
		return Mask(n), nil
	}
	m, ok := wordMasks[strings.TrimPrefix(upper, "IN_")]
	if !ok || len(upper) != len(word) { // some letters beyond ASCII have an upper case within
		return 0, fmt.Errorf("unknown word %q; known words: %s", word, knownWords())
	}
	return m, nil
}

func knownWords() string {
	var words []string
	for _, list := range [][]flagName{flagNames[:], setNames[:]} {
		for _, f := range list {
			words = append(words, strings.ToLower(f.kernel))
		}
	}
	return strings.Join(words, " ")
}

// MarshalText implements encoding.TextMarshaler: the text of String.
func (m Mask) MarshalText() ([]byte, error) { return m.append(nil), nil }

// UnmarshalText implements encoding.TextUnmarshaler: what ParseMask reads, with its errors.
func (m *Mask) UnmarshalText(text []byte) error {
	v, err := ParseMask(string(text))
	if err != nil {
		return err
	}
	*m = v
	return nil
}
