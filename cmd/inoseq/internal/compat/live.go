package compat

// This file runs inotifywatch with --live: the table is drawn on a terminal while it grows. It is drawn on
// the terminal's other screen, as by a pager, and the last one is left on the usual screen.

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/terminal"
)

// The table is drawn at most so often, and its rates are taken so often.
const (
	drawEvery   = 100 * time.Millisecond
	sampleEvery = time.Second
)

// maxNotes is how many messages are kept while the table is shown.
const maxNotes = 100

// live draws the table of a run.
type live struct {
	run    *statRun
	screen *screen
	now    chan os.Signal // asks for the table

	began, sampled, drawn time.Time
	took                  time.Duration // to draw it
	shown                 int           // the number of events that it shows
	again                 bool          // something else has changed

	notes  []string // what is to be said at the end; of the goroutine that counts
	unsaid int
}

// screen returns the terminal to draw on; there is none without --live, nor where nobody would see it.
func (s *statRun) screen() *screen {
	out, ok := s.env.Stdout.(*os.File)
	if !s.o.live || !ok || !terminal.Is(out) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	in, ok := s.env.Stdin.(*os.File)
	if !ok || !terminal.Is(in) {
		in = nil
	}
	return newScreen(in, out)
}

// runLive is the rest of run on a terminal.
func (s *statRun) runLive(ctx context.Context, screen *screen, now chan os.Signal) int {
	ctx, end := context.WithCancel(ctx)
	defer end()
	l := &live{run: s, screen: screen, now: now, began: time.Now(), again: true}
	l.sampled = l.began
	stopSignals := screen.notify()
	defer stopSignals()
	if err := screen.enter(); err != nil {
		screen.leave()
		fmt.Fprintf(s.env.Stderr, "Cannot show the table on this terminal: %s; leave out --live.\n", reason(err))
		return statusFailed
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.loop(ctx, end)
	}()
	fine := s.collect(ctx, l.note)
	end()
	<-done
	screen.leave()
	l.tellNotes()
	if !fine {
		return statusFailed
	}
	l.last()
	return statusFine
}

// loop draws until ctx is done, and ends the run at a key.
func (l *live) loop(ctx context.Context, end func()) {
	tick := time.NewTicker(drawEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case key := <-l.screen.keys:
			if key == 'q' || key == 'Q' || key == '\x03' {
				end()
			}
		case <-l.now:
			l.again = true
		case sig := <-l.screen.signals:
			if !l.screen.handle(sig) {
				end()
			}
			l.again = true
		case <-tick.C:
			l.draw()
		}
	}
}

// draw draws the table if it has changed. A table that takes long to draw is drawn less often, but once in
// the time of a sample: what took long may have been the terminal, or another program.
func (l *live) draw() {
	now := time.Now()
	if now.Sub(l.drawn) < min(10*l.took, sampleEvery) {
		return
	}
	width, height := l.screen.size()
	lines := l.lines(now, width, height)
	if lines == nil {
		return
	}
	var b strings.Builder
	b.WriteString("\x1b[H") // to the top; then each line and what was behind it, and what was below
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	_, _ = io.WriteString(l.screen.out, b.String()) // a terminal that is gone sends SIGHUP
	l.drawn = time.Now()
	l.took = l.drawn.Sub(now)
}

// lines is what to draw, or nil if that is there already.
func (l *live) lines(now time.Time, width, height int) []string {
	s := l.run
	s.mu.Lock()
	defer s.mu.Unlock()
	if past := now.Sub(l.sampled); past >= sampleEvery {
		l.sampled = now
		l.again = s.table.sample(past) || l.again
	}
	if !l.again && s.table.all.total == l.shown {
		return nil
	}
	l.again, l.shown = false, s.table.all.total
	head := fmt.Sprintf("%s, %.1f/s", countEvents(l.shown), s.table.all.rate)
	if l.screen.in != nil {
		head += "; q ends"
	}
	return s.table.frame(head, s.o, s.asked, width, height)
}

// last leaves the table, whole, with the rates of the whole time.
func (l *live) last() {
	s := l.run
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.table.all.total == 0 {
		fmt.Fprintln(s.env.Stderr, "No events occurred.")
		return
	}
	past := time.Since(l.began)
	s.table.average(past)
	head := fmt.Sprintf("%s in %.1f s, %.1f/s", countEvents(s.table.all.total), past.Seconds(), s.table.all.rate)
	lines := s.table.frame(head, s.o, s.asked, 0, 0)
	_, _ = io.WriteString(s.env.Stdout, strings.Join(lines, "\n")+"\n")
}

func countEvents(n int) string {
	if n == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", n)
}

// note keeps what is to be said until the screen is the usual one again.
func (l *live) note(format string, args ...any) {
	if len(l.notes) == maxNotes {
		l.unsaid++
		return
	}
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

func (l *live) tellNotes() {
	for _, text := range l.notes {
		fmt.Fprintln(l.run.env.Stderr, clean(strings.TrimSuffix(text, "\n")))
	}
	if l.unsaid > 0 {
		fmt.Fprintf(l.run.env.Stderr, "%d more messages have been left out.\n", l.unsaid)
	}
}
