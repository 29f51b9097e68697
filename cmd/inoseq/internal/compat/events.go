package compat

// This file holds the names of events as inotifywait reads and prints them, which are nearly those of
// inotify(7), and its lists of them, which are less than strict.

import (
	"fmt"
	"strings"

	"github.com/inoseq/inoseq/inotify"
)

// printed are the names in the order in which they are printed.
var printed = []struct {
	name string
	mask inotify.Mask // one of its bits is enough
}{
	{"ACCESS", inotify.Access},
	{"MODIFY", inotify.Modify},
	{"ATTRIB", inotify.Attrib},
	{"CLOSE_WRITE", inotify.CloseWrite},
	{"CLOSE_NOWRITE", inotify.CloseNoWrite},
	{"OPEN", inotify.Open},
	{"MOVED_FROM", inotify.MovedFrom},
	{"MOVED_TO", inotify.MovedTo},
	{"CREATE", inotify.Create},
	{"DELETE", inotify.Delete},
	{"DELETE_SELF", inotify.DeleteSelf},
	{"UNMOUNT", inotify.Unmount},
	{"Q_OVERFLOW", inotify.QueueOverflow},
	{"IGNORED", inotify.Ignored},
	{"CLOSE", inotify.Close},
	{"MOVE_SELF", inotify.MoveSelf},
	{"ISDIR", inotify.IsDir},
	{"ONESHOT", inotify.OneShot},
}

// eventNames joins the names of mask by sep.
func eventNames(mask inotify.Mask, sep byte) string {
	var b strings.Builder
	for _, p := range printed {
		if mask.HasAny(p.mask) {
			if b.Len() > 0 {
				b.WriteByte(sep)
			}
			b.WriteString(p.name)
		}
	}
	if b.Len() == 0 {
		return fmt.Sprintf("0x%08x", uint32(mask))
	}
	return b.String()
}

// addEvents takes the list of an option -e, and tells if it is wrong.
func addEvents(env Env, to *inotify.Mask, list string) (ok bool) {
	mask, ok := parseEvents(list)
	if !ok {
		tellNoEvent(env.Stderr, list)
	}
	*to |= mask
	return ok
}

// parseEvents reads a list of names. An empty element anywhere before a wrong one makes the whole list
// empty, which is no error.
func parseEvents(list string) (mask inotify.Mask, ok bool) {
	if list == "" {
		return 0, true
	}
	for _, word := range strings.Split(list, ",") {
		bits, known := parseEvent(word)
		switch {
		case word == "":
			return 0, true
		case !known:
			return 0, false
		}
		mask |= bits
	}
	return mask, true
}

func parseEvent(word string) (inotify.Mask, bool) {
	upper := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, word)
	switch upper {
	case "MOVE":
		return inotify.Move, true
	case "ALL_EVENTS":
		return inotify.AllEvents, true
	}
	for _, p := range printed {
		if p.name == upper {
			return p.mask, true
		}
	}
	return 0, false
}
