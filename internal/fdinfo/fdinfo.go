// Package fdinfo takes the lines apart that the kernel prints for the marks of an inotify instance in
// /proc/PID/fdinfo/FD (inotify_fdinfo in fs/notify/fdinfo.c):
//
//	inotify wd:1f ino:9e7e sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:7e9e0000640d1b6d
//
// It is for every operating system, and shared by package inotify, which reads its own list, and its
// package fdinfo, which reads those of others.
package fdinfo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
)

// Mark is one line. All numbers are hexadecimal there, the descriptor too, whatever proc(5) says.
type Mark struct {
	WD         int32
	Mask       uint32
	Inode, Dev uint64
	HandleType int32
	Handle     []byte // what stands behind f_handle, hexadecimal digits if all is well; part of the line

	Line int    // of the file, counted from 1
	Text []byte // of the line
}

// LineError is a line that begins as a mark does, and is none.
type LineError struct {
	Line int    // counted from 1
	Text string // of the line
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v: %q", e.Line, e.Err, e.Text) }
func (e *LineError) Unwrap() error { return e.Err }

// longestLine is far more than the kernel prints: a file handle has 128 bytes at most.
const longestLine = 64 << 10

var errLong = fmt.Errorf("longer than %d bytes", longestLine)

// Marks returns the marks that r has. Lines about other things are passed over. A line that is no mark
// is yielded as a *LineError, and the sequence goes on if the loop does. An error of r, and a line
// beyond all measure, end it; the line that an error of r cut off is no line. Without handles, what stands behind the numbers is not looked at, which is
// quicker. Handle and Text are valid until the next step.
func Marks(r io.Reader, handles bool) iter.Seq2[Mark, error] {
	return func(yield func(Mark, error) bool) {
		from := source{r: r}
		lines := bufio.NewScanner(&from)
		lines.Buffer(make([]byte, 0, 4096), longestLine)
		lines.Split(from.split)
		n := 0
		for lines.Scan() {
			n++
			m, ok, err := ParseLine(lines.Bytes(), handles)
			if err != nil {
				err = &LineError{n, lines.Text(), err}
			} else if !ok {
				continue
			}
			m.Line, m.Text = n, lines.Bytes()
			if !yield(m, err) {
				return
			}
		}
		switch err := lines.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			yield(Mark{}, &LineError{n + 1, "", errLong})
		case err != nil:
			yield(Mark{}, err)
		}
	}
}

// source is a reader, and whether it came to an error.
type source struct {
	r      io.Reader
	broken bool
}

func (s *source) Read(p []byte) (n int, err error) {
	n, err = s.r.Read(p)
	s.broken = s.broken || err != nil && err != io.EOF
	return n, err
}

// split is bufio.ScanLines, which would take what an error cut off for the last line.
func (s *source) split(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if s.broken && bytes.IndexByte(data, '\n') < 0 {
		return len(data), nil, nil
	}
	return bufio.ScanLines(data, atEOF)
}

// word is a bit for each word that every mark has.
const (
	hasWD = 1 << iota
	hasInode
	hasDev
	hasMask
	hasAll = hasWD | hasInode | hasDev | hasMask
)

// ParseLine takes a line apart, which has no newline. Ok is false if it is about something else. Words
// that are not known are passed over. Without handle, it stops when it has all numbers. The line is not changed; Mark.Handle is part of it, and nobody
// has looked at its digits.
func ParseLine(line []byte, handle bool) (m Mark, ok bool, err error) {
	const prefix = "inotify "
	if len(line) < len(prefix) || string(line[:len(prefix)]) != prefix {
		return Mark{}, false, nil
	}
	seen := 0
	for rest := line[len(prefix):]; len(rest) > 0 && (handle || seen != hasAll); {
		word := rest
		if end := bytes.IndexByte(rest, ' '); end >= 0 {
			word, rest = rest[:end], rest[end+1:]
		} else {
			rest = nil
		}
		var n uint64
		good := true
		switch {
		case begins(word, "wd:"):
			n, good = number(word[len("wd:"):], math.MaxInt32)
			m.WD = int32(n)
			seen |= hasWD
		case begins(word, "ino:"):
			m.Inode, good = number(word[len("ino:"):], math.MaxUint64)
			seen |= hasInode
		case begins(word, "sdev:"):
			m.Dev, good = number(word[len("sdev:"):], math.MaxUint64)
			seen |= hasDev
		case begins(word, "mask:"):
			n, good = number(word[len("mask:"):], math.MaxUint32)
			m.Mask = uint32(n)
			seen |= hasMask
		case begins(word, "fhandle-type:"):
			n, good = number(word[len("fhandle-type:"):], math.MaxUint32) // an int of C, printed as unsigned
			m.HandleType = int32(uint32(n))
		case begins(word, "f_handle:"):
			m.Handle = word[len("f_handle:"):]
		}
		if !good {
			return Mark{}, false, fmt.Errorf("%q is not a hexadecimal number that fits", word)
		}
	}
	if seen != hasAll {
		return Mark{}, false, errIncomplete
	}
	return m, true, nil
}

var errIncomplete = errors.New("one of wd, ino, sdev and mask is missing")

func begins(word []byte, key string) bool {
	return len(word) >= len(key) && string(word[:len(key)]) == key
}

// number reads hexadecimal digits, at least one.
func number(text []byte, limit uint64) (n uint64, ok bool) {
	for _, c := range text {
		d := digits[c]
		if d == 0 || n > limit>>4 {
			return 0, false
		}
		n = n<<4 | uint64(d-1)
	}
	return n, len(text) > 0 && n <= limit
}

// digits has 1 more than the value of each hexadecimal digit.
var digits = [256]uint8{
	'0': 1, '1': 2, '2': 3, '3': 4, '4': 5, '5': 6, '6': 7, '7': 8, '8': 9, '9': 10,
	'a': 11, 'b': 12, 'c': 13, 'd': 14, 'e': 15, 'f': 16,
	'A': 11, 'B': 12, 'C': 13, 'D': 14, 'E': 15, 'F': 16,
}
