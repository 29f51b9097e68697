// Package capture holds the form of a capture: what the kernel told an inotify instance, and what was
// watched, as JSON Lines. It is written on Linux and read everywhere.
//
//	{"capture":1,"order":"little","kernel":"6.12.0","events":"MODIFY|CREATE"}
//	{"wd":1,"path":"dir","mask":"MODIFY|CREATE"}
//	{"wd":2,"in":1,"path":"dir/sub","mask":"MODIFY|CREATE"}
//	{"time":"2026-11-23T18:30:00.123456789Z","raw":"AQAAAAABAAAAAAAAEAAAAG5hbWUAAAAAAAAAAAAAAAA="}
//
// The first line is the head: the version of this form, the byte order of the machine, its kernel, and
// which events are of interest (others were asked for to follow directories). A line with wd is a watch
// that was made, or a watch that was found at another path, between the reads around it; in is the
// watch of the directory it stands in, left out for what was named on the command line. A line with
// raw is what one read(2) returned, in base64. A path that is not UTF-8 has its bytes in path_b64.
// Members that are not known are passed over.
package capture

// This file writes and reads the lines.

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/inoseq/inoseq/inotify"
)

// Version is the form that is written, and the newest that is read.
const Version = 1

// Head is the first line.
type Head struct {
	Order  binary.ByteOrder // of the machine
	Kernel string           // its release, as of uname(2)
	Events inotify.Mask     // that are of interest; 0: all
}

// Watch is a watch and where it stands.
type Watch struct {
	WD   int32
	In   int32 // the watch of the directory it stands in, or 0
	Path string
	Mask inotify.Mask
}

// Read is what one read(2) returned.
type Read struct {
	Time time.Time
	Raw  []byte
}

// Orders are the names of byte orders.
var Orders = map[string]binary.ByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian}

// orderName is the name of order, which may be binary.NativeEndian.
func orderName(order binary.ByteOrder) string {
	if order.Uint16([]byte{1, 0}) == 1 {
		return "little"
	}
	return "big"
}

// AppendHead appends the line of h, newline included.
func AppendHead(dst []byte, h Head) []byte {
	return appendLine(dst, struct {
		Capture int          `json:"capture"`
		Order   string       `json:"order"`
		Kernel  string       `json:"kernel"`
		Events  inotify.Mask `json:"events"`
	}{Version, orderName(h.Order), h.Kernel, h.Events})
}

// AppendWatch appends the line of w, newline included.
func AppendWatch(dst []byte, w Watch) []byte {
	line := struct {
		WD   int32        `json:"wd"`
		In   int32        `json:"in,omitempty"`
		Path string       `json:"path"`
		B64  []byte       `json:"path_b64,omitempty"`
		Mask inotify.Mask `json:"mask"`
	}{WD: w.WD, In: w.In, Path: w.Path, Mask: w.Mask}
	if !utf8.ValidString(w.Path) {
		line.B64 = []byte(w.Path)
	}
	return appendLine(dst, line)
}

// appendLine appends v, which has nothing that JSON cannot hold.
func appendLine(dst []byte, v any) []byte {
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// AppendRead appends the line of r, newline included.
func AppendRead(dst []byte, r Read) []byte {
	dst = append(dst, `{"time":"`...)
	dst = r.Time.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","raw":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, r.Raw)
	return append(dst, "\"}\n"...)
}

// LineError says which line of a capture is damaged. What stands before it is whole.
type LineError struct {
	Line   int   // counted from 1
	Offset int64 // of its first byte
	Err    error
}

func (e *LineError) Error() string {
	return fmt.Sprintf("line %d, at byte %d: %v", e.Line, e.Offset, e.Err)
}

// Unwrap returns e.Err.
func (e *LineError) Unwrap() error { return e.Err }

// Reader reads a capture.
type Reader struct {
	lines  *bufio.Reader
	line   int
	offset int64 // of the line
	next   int64 // of the line after it
	room   []byte
}

// longestLine has room for a read of more than ten megabytes; 64 KiB are usual.
const longestLine = 16 << 20

// What can be wrong with a line, beside JSON and numbers.
var (
	errLong   = fmt.Errorf("longer than %d bytes: this is not a line of a capture", longestLine)
	errCut    = errors.New("the capture is cut off in this line")
	errNoHead = errors.New(`not a capture: it would begin with {"capture":1,...}; --raw, --hex and --strace decode other forms`)
	errOther  = errors.New("neither a watch nor a read")
)

// NewReader returns a Reader of r, which must begin with the head, and the head.
func NewReader(r io.Reader) (*Reader, Head, error) {
	c := &Reader{lines: bufio.NewReaderSize(r, 64<<10)}
	text, err := c.read()
	if err == io.EOF {
		err = c.At(errNoHead)
	}
	if err != nil {
		var cut *LineError
		if errors.As(err, &cut) && !bytes.HasPrefix(text, []byte(`{"capture":`)) {
			cut.Err = errNoHead
		}
		return nil, Head{}, err
	}
	var head struct {
		Capture *int          `json:"capture"`
		Order   string        `json:"order"`
		Kernel  string        `json:"kernel"`
		Events  *inotify.Mask `json:"events"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Capture == nil {
		return nil, Head{}, c.At(errNoHead)
	}
	order := Orders[head.Order]
	switch {
	case *head.Capture != Version:
		return nil, Head{}, c.At(fmt.Errorf("a capture of version %d; this program reads version %d", *head.Capture, Version))
	case order == nil:
		return nil, Head{}, c.At(fmt.Errorf("byte order %q is neither little nor big", head.Order))
	}
	h := Head{Order: order, Kernel: head.Kernel}
	if head.Events != nil {
		h.Events = *head.Events
	}
	return c, h, nil
}

// At returns err as an error of the line that was read last.
func (c *Reader) At(err error) error { return &LineError{c.line, c.offset, err} }

// Next returns the next line, which is a *Watch or a *Read, and at the end io.EOF. Errors of the lines
// are *LineError, and end the capture.
func (c *Reader) Next() (any, error) {
	text, err := c.read()
	if err != nil {
		return nil, err
	}
	var line struct {
		WD   *int32       `json:"wd"`
		In   int32        `json:"in"`
		Path *string      `json:"path"`
		B64  []byte       `json:"path_b64"`
		Mask inotify.Mask `json:"mask"`
		Time time.Time    `json:"time"`
		Raw  *[]byte      `json:"raw"`
	}
	if err := json.Unmarshal(text, &line); err != nil {
		if other := (*json.UnmarshalTypeError)(nil); errors.As(err, &other) { // its text has this struct in it
			if err = errOther; other.Field != "" {
				err = fmt.Errorf("the member %q cannot be a %s", other.Field, other.Value)
			}
		}
		return nil, c.At(err)
	}
	switch {
	case line.WD != nil && line.Raw != nil:
		return nil, c.At(errors.New("both a watch and a read"))
	case line.Raw != nil:
		return &Read{line.Time, *line.Raw}, nil
	case line.WD == nil || line.Path == nil:
		return nil, c.At(errOther)
	case *line.WD < 1 || line.In < 0:
		return nil, c.At(fmt.Errorf("watch descriptors %d and %d: they begin at 1", *line.WD, line.In))
	}
	w := &Watch{*line.WD, line.In, *line.Path, line.Mask}
	if line.B64 != nil {
		w.Path = string(line.B64)
	}
	return w, nil
}

// read returns the next line without its end, valid until the next call. A last line that is not ended
// is cut off, unless it is whole all the same.
func (c *Reader) read() ([]byte, error) {
	c.line++
	c.offset = c.next
	c.room = c.room[:0]
	for {
		part, err := c.lines.ReadSlice('\n')
		c.next += int64(len(part))
		if len(c.room)+len(part) > longestLine {
			return nil, c.At(errLong)
		}
		c.room = append(c.room, part...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(c.room) > 0 && json.Valid(c.room):
			return c.room, nil
		case err == io.EOF && len(c.room) > 0:
			return c.room, c.At(errCut)
		case err != nil:
			return nil, err
		}
		return c.room[:len(c.room)-1], nil
	}
}
