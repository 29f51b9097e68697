// Package loops lets any number of range loops share one stream of events that is read from a
// descriptor: the mechanism behind the sequences of package inotify and package tree. What is read
// and what an event is, a Source knows; here is who reads, who waits where, and how a wait ends.
//
// One mutex guards the stream and its source. One loop at a time, the leader, waits in the runtime's
// poller, whose callback reads without blocking, under the mutex; the other loops wait on a
// condition. Nobody holds the mutex across a yield or a wait. The package starts no goroutine and
// has no channel; context.AfterFunc and time.AfterFunc run their functions in one of their own.
package loops

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
)

// Source is what a Stream reads and delivers. Its methods are called under Stream.Mu, but for Work.
type Source[E any] interface {
	// Take moves the next event, if there is one, to *e.
	Take(e *E) (Outcome, error)
	// NoticeNext reports whether Take would answer Taken with an error: a batch ends before it.
	NoticeNext() bool
	// Read makes one non-blocking read, unless what was read before is still to be taken. It reports
	// whether the queue is empty. An error ends the stream for good.
	Read() (empty bool, err error)
	// WorkDue reports whether there is something to do that is not done under Mu.
	WorkDue() bool
	// Work does it: without Mu, called by the one loop that has the stream for itself meanwhile.
	Work()
	// Drop gives memory back when the stream is closed.
	Drop()
}

// Outcome is the answer of Source.Take.
type Outcome uint8

const (
	None  Outcome = iota // nothing has been read that can be delivered, or the error ends the stream
	Taken                // *e is an event, with the error, if any, that goes with it
	Held                 // there is something, but it must wait for a Broadcast
)

// Stream is a Source and the loops that share it. It must be set up with Open.
type Stream[E any] struct {
	Mu sync.Mutex

	src       Source[E]
	file      *os.File // owns the descriptor and its place in the poller
	conn      syscall.RawConn
	errClosed error

	// Under Mu:
	cond   sync.Cond
	broken error    // nothing comes after this
	leader *Loop[E] // waits in the poller, or is on its way in or out
	owner  *Loop[E] // has the stream for itself while it works
	armed  bool     // a past deadline is set, to get the leader out
	closed bool
	behind int // loops that wait on cond
	users  int // system calls in flight on the descriptor without Mu; the last one after Close closes it
}

// Open has the stream read src from file, whose descriptor is non-blocking and which it owns from
// then on. ErrClosed is what a loop or call gets that begins after Close.
func (s *Stream[E]) Open(file *os.File, src Source[E], errClosed error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	if err := file.SetReadDeadline(time.Time{}); err != nil { // it did not join the poller
		return err
	}
	s.file, s.conn, s.src, s.errClosed = file, conn, src, errClosed
	s.cond.L = &s.Mu
	return nil
}

// Close ends all loops and closes the descriptor, or has the last call in flight close it. It waits
// for nothing.
func (s *Stream[E]) Close() error {
	s.Mu.Lock()
	if s.closed {
		s.Mu.Unlock()
		return nil
	}
	s.closed = true
	if s.owner == nil {
		s.src.Drop()
	}
	s.Kick()
	s.cond.Broadcast()
	last := s.users == 0
	s.Mu.Unlock()
	if last {
		return s.file.Close() // without Mu: it waits until the leader is out of the poller
	}
	return nil
}

// Closed reports whether Close was called. It is called under Mu.
func (s *Stream[E]) Closed() bool { return s.closed }

// Enter counts a system call on the descriptor in, which is made without Mu; Leave counts it out.
// Between the two the descriptor is not closed. After Close, Enter is an error.
func (s *Stream[E]) Enter() error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.EnterLocked()
}

// EnterLocked is Enter under Mu.
func (s *Stream[E]) EnterLocked() error {
	if s.closed {
		return s.errClosed
	}
	s.users++
	return nil
}

// Leave undoes Enter.
func (s *Stream[E]) Leave() {
	s.Mu.Lock()
	s.UnlockLeave()
}

// UnlockLeave is Leave under Mu, which it unlocks.
func (s *Stream[E]) UnlockLeave() {
	s.users--
	last := s.closed && s.users == 0
	s.Mu.Unlock()
	if last {
		s.file.Close()
	}
}

// Broadcast has all loops that wait on the condition look again. It is called under Mu.
func (s *Stream[E]) Broadcast() { s.cond.Broadcast() }

// Kick has the leader, if there is one, come out of the poller and look again. It is called under
// Mu.
func (s *Stream[E]) Kick() {
	if s.leader != nil && !s.armed {
		s.armed = true
		s.file.SetReadDeadline(time.Unix(1, 0))
	}
}

// Waiting reports whether a loop waits in the poller, or is on its way in, and how many wait behind
// it: what a test waits for before it does something to a loop that waits.
func (s *Stream[E]) Waiting() (leading bool, behind int) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.leader != nil, s.behind
}

// Wake has all loops look again, wherever they wait. It is called under Mu.
func (s *Stream[E]) Wake() {
	s.Kick()
	s.cond.Broadcast()
}

// look reads without waiting and reports whether anything is different now. It is called under Mu.
func (s *Stream[E]) look() bool {
	if s.read() {
		return s.src.WorkDue()
	}
	s.Wake() // the leader would not hear of what is in the source now
	return true
}

// read reports whether the queue is empty.
func (s *Stream[E]) read() (empty bool) {
	empty, err := s.src.Read()
	if err != nil {
		s.broken = err
	}
	return empty
}

// work has l do the source's work without Mu. It is called under Mu, and holds it afterwards even if
// the work panics.
func (s *Stream[E]) work(l *Loop[E]) {
	s.owner = l
	s.users++
	s.Mu.Unlock()
	defer func() {
		s.Leave()
		s.Mu.Lock()
		s.owner = nil
		if s.closed {
			s.src.Drop()
		}
		s.Wake()
	}()
	s.src.Work()
}

// lead has l wait in the poller until something can be read or the leader is kicked. It is called
// under Mu.
func (s *Stream[E]) lead(l *Loop[E]) {
	s.leader = l
	if s.armed {
		// Under Mu: from here on whoever finds l leading arms it again. With a past deadline the
		// poller fails without trying, even if something can be read.
		s.armed = false
		s.file.SetReadDeadline(time.Time{})
	}
	if l.ready == nil {
		l.ready = l.readable
	}
	s.Mu.Unlock()
	err := s.conn.Read(l.ready)
	s.Mu.Lock()
	s.leader = nil
	s.cond.Broadcast()
	if err != nil && !s.closed && !errors.Is(err, os.ErrDeadlineExceeded) {
		s.broken = err
	}
}

// readable is the poller's callback. It reports whether the wait is over.
func (l *Loop[E]) readable(uintptr) bool {
	s := l.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if s.closed || s.owner != nil || s.broken != nil {
		return true
	}
	return !s.read() || s.src.WorkDue()
}
