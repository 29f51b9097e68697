package main

// This file prints what was decoded: the lines of "inoseq watch", with what is known of an event that
// is not happening now.

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/internal/line"
)

// decoded is a record out of a file.
type decoded struct {
	time  time.Time // zero if it is not known
	rec   inotify.Record
	path  string // of the event if known, else its name
	known bool
	pid   int  // 0: not to be told
	fd    *int // nil: not to be told
}

// text is the line for people.
func (t decoded) text() string {
	var b strings.Builder
	switch {
	case t.pid != 0:
		fmt.Fprintf(&b, "pid %d fd %d: ", t.pid, *t.fd)
	case t.fd != nil:
		fmt.Fprintf(&b, "fd %d: ", *t.fd)
	}
	b.WriteString(t.rec.Mask.String())
	if !t.known {
		fmt.Fprintf(&b, " wd %d", t.rec.WD)
	}
	if t.path != "" {
		b.WriteByte(' ')
		b.WriteString(strconv.Quote(t.path))
	}
	b.WriteByte('\n')
	return b.String()
}

// members are those of the JSON object that other events do not have.
func (t decoded) members() string {
	var b strings.Builder
	if !t.known {
		fmt.Fprintf(&b, `,"wd":%d`, t.rec.WD)
	}
	if t.pid != 0 {
		fmt.Fprintf(&b, `,"pid":%d`, t.pid)
	}
	if t.fd != nil {
		fmt.Fprintf(&b, `,"fd":%d`, *t.fd)
	}
	return b.String()
}

// decodedPrinter writes a line for each event. Its errors are those of standard output.
type decodedPrinter struct {
	buf  *bufio.Writer
	json bool
	warn func(err error) // tells people of an error among the events
}

// event writes the line of t, or, for an overflow, tells of it.
func (p *decodedPrinter) event(t decoded) error {
	if t.rec.Mask.Has(inotify.QueueOverflow) {
		return p.overflow(t)
	}
	if !p.json {
		_, err := p.buf.WriteString(t.text())
		return err
	}
	ev := line.Event{Time: t.time, Path: t.path, Cookie: t.rec.Cookie}
	for bit := range t.rec.Mask.Flags() {
		ev.Op = append(ev.Op, bit.String())
	}
	object, err := ev.MarshalJSON()
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	object = append(object[:len(object)-len("}")], t.members()...)
	_, err = p.buf.Write(append(object, "}\n"...))
	return err
}

func (p *decodedPrinter) overflow(t decoded) error {
	if !p.json {
		if err := p.buf.Flush(); err != nil {
			return err
		}
		p.warn(inotify.ErrOverflow)
		return nil
	}
	o := struct {
		Time  *time.Time `json:"time,omitempty"`
		Error string     `json:"error"`
	}{Error: inotify.ErrOverflow.Error()}
	if !t.time.IsZero() {
		o.Time = &t.time
	}
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err = p.buf.Write(append(text, '\n'))
	return err
}

func (p *decodedPrinter) flush() error { return p.buf.Flush() }
