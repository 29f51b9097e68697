package main

// This file holds the line that a terminal shows while a large tree is taken in.

import (
	"fmt"
	"io"
	"time"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/terminal"
)

// progressAfter is how long a set-up is before its progress is of interest.
const progressAfter = 300 * time.Millisecond

// progress is a line that is written over.
type progress struct {
	out   io.Writer // nil: nobody looks
	began time.Time
	after time.Duration
	shown bool
}

// progress returns the line of a set-up that begins now.
func (p *program) progress(quiet bool) *progress {
	if quiet || !terminal.Is(p.stderr) {
		return &progress{}
	}
	return &progress{out: p.stderr, began: time.Now(), after: p.progressAfter}
}

// show is what tree.WithProgress wants.
func (l *progress) show(dirs, entries int) {
	if l.out == nil || time.Since(l.began) < l.after {
		return
	}
	l.shown = true
	_, _ = fmt.Fprintf(l.out, "\r\x1b[Kinoseq: taking in the tree: %s, %s", directories(dirs), count(entries, "entry"))
}

// erase leaves the line as if nothing had been there.
func (l *progress) erase() {
	if l.shown {
		l.shown = false
		_, _ = io.WriteString(l.out, "\r\x1b[K")
	}
}
