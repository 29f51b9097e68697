package inotify

// This file turns the bytes that read(2) returns from an inotify instance into records, and records
// into such bytes. It makes no system call, uses no unsafe and builds on every operating system.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/bits"
)

// Sizes of a record in bytes. A record is struct inotify_event of inotify(7): four 32-bit numbers
// (wd, mask, cookie, len) in the byte order of the machine, then len bytes of name, padded with
// NULs to a multiple of the header's size.
const (
	// HeaderSize is the size of a record without a name.
	HeaderSize = 16
	// MaxNameSize is the largest len that is decoded: PATH_MAX, which no name with its padding
	// exceeds. NAME_MAX is 255, but FUSE and others have longer names.
	MaxNameSize = 4096
	// MaxRecordSize is the size of the largest record.
	MaxRecordSize = HeaderSize + MaxNameSize
)

// Record is one record of an inotify instance, as the kernel wrote it.
type Record struct {
	WD     int32  // watch descriptor; -1 with QueueOverflow
	Mask   Mask   // what happened
	Cookie uint32 // joins MovedFrom and MovedTo of one rename; 0 otherwise
	// Name is the entry's name in the watched directory without its padding; empty if the event is
	// about the watched object itself. It is part of the decoded buffer: valid until the iterator's
	// next step.
	Name []byte
}

// What can be wrong with a record; see DecodeError.
var (
	ErrShortHeader = errors.New("record is cut off in its header")
	ErrShortName   = errors.New("record is cut off in its name")
	ErrLongName    = fmt.Errorf("record has a name of more than %d bytes, or another byte order", MaxNameSize)
)

// DecodeError says which record could not be decoded, and why.
type DecodeError struct {
	Offset int64 // where the faulty record starts, in bytes from the start of the input
	Err    error // ErrShortHeader, ErrShortName or ErrLongName
}

// Error gives the offset and what is wrong.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("inotify: decoding at byte %d: %v", e.Offset, e.Err)
}

// Unwrap returns e.Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// Decode returns the records in buf, which holds what one or several read(2) of an inotify instance
// returned. Order is the byte order of the machine that wrote it: binary.NativeEndian for one's
// own. Records before a fault are yielded; the fault is yielded as a *DecodeError with an empty
// Record, and ends the sequence. An empty buf holds no record and no fault. Decode does not
// allocate and does not change buf; the sequence can be ranged over again.
func Decode(buf []byte, order binary.ByteOrder) iter.Seq2[Record, error] {
	// Since Go 1.24 the compiler moves this loop, and into it the body of the loop over the sequence,
	// to the function that has that loop. The numbers stay variables, and a fault is yielded apart:
	// a Record is too large for registers, and made only where it is taken apart again.
	return func(yield func(Record, error) bool) {
		layout := layoutOf(order)
		rest, fault := buf, error(nil)
		for len(rest) > 0 {
			if len(rest) < HeaderSize {
				fault = ErrShortHeader
				break
			}
			var wd, mask, cookie, length uint32
			if layout.kind == 'l' {
				wd = binary.LittleEndian.Uint32(rest[0:])
				mask = binary.LittleEndian.Uint32(rest[4:])
				cookie = binary.LittleEndian.Uint32(rest[8:])
				length = binary.LittleEndian.Uint32(rest[12:])
			} else {
				wd, mask, cookie, length = layout.header(rest)
			}
			if length > MaxNameSize { // before any arithmetic: int has 32 bits on some machines
				fault = ErrLongName
				break
			}
			if int(length) > len(rest)-HeaderSize {
				fault = ErrShortName
				break
			}
			rest = rest[HeaderSize:]
			var name []byte
			if length > 0 {
				name = rest[:length:length]
				if end := bytes.IndexByte(name, 0); end >= 0 {
					name = name[:end:end]
				}
				rest = rest[length:]
			}
			if !yield(Record{int32(wd), Mask(mask), cookie, name}, nil) {
				return
			}
		}
		if fault != nil {
			yield(Record{}, &DecodeError{Offset: int64(len(buf) - len(rest)), Err: fault})
		}
	}
}

// DecodeReader returns the records that r holds, to its io.EOF, in one buffer of constant size,
// however the input is cut into reads. Records and faults are those that Decode yields for the
// whole input. Another error of r is yielded as it is, after the whole records before it; a record
// that such an error cut off is not reported as a fault. A reader that returns nothing, and no
// error, 100 times in a row ends with io.ErrNoProgress.
//
// What has been read and not yet yielded stays in the sequence: ranging over it again after a break
// goes on with the next record.
func DecodeReader(r io.Reader, order binary.ByteOrder) iter.Seq2[Record, error] {
	d := readerDecoder{r: r, order: order}
	return func(yield func(Record, error) bool) { d.all(yield) }
}

// readBufferSize is the size of DecodeReader's buffer and the default of WithBufferSize, in bytes:
// 2,048 records with short names, and within a processor's second-level cache.
const readBufferSize = 64 << 10

type readerDecoder struct {
	r          io.Reader
	order      binary.ByteOrder
	buf        []byte // of readBufferSize, made at the first read
	start, end int    // buf[start:end] is read and not yet yielded
	offset     int64  // of buf[start] in the input
	err        error  // what r ended with, or the fault; nothing follows it
}

func (d *readerDecoder) all(yield func(Record, error) bool) {
	layout := layoutOf(d.order)
	for {
		for d.start < d.end {
			rec, size, err := layout.record(d.buf[d.start:d.end])
			if err != nil {
				if err != ErrLongName && d.err != io.EOF {
					break // cut off, and the input is not at its end: the rest may still come
				}
				d.err = &DecodeError{Offset: d.offset, Err: err}
				d.start = d.end
				break
			}
			d.start += size
			d.offset += int64(size)
			if !yield(rec, nil) {
				return
			}
		}
		if d.err != nil {
			if d.err != io.EOF {
				yield(Record{}, d.err)
			}
			return
		}
		d.fill()
	}
}

// fill reads more. The unread rest, less than one record, moves to the front of the buffer.
func (d *readerDecoder) fill() {
	if d.buf == nil {
		d.buf = make([]byte, readBufferSize)
	}
	d.end = copy(d.buf, d.buf[d.start:d.end])
	d.start = 0
	for range 100 {
		n, err := d.r.Read(d.buf[d.end:])
		if n < 0 || n > len(d.buf)-d.end {
			d.err = fmt.Errorf("inotify: DecodeReader: reader returned a count of %d for %d bytes", n, len(d.buf)-d.end)
			return
		}
		d.end += n
		d.err = err
		if n > 0 || err != nil {
			return
		}
	}
	d.err = io.ErrNoProgress
}

// layout reads numbers in the byte order of the input. The two usual orders are told apart once,
// so that a number costs no call through an interface; any other goes through it.
type layout struct {
	kind  byte // 'l', 'b', or 0 for other
	other binary.ByteOrder
}

func layoutOf(order binary.ByteOrder) layout {
	switch order.Uint32(fourBytes) {
	case 0x04030201:
		return layout{kind: 'l'}
	case 0x01020304:
		return layout{kind: 'b'}
	}
	return layout{other: order}
}

// fourBytes tells orders apart. It is not made by layoutOf: what is passed through an interface is
// allocated.
var fourBytes = []byte{1, 2, 3, 4}

// header reads the four numbers of the header at the start of buf, in an order that is not the
// little one: that stands where it is needed, for the sake of speed.
func (l layout) header(buf []byte) (wd, mask, cookie, length uint32) {
	h := buf[:HeaderSize]
	if l.kind == 'b' {
		return binary.BigEndian.Uint32(h[0:]), binary.BigEndian.Uint32(h[4:]),
			binary.BigEndian.Uint32(h[8:]), binary.BigEndian.Uint32(h[12:])
	}
	return l.other.Uint32(h[0:]), l.other.Uint32(h[4:]), l.other.Uint32(h[8:]), l.other.Uint32(h[12:])
}

// record decodes the record at the start of buf, which is not empty, and returns its size.
//
//	struct inotify_event { int wd; uint32_t mask; uint32_t cookie; uint32_t len; char name[]; };
func (l layout) record(buf []byte) (rec Record, size int, err error) {
	if len(buf) < HeaderSize {
		return rec, 0, ErrShortHeader
	}
	var wd, mask, length uint32
	if h := buf[:HeaderSize]; l.kind == 'l' {
		wd = binary.LittleEndian.Uint32(h[0:])
		mask = binary.LittleEndian.Uint32(h[4:])
		rec.Cookie = binary.LittleEndian.Uint32(h[8:])
		length = binary.LittleEndian.Uint32(h[12:])
	} else {
		wd, mask, rec.Cookie, length = l.header(h)
	}
	rec.WD, rec.Mask = int32(wd), Mask(mask)
	rec.Name, size, err = nameOf(buf, length)
	return rec, size, err
}

// nameOf returns the name of the record at the start of buf, whose len is length, and the record's
// size.
func nameOf(buf []byte, length uint32) (name []byte, size int, err error) {
	if length > MaxNameSize { // before any arithmetic: int has 32 bits on some machines
		return nil, 0, ErrLongName
	}
	size = HeaderSize + int(length)
	if len(buf) < size {
		return nil, 0, ErrShortName
	}
	if length > 0 {
		name = trimName(buf[HeaderSize:size:size])
	}
	return name, size, nil
}

// trimName cuts the padding off: everything from the first NUL on. Most names end within the first
// 16 bytes, for which two numbers are looked at, by the trick that finds the lowest zero byte of one.
func trimName(name []byte) []byte {
	const low, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for n < 16 && n+8 <= len(name) {
		word := binary.LittleEndian.Uint64(name[n:])
		if zero := (word - low) &^ word & high; zero != 0 {
			n += bits.TrailingZeros64(zero) / 8
			return name[:n:n]
		}
		n += 8
	}
	if i := bytes.IndexByte(name[n:], 0); i >= 0 {
		return name[: n+i : n+i]
	}
	return name
}

// AppendRecord appends rec to dst as the kernel writes it (round_event_name_len and
// copy_event_to_user in fs/notify/inotify/inotify_user.c): the name, if there is one, ends with at
// least one NUL and is padded with NULs to a multiple of HeaderSize. On error dst is returned
// unchanged: a name that holds a NUL cannot be written, and one of MaxNameSize bytes or more is
// ErrLongName.
func AppendRecord(dst []byte, rec Record, order binary.AppendByteOrder) ([]byte, error) {
	length := 0
	if n := len(rec.Name); n > 0 {
		if n >= MaxNameSize {
			return dst, fmt.Errorf("inotify: appending a record with a name of %d bytes: %w", n, ErrLongName)
		}
		if i := bytes.IndexByte(rec.Name, 0); i >= 0 {
			return dst, fmt.Errorf("inotify: appending a record: name %q holds a NUL at byte %d", rec.Name, i)
		}
		length = (n + HeaderSize) / HeaderSize * HeaderSize // n+1 rounded up
	}
	dst = order.AppendUint32(dst, uint32(rec.WD))
	dst = order.AppendUint32(dst, uint32(rec.Mask))
	dst = order.AppendUint32(dst, rec.Cookie)
	dst = order.AppendUint32(dst, uint32(length))
	dst = append(dst, rec.Name...)
	return append(dst, zeros[:length-len(rec.Name)]...), nil
}

// zeros is the longest padding.
var zeros [HeaderSize]byte
