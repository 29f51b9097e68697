package tree

// This file holds what a caller is told: Event, how it prints, and DirError. It builds on every
// operating system. The names of the bits are those of inotify(7), through package inotify.

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/internal/line"
)

// Event is one change of a tree.
type Event struct {
	// Path is what changed: the root as it was given to [Watcher.Add], and the names below it, joined
	// by one slash. It is the path at the time of the event, not a later one.
	Path string
	// From is set for a rename within the watched trees: what stood there stands at Path now.
	From string
	// Mask is what happened: one bit of inotify.AllEvents, and IsDir if the subject is a directory. A
	// rename is MovedTo with From set; MovedTo without From came into the trees, MovedFrom left them.
	// DeleteSelf, MoveSelf and Unmount are told of roots only, and mean that the root is no longer
	// watched. QueueOverflow comes with inotify.ErrOverflow.
	Mask inotify.Mask
	// Cookie is the kernel's number for a rename; 0 otherwise.
	Cookie uint32
	// Synthetic is set when the change was found by looking at the disk, not told by the kernel.
	Synthetic bool
	// Exchange is set when what stood at Path and what stood at From changed places (RENAME_EXCHANGE
	// of renameat2(2)). IsDir then speaks of what stands at Path now.
	Exchange bool

	watched int // bytes of Path that Split returns as what is watched; 0: up to the last slash
}

// Has reports whether the event's mask has all bits of f. It is true for f == 0.
func (e Event) Has(f inotify.Mask) bool { return e.Mask.Has(f) }

// HasAny reports whether the event's mask has at least one bit of f. It is false for f == 0.
func (e Event) HasAny(f inotify.Mask) bool { return e.Mask.HasAny(f) }

// String returns the mask, the quoted path and what else there is, as in
//
//	MOVED_TO|ISDIR "/dir/new" from "/dir/old"
//	CREATE "/dir/file" (synthetic)
func (e Event) String() string {
	b := make([]byte, 0, 128)
	b = append(b, e.Mask.String()...)
	if e.Path != "" {
		b = append(b, ' ')
		b = strconv.AppendQuote(b, e.Path)
	}
	if e.From != "" {
		b = append(b, " from "...)
		b = strconv.AppendQuote(b, e.From)
	}
	if e.Exchange {
		b = append(b, " (exchange)"...)
	}
	if e.Synthetic {
		b = append(b, " (synthetic)"...)
	}
	return string(b)
}

// LogValue implements slog.LogValuer: a group of op, path and what else is not zero.
func (e Event) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, 6)
	attrs = append(attrs, slog.String("op", e.Mask.String()), slog.String("path", e.Path))
	if e.From != "" {
		attrs = append(attrs, slog.String("from", e.From))
	}
	if e.Exchange {
		attrs = append(attrs, slog.Bool("exchange", true))
	}
	if e.Cookie != 0 {
		attrs = append(attrs, slog.Uint64("cookie", uint64(e.Cookie)))
	}
	if e.Synthetic {
		attrs = append(attrs, slog.Bool("synthetic", true))
	}
	return slog.GroupValue(attrs...)
}

// MarshalJSON implements json.Marshaler:
//
//	{"op":["MOVED_TO","ISDIR"],"path":"/dir/new","from":"/dir/old","cookie":7}
//
// The members of op are the names that Mask prints. Exchange, cookie and synthetic are left out when
// zero. A path that is not UTF-8 has U+FFFD where it is not text, and its bytes follow in base64 as
// path_b64; from and from_b64 likewise.
func (e Event) MarshalJSON() ([]byte, error) {
	var op []string
	if e.Mask != 0 {
		op = strings.Split(e.Mask.String(), "|")
	}
	return line.Event{
		Op: op, Path: e.Path, From: e.From, Exchange: e.Exchange, Cookie: e.Cookie, Synthetic: e.Synthetic,
	}.MarshalJSON()
}

// DirError says that one directory could not be watched or read: what is below it is not told. It is
// tried again when its attributes change, when a watch has become free, or after an overflow. The
// sequence goes on.
type DirError struct {
	Path string // of the directory
	// Err is EACCES, EIO and others of open(2) and inotify_add_watch(2), an *inotify.LimitError, or says
	// that the directory is watched at another path already.
	Err error
}

// Error gives the quoted path and what is wrong.
func (e *DirError) Error() string {
	return fmt.Sprintf("inotify/tree: directory %q is not watched: %v", e.Path, e.Err)
}

// Unwrap returns e.Err.
func (e *DirError) Unwrap() error { return e.Err }
