//go:build linux

package tree

// This file holds the Watcher: what callers see. How several loops share one stream is in
// internal/loops; what a step of the engine does, in engine.go; how a tree is taken in, in setup.go.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/internal/loops"
	"golang.org/x/sys/unix"
)

// Watcher watches whole trees with one inotify instance of its own. All methods may be called from any
// goroutine, and from the body of a loop over its events. A Watcher that is no longer needed must be
// closed.
type Watcher struct {
	stream loops.Stream[Event]
	t      *tree
	src    source
}

// New makes an inotify instance with inotify_init1(2). Mask is what is told: bits of
// inotify.AllEvents; others are an error. What is tracked does not depend on it. An error that a limit
// caused wraps an *inotify.LimitError; on systems other than Linux it is errors.ErrUnsupported.
func New(mask inotify.Mask, opts ...Option) (*Watcher, error) {
	o := options{bufferSize: defaultBuffer, mask: mask}
	if mask == 0 || mask&^inotify.AllEvents != 0 {
		return nil, fmt.Errorf("inotify/tree: New: mask %v: name events of inotify.AllEvents, at least one: %w",
			mask, os.ErrInvalid)
	}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify/tree: %w", os.NewSyscallError("inotify_init1", limitError(err)))
	}
	file := os.NewFile(uintptr(fd), "inotify") // non-blocking: it joins the poller
	w := &Watcher{}
	w.src = source{w: w, sys: system{inotify: fd, size: o.bufferSize, fds: descriptors()}}
	if o.asIs {
		w.src.sys.pathOnly = true
		w.t = newAsIs(&shared{&w.src.sys, w}, o)
	} else {
		w.t = newTree(&shared{&w.src.sys, w}, o)
	}
	w.t.onRead = o.tap
	if err := w.stream.Open(file, &w.src, errWatcherClosed); err != nil {
		file.Close()
		return nil, fmt.Errorf("inotify/tree: joining the runtime's poller: %w", err)
	}
	return w, nil
}

var errWatcherClosed = fmt.Errorf("inotify/tree: the Watcher is closed: %w", os.ErrClosed)

// Close ends every loop over the Watcher's events without an error, and an Add that is under way with
// one, and gives the instance back to the kernel with all its watches. It does not wait: what is in
// flight, such as a step of a loop on a hung mount, closes the descriptor when it returns. Events not
// yet delivered are dropped. Closing twice is nil.
func (w *Watcher) Close() error {
	w.t.closed.Store(true)
	return w.stream.Close()
}

// Add takes the tree at root in: root itself, which may be a link to a directory, and all directories
// below it, following no link. When it returns, what it found is known and, but for [WithInitial], not
// told; changes after that are. Loops over the events may run meanwhile, and Add itself reads the
// kernel's queue, so that a long set-up does not overflow it.
//
// A root inside, above or equal to one that is watched is an error that is fs.ErrExist. A directory
// below root that cannot be watched or read is told in the sequence as a *DirError, and the rest goes
// on. Other errors are *fs.PathError about root, with an *inotify.LimitError where a limit was met;
// when ctx is done, what was taken in is let go and the error is context.Cause(ctx); when the Watcher
// is closed it is os.ErrClosed.
//
// Taking in opens and reads each directory. Where the mask has Open, Access or CloseNoWrite, this can
// be told of directories that are watched already.
func (w *Watcher) Add(ctx context.Context, root string) error {
	if err := w.stream.Enter(); err != nil {
		return rootError(root, err)
	}
	defer w.stream.Leave()
	return w.add(ctx, root)
}

func rootError(path string, err error) error {
	return &fs.PathError{Op: "watch tree", Path: path, Err: err}
}

// Remove lets the tree go that was added as path, by the same string. Events that were read before are
// still delivered. A path that is no root is an error that is fs.ErrNotExist; on a closed Watcher
// it is os.ErrClosed.
func (w *Watcher) Remove(path string) error {
	return w.withRoot(path, w.t.removeNow)
}

// Refilter has the function of [WithSkip] asked again about all that is below the root path, because
// it answers otherwise than before: what is skipped now is told as a synthetic Delete and no longer
// watched, what is not skipped any more as a synthetic Create, and taken in. The tree is looked at by
// the loops over the events; Refilter does not wait for that. Its errors are those of Remove.
func (w *Watcher) Refilter(path string) error {
	return w.withRoot(path, w.t.filterAgain)
}

// withRoot calls f for the tree that was added as path.
func (w *Watcher) withRoot(path string, f func(*root)) error {
	if err := w.stream.Enter(); err != nil {
		return rootError(path, err)
	}
	defer w.stream.Leave()
	t := w.t
	t.work.Lock()
	defer t.work.Unlock()
	for _, r := range t.roots {
		if r != nil && r.path == path {
			f(r)
			w.publish()
			return nil
		}
	}
	return rootError(path, fs.ErrNotExist)
}

// Dirs returns the paths of the watched directories, parents before what is in them, as they are when
// the sequence is ranged over. After Close there are none.
func (w *Watcher) Dirs() iter.Seq[string] {
	return func(yield func(string) bool) {
		if w.t.closed.Load() {
			return
		}
		for _, path := range w.t.paths() {
			if !yield(path) {
				return
			}
		}
	}
}

// Len returns the number of watched directories; after Close that is 0.
func (w *Watcher) Len() int {
	if w.t.closed.Load() {
		return 0
	}
	return int(w.t.dirs.Load())
}

// Events returns the changes of all trees. A loop over it waits for the next event until it breaks, or
// the Watcher is closed.
//
//	for ev, err := range w.Events() {
//		if err != nil {
//			return err
//		}
//		fmt.Println(ev)
//	}
//
// Inotify.ErrOverflow comes with an event of mask QueueOverflow: the kernel's queue was full, changes
// were lost. The tree is looked at again, and what has changed is told, with Synthetic set, if the loop
// goes on. A *DirError comes with an event that has only a Path; the sequence goes on after it, too.
// Any other error ends the sequence.
//
// The sequence may be ranged over again, and in several goroutines at once: each event is delivered
// once, and a loop that breaks loses nothing.
func (w *Watcher) Events() iter.Seq2[Event, error] {
	return w.stream.Sequence(context.Background(), loops.Forever)
}

// EventsContext is Events until ctx is done; the last step yields context.Cause(ctx).
func (w *Watcher) EventsContext(ctx context.Context) iter.Seq2[Event, error] {
	return w.stream.Sequence(ctx, loops.Forever)
}

// EventsUntilIdle is EventsContext that ends without an error when it has waited for so long and
// nothing came. The time that the loop's body takes does not count. With an idle of 0, or less, it
// yields what there is to tell without waiting for more.
func (w *Watcher) EventsUntilIdle(ctx context.Context, idle time.Duration) iter.Seq2[Event, error] {
	return w.stream.Sequence(ctx, max(idle, 0))
}

// Batches returns events by the slice, as inotify's Watcher.Batches does: a slice is handed over when
// nothing has come for o.Quiet, at o.Limit after its first event, or when it has o.MaxEvents. An event
// that comes with an error closes a batch, and comes in a slice of its own.
func (w *Watcher) Batches(ctx context.Context, o inotify.BatchOptions) iter.Seq2[[]Event, error] {
	return w.stream.Batches(ctx, loops.BatchOptions(o))
}

// source is what the stream reads and delivers: records on their way to the engine, and what the
// engine has to tell.
type source struct {
	w   *Watcher
	sys system

	// Under the stream's Mu:
	inbox []byte // records that a loop has read and the engine has not
	queue []item
	head  int // of the queue
	due   bool
	err   error // the instance cannot be read
}

// Take delivers the next event.
func (s *source) Take(ev *Event) (loops.Outcome, error) {
	if s.head == len(s.queue) {
		return loops.None, s.err
	}
	i := &s.queue[s.head]
	*ev = i.ev
	err := i.err
	*i = item{}
	if s.head++; s.head == len(s.queue) {
		s.queue, s.head = s.queue[:0], 0
		if cap(s.queue) > 8192 {
			s.queue = nil
		}
	}
	return loops.Taken, err
}

// NoticeNext reports whether the next event comes with an error.
func (s *source) NoticeNext() bool {
	return s.head < len(s.queue) && s.queue[s.head].err != nil
}

// Read makes one read(2).
func (s *source) Read() (empty bool, err error) {
	if s.due || len(s.inbox) > 0 || s.head < len(s.queue) {
		return false, nil
	}
	s.inbox, err = s.sys.read(s.inbox[:0])
	if err == unix.EAGAIN {
		return true, nil
	}
	return false, err
}

// WorkDue reports whether the engine has something to do.
func (s *source) WorkDue() bool { return s.due || len(s.inbox) > 0 }

// Work is a step of the engine.
func (s *source) Work() {
	t := s.w.t
	t.work.Lock()
	defer t.work.Unlock()
	if !t.closed.Load() {
		t.step()
	}
	s.w.publish()
}

// Drop gives memory back.
func (s *source) Drop() {
	s.inbox, s.queue, s.head, s.due = nil, nil, 0, false
}

// publish hands over what the engine has to tell. It is called with work held.
func (w *Watcher) publish() {
	t, s := w.t, &w.src
	t.dirs.Store(int64(t.st.watch))
	w.stream.Mu.Lock()
	defer w.stream.Mu.Unlock()
	if w.stream.Closed() {
		t.out = nil
		return
	}
	if s.head == len(s.queue) {
		s.queue, t.out = t.out, s.queue[:0]
		s.head = 0
	} else {
		s.queue = append(s.queue, t.out...)
		clear(t.out)
		t.out = t.out[:0]
	}
	s.due = t.due()
	if s.err = t.readErr; s.err != nil {
		s.due = false
	}
	if s.due || s.head < len(s.queue) || s.err != nil {
		w.stream.Wake()
	}
}

// waitingEvents returns how many events wait for a loop.
func (w *Watcher) waitingEvents() int {
	w.stream.Mu.Lock()
	defer w.stream.Mu.Unlock()
	return len(w.src.queue) - w.src.head
}

// shared is the disk of a Watcher: records that a loop has read come first.
type shared struct {
	*system
	w *Watcher
}

func (d *shared) read(dst []byte) ([]byte, error) {
	d.w.stream.Mu.Lock()
	defer d.w.stream.Mu.Unlock()
	s := &d.w.src
	if len(s.inbox) > 0 {
		dst = append(dst, s.inbox...)
		s.inbox = s.inbox[:0]
		return dst, nil
	}
	dst, err := d.system.read(dst)
	if err != nil && err != unix.EAGAIN && !errors.Is(err, os.ErrClosed) {
		err = fmt.Errorf("inotify/tree: read: %w", err)
	}
	return dst, err
}

// queued counts what a loop has read, too.
func (d *shared) queued() int {
	d.w.stream.Mu.Lock()
	defer d.w.stream.Mu.Unlock()
	return len(d.w.src.inbox) + d.system.queued()
}
