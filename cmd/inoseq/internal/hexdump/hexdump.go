// Package hexdump turns the hex dumps that people have at hand back into bytes: xxd, xxd -p,
// hexdump -C, od -tx1 with and without offsets (-An), and bare hexadecimal digits in any grouping. The
// first line says which of them it is. What is redundant in a dump is checked: offsets must follow one
// another, and a column of text must say what the bytes are.
package hexdump

// This file holds the reader: how a dump is cut into lines and its kind is recognised. What the lines
// of each kind look like is in lines.go.

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Error says where a dump is none.
type Error struct {
	Line, Column int // counted from 1, the column in bytes
	Err          error
}

func (e *Error) Error() string { return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err) }

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// Limits that no honest dump reaches.
const (
	longestLine   = 16 << 20 // bytes of a line; xxd -p -c 0 writes all in one
	longestRepeat = 16 << 20 // bytes that one * stands for
)

// Reader reads the bytes that a dump stands for. Errors are *Error, or those of the dump's own reader;
// the bytes before come first.
type Reader struct {
	lines  *bufio.Reader
	line   int
	kind   kind
	out    []byte // not yet delivered
	start  int    // of what is not yet delivered in out
	err    error
	last   []byte  // the last full line, which a * repeats
	star   bool    // a * stands before this line
	total  uint64  // bytes up to this line
	counts []count // that the offsets can be
	places []int   // columns of the bytes of a line
	room   []byte
}

// NewReader returns a Reader of the dump in r.
func NewReader(r io.Reader) *Reader {
	return &Reader{lines: bufio.NewReaderSize(r, 64<<10)}
}

// Read implements io.Reader.
func (d *Reader) Read(p []byte) (int, error) {
	for d.start == len(d.out) && d.err == nil {
		d.out, d.start = d.out[:0], 0
		d.next()
	}
	n := copy(p, d.out[d.start:])
	d.start += n
	if n == 0 && len(p) > 0 {
		return 0, d.err
	}
	return n, nil
}

// fail ends the dump at a column of the line, counted from 0.
func (d *Reader) fail(column int, format string, args ...any) {
	d.err = &Error{d.line, column + 1, fmt.Errorf(format, args...)}
}

// next takes in a line.
func (d *Reader) next() {
	text, err := d.read()
	if err == io.EOF && d.star {
		d.fail(0, "the dump ends with a *: the offset that says how much it stands for is missing")
		return
	}
	if err != nil {
		d.err = err
		return
	}
	if d.kind == unknown {
		if d.kind = kindOf(text); d.kind == unknown {
			return // nothing on it
		}
		d.counts = countsOf(d.kind, text)
	}
	d.take(text)
}

// read returns the next line without its end, and at the end io.EOF.
func (d *Reader) read() ([]byte, error) {
	d.line++
	d.room = d.room[:0]
	for {
		part, err := d.lines.ReadSlice('\n')
		if len(d.room)+len(part) > longestLine {
			return nil, &Error{d.line, 1, fmt.Errorf("longer than %d bytes: this is not a line of a hex dump", longestLine)}
		}
		d.room = append(d.room, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(d.room) > 0:
		case err != nil:
			return nil, err
		}
		end := len(d.room)
		for end > 0 && (d.room[end-1] == '\n' || d.room[end-1] == '\r') {
			end--
		}
		return d.room[:end], nil
	}
}
