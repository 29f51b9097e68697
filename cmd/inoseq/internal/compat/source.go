package compat

// This file says what the programs need of what watches: source_linux.go has it.

import (
	"context"
	"iter"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// source is where events come from.
type source interface {
	// watch watches path. Its errors are those of inotify_add_watch(2), and opendir(3) with -r.
	watch(path string) error
	// established is called when all paths are watched.
	established()
	// events returns what happens, until nothing has for so long as idle; 0 is for ever. With an
	// overflow comes inotify.ErrOverflow, and the sequence goes on; with newDirError, too.
	events(ctx context.Context, idle time.Duration) iter.Seq2[event, error]
	// watches returns the numbers and paths of all watches there are.
	watches() []watched
	close()
}

// watched is a watch.
type watched struct {
	watch int64
	dir   string
}

// watching is what a source is made for.
type watching struct {
	mask      inotify.Mask // events, and DontFollow
	recursive bool
	paths     *pathList
	filter    *filter
}

// newDirError says that a directory that is new cannot be watched.
type newDirError struct {
	path string
	err  error
}

func (e *newDirError) Error() string { return e.path + ": " + e.err.Error() }
func (e *newDirError) Unwrap() error { return e.err }
