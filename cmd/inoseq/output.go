package main

// This file holds standard output: how events become lines and batches, when they are written, and
// what is remembered of a write that failed. What a line looks like is in forms.go.

import (
	"bufio"
	"fmt"
	"io"
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

// printer writes events. Its errors are those of standard output.
type printer struct {
	buf   *bufio.Writer
	form  form
	end   byte            // of a line
	block bool            // events come in batches
	warn  func(err error) // tells people of an error in the sequence
	room  []byte
}

// form is what an event looks like.
type form interface {
	// append appends ev, without the end of the line.
	append(dst []byte, ev *event) ([]byte, error)
	// error appends an error in the sequence, or reports that it is not told among events.
	error(dst []byte, err error) (_ []byte, told bool, _ error)
	// batch is what stands before, between and behind the events of a batch.
	batch(end byte) (before, between, behind string)
}

func newPrinter(out io.Writer, f form, warn func(error)) *printer {
	return &printer{buf: bufio.NewWriterSize(out, 64<<10), form: f, end: '\n', warn: warn}
}

// event writes a line.
func (p *printer) event(ev *event) error {
	room, err := p.form.append(p.room[:0], ev)
	if err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	p.room = append(room, p.end)
	_, err = p.buf.Write(p.room)
	return err
}

// batch writes events as one.
func (p *printer) batch(evs []event) error {
	before, between, behind := p.form.batch(p.end)
	room := append(p.room[:0], before...)
	for i := range evs {
		if i > 0 {
			room = append(room, between...)
		}
		var err error
		if room, err = p.form.append(room, &evs[i]); err != nil {
			return fmt.Errorf("writing an event: %w", err)
		}
	}
	p.room = append(append(room, behind...), p.end)
	_, err := p.buf.Write(p.room)
	if cap(p.room) > 1<<20 {
		p.room = nil
	}
	return err
}

// trouble tells of an error in the sequence at its place among the events.
func (p *printer) trouble(wrong error) error {
	before, behind := "", ""
	if p.block {
		before, _, behind = p.form.batch(p.end)
	}
	room, told, err := p.form.error(append(p.room[:0], before...), wrong)
	if err != nil {
		return fmt.Errorf("writing an error: %w", err)
	}
	if told {
		p.room = append(append(room, behind...), p.end)
		_, err := p.buf.Write(p.room)
		return err
	}
	if err := p.buf.Flush(); err != nil {
		return err
	}
	p.warn(wrong)
	return nil
}

func (p *printer) flush() error { return p.buf.Flush() }
