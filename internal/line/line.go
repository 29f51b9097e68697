// Package line holds the one form in which events are written as JSON: by Event.MarshalJSON of
// package inotify and package tree, and by the lines of the tool. The form is fixed; programs parse
// it.
package line

import (
	"bytes"
	"encoding/json"
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

// object gives the members their names and their order.
type object struct {
	Time      *time.Time `json:"time,omitempty"`
	Op        []string   `json:"op"`
	Path      string     `json:"path"`
	PathB64   []byte     `json:"path_b64,omitempty"`
	From      string     `json:"from,omitempty"`
	FromB64   []byte     `json:"from_b64,omitempty"`
	Exchange  bool       `json:"exchange,omitempty"`
	Cookie    uint32     `json:"cookie,omitempty"`
	Synthetic bool       `json:"synthetic,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (e Event) MarshalJSON() ([]byte, error) {
	o := object{
		Op: e.Op, Path: e.Path, PathB64: notText(e.Path), From: e.From, FromB64: notText(e.From),
		Exchange: e.Exchange, Cookie: e.Cookie, Synthetic: e.Synthetic,
	}
	if !e.Time.IsZero() {
		o.Time = &e.Time
	}
	if o.Op == nil {
		o.Op = []string{}
	}
	return marshal(o)
}

// notText returns the bytes of s if they are not UTF-8, else nil.
func notText(s string) []byte {
	if utf8.ValidString(s) {
		return nil
	}
	return []byte(s)
}

// Error is an error as JSON.
type Error struct {
	Time  time.Time `json:"time"`
	Error string    `json:"error"`
}

// Append appends v, an Event or an Error, as one line to dst, newline included.
func Append(dst []byte, v any) ([]byte, error) {
	b, err := marshal(v)
	if err != nil {
		return dst, err
	}
	return append(append(dst, b...), '\n'), nil
}

// marshal is json.Marshal without the escapes for HTML: a path is to be read by people too.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
