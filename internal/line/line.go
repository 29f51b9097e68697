// Package line holds the one form in which events are written as JSON: by Event.MarshalJSON of
// package inotify and package tree, and by the lines of the tool. The form is fixed; programs parse
// it. It is written by hand, without reflection and without garbage; a test holds it against
// encoding/json.
package line

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"
)

// Event is an event as JSON. Paths are bytes: one that is not UTF-8 is written with U+FFFD for each
// byte that is not text, and beside it as base64 of the bytes.
type Event struct {
	Time      time.Time // left out when zero
	Op        []string
	Path      string
	From      string // left out when empty
	Exchange  bool
	Cookie    uint32
	Synthetic bool
}

// MarshalJSON implements json.Marshaler.
func (e Event) MarshalJSON() ([]byte, error) { return e.Append(nil) }

// Append appends e to dst, as an object without an end of line. With an error, nothing is appended.
func (e *Event) Append(dst []byte) ([]byte, error) {
	b := append(dst, '{')
	if !e.Time.IsZero() {
		var err error
		if b, err = appendTime(append(b, `"time":`...), e.Time); err != nil {
			return dst, err
		}
		b = append(b, ',')
	}
	b = append(b, `"op":[`...)
	for i, op := range e.Op {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, op)
	}
	b = appendPath(append(b, ']'), "path", e.Path)
	if e.From != "" {
		b = appendPath(b, "from", e.From)
	}
	if e.Exchange {
		b = append(b, `,"exchange":true`...)
	}
	if e.Cookie != 0 {
		b = strconv.AppendUint(append(b, `,"cookie":`...), uint64(e.Cookie), 10)
	}
	if e.Synthetic {
		b = append(b, `,"synthetic":true`...)
	}
	return append(b, '}'), nil
}

// appendPath appends a member and, if path is no text, one with its bytes.
func appendPath(b []byte, key, path string) []byte {
	b = append(append(append(b, `,"`...), key...), `":`...)
	b = appendString(b, path)
	if !utf8.ValidString(path) {
		b = append(append(append(b, `,"`...), key...), `_b64":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(path))
		b = append(b, '"')
	}
	return b
}

// Error is an error as JSON.
type Error struct {
	Time  time.Time
	Error string
}

// MarshalJSON implements json.Marshaler.
func (e Error) MarshalJSON() ([]byte, error) { return e.Append(nil) }

// Append appends e to dst, as an object without an end of line. With an error, nothing is appended.
func (e *Error) Append(dst []byte) ([]byte, error) {
	b, err := appendTime(append(dst, `{"time":`...), e.Time)
	if err != nil {
		return dst, err
	}
	b = appendString(append(b, `,"error":`...), e.Error)
	return append(b, '}'), nil
}

// appendTime appends t as RFC 3339 has it, which not every time can be.
func appendTime(b []byte, t time.Time) ([]byte, error) {
	if t.Location() == time.UTC && 0 <= t.Year() && t.Year() <= 9999 {
		b = append(b, '"')
		b = t.AppendFormat(b, time.RFC3339Nano)
		return append(b, '"'), nil
	}
	text, err := t.MarshalJSON()
	return append(b, text...), err
}

const hex = "0123456789abcdef"

// appendString appends s as encoding/json does without its escapes for HTML: a path is to be read by
// people too.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0 // what is before is appended
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[done:i]...)
			b = appendEscape(b, c)
			i++
			done = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[done:i]...), `\ufffd`...)
			done = i + size
		case r == '\u2028', r == '\u2029': // they end a line in JavaScript
			b = append(append(b, s[done:i]...), `\u202`...)
			b = append(b, hex[r&0xf])
			done = i + size
		}
		i += size
	}
	return append(append(b, s[done:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}
