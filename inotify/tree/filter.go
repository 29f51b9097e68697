package tree

// This file holds what a caller can choose, and what of it is told: the user's mask filters events,
// never what is tracked. It builds on every operating system.

import (
	"fmt"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// Option is a choice for [New].
type Option func(*options) error

type options struct {
	mask          inotify.Mask
	skip          func(path string, isDir bool) bool
	progress      func(dirs, entries int)
	oneFilesystem bool
	initial       bool
	workers       int
	onError       func(*DirError)
	tap           func(raw []byte)
	bufferSize    int
	enter         func(dir string) bool // see WithEnter
	asIs          bool                  // see WithRecords
}

const (
	defaultBuffer    = 64 << 10               // bytes
	progressInterval = 100 * time.Millisecond // ten times a second at most
	maxWorkers       = 64
)

// WithSkip has f decide what is left out: where it is true, the entry is not told, and if it is a
// directory, neither entered nor watched. Path is the root as it was given and the names below it; f
// is not asked about a root. It must be a pure function of its arguments (if it changes, see
// [Watcher.Refilter]), and may be called from several goroutines at once, and on threads that have
// another working directory: from a relative path nothing can be opened there. A rename to a path that
// is skipped is told as MovedFrom, a rename from one as MovedTo.
func WithSkip(f func(path string, isDir bool) bool) Option {
	return func(o *options) error {
		o.skip = f
		return nil
	}
}

// WithProgress has f called at most ten times a second while [Watcher.Add] takes a tree in, and once
// at its end, with the directories that are watched and the entries that are known by then in all
// trees. It is called from Add's goroutine while no lock is held.
func WithProgress(f func(dirs, entries int)) Option {
	return func(o *options) error {
		o.progress = f
		return nil
	}
}

// WithOneFilesystem has directories on other file systems than the root's told, but not entered.
func WithOneFilesystem() Option {
	return func(o *options) error {
		o.oneFilesystem = true
		return nil
	}
}

// WithInitial has [Watcher.Add] tell what it finds below the root, as synthetic creations and whatever
// the mask, directories before what is in them; without it, that is known and not told. It joins with
// the changes of the time: a picture that is empty when Add is called equals the disk when the trees
// have come to rest. Loops may run while Add does, and should where a tree is large: what is not
// delivered is kept.
func WithInitial() Option {
	return func(o *options) error {
		o.initial = true
		return nil
	}
}

// WithWorkers sets how many goroutines take a tree in during [Watcher.Add], 1 to 64; with another
// number, New fails. The default is GOMAXPROCS, and at most 8.
func WithWorkers(n int) Option {
	return func(o *options) error {
		if n < 1 || n > maxWorkers {
			return fmt.Errorf("inotify/tree: WithWorkers(%d): need 1 to %d", n, maxWorkers)
		}
		o.workers = n
		return nil
	}
}

// WithErrorHandler has f called with each *DirError, which then does not come in the sequence of
// events. It is called from the goroutine of a loop or of Add, with the trees locked: it must not call
// methods of the Watcher.
func WithErrorHandler(f func(*DirError)) Option {
	return func(o *options) error {
		o.onError = f
		return nil
	}
}

// WithTap has f called with what every read from the instance returned, before anything of it is
// decoded: a capture that inotify.Decode takes apart. Calls come one at a time, in the order of the
// reads, from the goroutine of a loop or of Add. The bytes are valid during the call and must not be
// changed. F must not call methods of the Watcher.
func WithTap(f func(raw []byte)) Option {
	return func(o *options) error {
		o.tap = f
		return nil
	}
}

// WithBufferSize sets how many bytes are read at once; the default is 64 KiB. With less than
// inotify.MaxRecordSize, New fails: the kernel could not hand over an event with a long name.
func WithBufferSize(bytes int) Option {
	return func(o *options) error {
		if bytes < inotify.MaxRecordSize {
			return fmt.Errorf("inotify/tree: WithBufferSize(%d): need at least inotify.MaxRecordSize, %d bytes",
				bytes, inotify.MaxRecordSize)
		}
		o.bufferSize = bytes
		return nil
	}
}

// wantedBy reports whether a user who asked for mask is told of what happened.
func wantedBy(mask, happened inotify.Mask, synthetic bool) bool {
	switch {
	case synthetic && happened.Has(inotify.Create):
		// A file that was written before its directory could be watched has no other witness.
		return mask.HasAny(inotify.Create | inotify.MovedTo | inotify.Modify | inotify.CloseWrite)
	case synthetic && happened.Has(inotify.Delete):
		return mask.HasAny(inotify.Delete | inotify.MovedFrom)
	}
	return mask.HasAny(happened &^ inotify.IsDir)
}
