//go:build linux

package inotify

// This file reads the instance and turns records into events: it is the source of the stream that
// loops share. See internal/loops for who calls what when.

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/inoseq/inoseq/internal/loops"
	"golang.org/x/sys/unix"
)

// source is what has been read and not yet delivered.
type source struct {
	w    *Watcher
	size int              // of buf, in bytes
	tap  func(raw []byte) // nil without

	// Under the stream's Mu:
	buf        []byte // made at the first read
	start, end int    // buf[start:end] is read and not delivered
	untapped   bool   // the tap has not seen it; nothing is delivered before
	delivered  int64  // bytes delivered so far
	names      *nameCache
	heldSince  uint64 // tick at which the first record was found to be of no known watch; 0: it was not
	sawEmpty   bool   // the last read found the queue empty
}

// Read makes one read(2).
func (s *source) Read() (empty bool, err error) {
	if s.start < s.end {
		return false, nil
	}
	if s.buf == nil {
		s.buf = make([]byte, s.size)
		s.names = new(nameCache)
	}
	n, err := unix.Read(s.w.fd, s.buf)
	for err == unix.EINTR {
		n, err = unix.Read(s.w.fd, s.buf)
	}
	switch {
	case err == unix.EAGAIN:
		s.sawEmpty = true
		return true, nil
	case err != nil:
		return false, fmt.Errorf("inotify: read: %w", err)
	case n == 0: // not from inotify, since Linux 2.6.21
		return false, fmt.Errorf("inotify: read: %w", io.ErrUnexpectedEOF)
	}
	s.start, s.end = 0, n
	s.untapped = s.tap != nil
	s.sawEmpty = false
	return false, nil
}

// Take delivers the first record in the buffer.
func (s *source) Take(ev *Event) (loops.Outcome, error) {
	if s.start == s.end || s.untapped {
		return loops.None, nil
	}
	// The numbers stay variables: a Record that goes through memory costs as much as all the rest.
	buf := s.buf[s.start:s.end]
	if len(buf) < HeaderSize {
		return s.fault(ErrShortHeader)
	}
	wd, mask := int32(binary.NativeEndian.Uint32(buf[0:])), Mask(binary.NativeEndian.Uint32(buf[4:]))
	cookie, length := binary.NativeEndian.Uint32(buf[8:]), binary.NativeEndian.Uint32(buf[12:])
	if length > MaxNameSize { // before any arithmetic: int has 32 bits on some machines
		return s.fault(ErrLongName)
	}
	size := HeaderSize + int(length)
	if len(buf) < size {
		return s.fault(ErrShortName)
	}
	if mask&QueueOverflow != 0 { // before the descriptor is looked up: it is -1
		*ev = Event{Mask: mask, Cookie: cookie}
		s.pass(size)
		s.w.overflowed()
		return loops.Taken, ErrOverflow
	}
	wt := s.w.table.find(wd)
	if wt == nil && s.mustHold() {
		return loops.Held, nil
	}
	s.pass(size)
	ev.Watch, ev.Mask, ev.Cookie, ev.Name, ev.dir = wt, mask, cookie, "", ""
	if length > 0 {
		ev.Name = s.names.get(buf[HeaderSize:size])
	}
	if wt != nil {
		ev.dir = wt.path
		if mask&Ignored != 0 {
			s.w.table.remove(wt)
		}
	}
	return loops.Taken, nil
}

// fault ends the stream with what is wrong with the first record: nothing that follows makes sense.
func (s *source) fault(err error) (loops.Outcome, error) {
	s.start, s.end = 0, 0
	return loops.None, &DecodeError{Offset: s.delivered, Err: err}
}

// native decodes what this machine's kernel writes.
var native = layoutOf(nativeEndian)

func (s *source) pass(size int) {
	s.start += size
	s.delivered += int64(size)
	s.heldSince = 0
}

// mustHold reports whether the first record, whose watch is not known, must wait: as long as there
// is an Add that was in flight when it was first looked at, and may bring that watch.
func (s *source) mustHold() bool {
	t := &s.w.table
	if s.heldSince == 0 {
		t.tick++
		s.heldSince = t.tick
	}
	return t.addedSince(s.heldSince)
}

// NoticeNext reports whether the first record is an overflow.
func (s *source) NoticeNext() bool {
	if s.start == s.end || s.untapped {
		return false
	}
	rec, _, err := native.record(s.buf[s.start:s.end])
	return err == nil && rec.Mask.Has(QueueOverflow)
}

// WorkDue reports whether the tap has something to see, or the table is to be tidied.
func (s *source) WorkDue() bool {
	return s.untapped || s.start == s.end && s.w.table.tidyDue(s.delivered, s.sawEmpty)
}

// Work is called without Mu; nobody else reads or delivers meanwhile.
func (s *source) Work() {
	if s.untapped {
		s.untapped = false
		s.tap(s.buf[s.start:s.end:s.end])
		return
	}
	s.w.tidy()
}

// Drop gives the buffers back.
func (s *source) Drop() {
	s.buf, s.names = nil, nil
	s.start, s.end = 0, 0
	s.untapped = false
}
