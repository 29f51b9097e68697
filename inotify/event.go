package inotify

// This file holds Event: its path, and how it prints. It builds on every operating system.

import (
	"log/slog"
	"strconv"
	"strings"

	"github.com/inoseq/inoseq/internal/line"
)

// Event is one event as the kernel told it. It is a value of its own: it may be kept, and never
// holds on to a read buffer.
type Event struct {
	// Watch is the watch that saw the event; nil with QueueOverflow, and for a watch that the
	// Watcher does not know.
	Watch *Watch
	// Mask is what happened: one bit of AllEvents, Unmount, QueueOverflow or Ignored, and IsDir if
	// the subject is a directory (the kernel leaves it out of DeleteSelf and MoveSelf).
	Mask Mask
	// Cookie joins the MovedFrom and the MovedTo of one rename; 0 otherwise.
	Cookie uint32
	// Name is the entry's name in the watched directory, as the bytes that the file system has;
	// empty if the event is about the watched object itself.
	Name string

	dir string // path of Watch when the event was delivered
}

// Path returns the path of the watch, as it was when the event was delivered, and the name, joined
// by one slash. Nothing is cleaned: a watch on "./a//b" gives "./a//b/name". Without a name it is
// the path of the watch, without a watch the name.
func (e Event) Path() string { return joinPath(e.dir, e.Name) }

func joinPath(dir, name string) string {
	switch {
	case name == "":
		return dir
	case dir == "" || strings.HasSuffix(dir, "/"):
		return dir + name
	}
	return dir + "/" + name
}

// Has reports whether the event's mask has all bits of f. It is true for f == 0. An event has one bit
// of a set such as Close or Move, never all: for those ask HasAny.
func (e Event) Has(f Mask) bool { return e.Mask.Has(f) }

// HasAny reports whether the event's mask has at least one bit of f. It is false for f == 0.
func (e Event) HasAny(f Mask) bool { return e.Mask.HasAny(f) }

// String returns the mask and the quoted path, as in
//
//	CREATE|ISDIR "/dir/name"
//
// and the mask alone where there is no path.
func (e Event) String() string {
	room := make([]byte, 0, 128)
	room = e.Mask.append(room)
	if path := e.Path(); path != "" {
		room = append(room, ' ')
		room = strconv.AppendQuote(room, path)
	}
	return string(room)
}

// LogValue implements slog.LogValuer: a group of op, path and, unless it is 0, cookie. Handlers
// print a path as they print any string: slog's own quote what is not plain.
func (e Event) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, 3)
	attrs = append(attrs, slog.String("op", e.Mask.String()), slog.String("path", e.Path()))
	if e.Cookie != 0 {
		attrs = append(attrs, slog.Uint64("cookie", uint64(e.Cookie)))
	}
	return slog.GroupValue(attrs...)
}

// MarshalJSON implements json.Marshaler:
//
//	{"op":["MOVED_FROM","ISDIR"],"path":"/dir/name","cookie":7}
//
// The members of op are the names that Mask prints. Cookie is left out when 0. A path that is not
// UTF-8 has U+FFFD where it is not text, and its bytes follow in base64 as path_b64.
func (e Event) MarshalJSON() ([]byte, error) {
	return line.Event{Op: e.Mask.names(), Path: e.Path(), Cookie: e.Cookie}.MarshalJSON()
}

// names returns the words that String joins.
func (m Mask) names() []string {
	if m == 0 {
		return nil
	}
	return strings.Split(m.String(), "|")
}
