package main

// This file holds standard output: how events become lines, when lines are written, and what is
// remembered of a write that failed.

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/inoseq/inoseq/internal/line"
)

// output is standard output. It keeps the first error, so that nobody else must, and writes nothing
// after it.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	o.err = err
	return n, err
}

// printer writes a line for each event, in either form. Its errors are those of standard output.
type printer struct {
	buf  *bufio.Writer
	json bool
	warn func(err error) // tells people of an error in the sequence
	room []byte
}

func newPrinter(out io.Writer, json bool, warn func(error)) *printer {
	return &printer{buf: bufio.NewWriterSize(out, 64<<10), json: json, warn: warn}
}

// event writes the line of ev.
func (p *printer) event(ev event) error {
	if p.json {
		return p.object(&line.Event{
			Time:      time.Now().UTC(),
			Op:        strings.Split(ev.Mask.String(), "|"),
			Path:      ev.Path,
			From:      ev.From,
			Exchange:  ev.Exchange,
			Cookie:    ev.Cookie,
			Synthetic: ev.Synthetic,
		})
	}
	p.room = append(append(p.room[:0], ev.String()...), '\n')
	_, err := p.buf.Write(p.room)
	return err
}

// trouble tells of an error in the sequence at its place among the lines.
func (p *printer) trouble(err error) error {
	if p.json {
		return p.object(&line.Error{Time: time.Now().UTC(), Error: err.Error()})
	}
	if err := p.buf.Flush(); err != nil {
		return err
	}
	p.warn(err)
	return nil
}

func (p *printer) object(v interface{ Append([]byte) ([]byte, error) }) error {
	room, err := v.Append(p.room[:0])
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	p.room = append(room, '\n')
	_, err = p.buf.Write(p.room)
	return err
}

func (p *printer) flush() error { return p.buf.Flush() }
