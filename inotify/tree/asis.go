package tree

// This file holds the options for those who print what the kernel tells, as inotifywait(1) does, and not
// a picture of the trees. It builds on every operating system; asis_linux.go has the mechanism.

import "strings"

// WithEnter has f decide which directories are entered and watched: one for which it is false is told,
// with what its parent's watch says of it, and nothing of what is in it. F is not asked about a root. After
// a rename it is asked again about what was not entered; what was, stays so. It must be a pure function of
// the path, and may be called as that of WithSkip.
func WithEnter(f func(dir string) bool) Option {
	return func(o *options) error {
		o.enter = f
		return nil
	}
}

// WithRecords has events told as the kernel has them, beside what keeps a picture true:
//
//   - what a directory's own watch tells is told, too, with the directory's path and a slash behind it:
//     DeleteSelf, MoveSelf, Open and the rest, as far as the mask has them, and always Ignored and
//     Unmount. [Event.Split] tells it apart. A root's end is told so, and not a second time;
//   - an exchange is two events, each with the cookie that the kernel gave to it;
//   - what happens to a name that is not known any more is told, such as the closing of a removed file;
//   - the opens, reads and closes that come from looking at a directory are told only of the directory
//     that is read, and only by its parent: as of any program that lists a new directory.
//
// A directory that is removed while somebody holds it open tells nothing more.
func WithRecords() Option {
	return func(o *options) error {
		o.asIs = true
		return nil
	}
}

// Split returns what is watched, and the name in it: a directory with a slash at its end, and an entry,
// which is empty if the event is about the directory itself; or a file that is watched by itself.
func (e Event) Split() (watched, name string) {
	at := e.watched
	if at == 0 {
		at = strings.LastIndexByte(e.Path, '/') + 1
	}
	return e.Path[:at], e.Path[at:]
}

// SplitFrom is Split of From.
func (e Event) SplitFrom() (watched, name string) {
	at := strings.LastIndexByte(e.From, '/') + 1
	return e.From[:at], e.From[at:]
}
