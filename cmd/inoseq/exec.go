package main

// This file holds --exec: a command is run for each batch, one at a time.

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// How long a command may take to end when it is told to: before it is run again, and at the end of
// all, which must be within the grace of the program. Tests have more.
var (
	restartGrace = 5 * time.Second
	endGrace     = time.Second
)

// runner is a sink that runs a command for the paths that have changed.
type runner struct {
	command        string
	restart        bool // a batch ends the command that is running
	stdout, stderr io.Writer
	say            func(format string, args ...any)
	warn           func(err error)

	mu      sync.Mutex
	cond    *sync.Cond // of mu: idle has changed
	paths   []string   // that have changed, once each, since the command was started
	seen    map[string]struct{}
	given   []string // that the running command has got
	current *started
	again   bool // the running command is being ended, and run again
	busy    bool // a goroutine runs commands
	ended   bool // nothing is started any more
	err     error
}

func newRunner(p *program, command string, restart bool) *runner {
	r := &runner{
		command: command, restart: restart, stdout: p.stdout.w, stderr: p.stderr, say: p.say, warn: p.warn,
		seen: make(map[string]struct{}),
	}
	r.cond = sync.NewCond(&r.mu)
	return r
}

func (r *runner) event(ev *event) error { return r.batch([]event{*ev}) }

// batch has the command run for evs: now, or when the one that is running has ended.
func (r *runner) batch(evs []event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil || r.ended {
		return r.err
	}
	for i := range evs {
		if evs[i].From != "" {
			r.changed(evs[i].From)
		}
		r.changed(evs[i].Path)
	}
	if !r.busy {
		r.busy = true
		go r.runAll()
	} else if r.restart && r.current != nil && !r.again {
		r.again = true
		// What it was told of is not done: the next one is told again, in front.
		paths := append(r.given, r.paths...)
		r.given, r.paths = nil, nil
		clear(r.seen)
		for _, path := range paths {
			r.changed(path)
		}
		r.current.end(restartGrace)
	}
	return nil
}

func (r *runner) changed(path string) {
	if _, ok := r.seen[path]; !ok {
		r.seen[path] = struct{}{}
		r.paths = append(r.paths, path)
	}
}

// runAll runs the command until no path is left.
func (r *runner) runAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		r.busy = false
		r.cond.Broadcast()
	}()
	for len(r.paths) > 0 && !r.ended && r.err == nil {
		var input []byte
		for _, path := range r.paths {
			input = append(append(input, path...), 0)
		}
		one, err := startRun(r.command, input, r.stdout, r.stderr)
		if err != nil {
			r.err = fmt.Errorf("--exec: %w", err)
			return
		}
		r.given, r.paths = r.paths, nil
		clear(r.seen)
		r.current = one
		r.mu.Unlock()
		<-one.done
		r.mu.Lock()
		if one.err != nil && !r.again && !r.ended {
			r.say("the command has ended: %v", one.err)
		}
		r.current, r.again = nil, false
	}
}

func (r *runner) trouble(err error) error {
	r.warn(err)
	return nil
}

func (r *runner) flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// endWith has the command be ended when ctx is done, and not be run again. The caller must call stop.
func (r *runner) endWith(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended = true
		if r.current != nil {
			r.current.end(endGrace)
		}
	})
}

// finish waits until the command has run for all that has changed, or has been ended.
func (r *runner) finish() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.busy {
		r.cond.Wait()
	}
	return r.err
}
