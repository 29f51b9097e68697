package compat

// This file is inotifywait from the command line to the exit status.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// Wait is inotifywait. It returns the exit status. Signals have the effect that Main gives them: the default.
func Wait(env Env, args []string) int {
	o, names, ok := parseWait(env, args)
	if !ok {
		return statusFailed
	}
	r := waitRun{env: env, o: o}
	return r.run(names)
}

// waitRun is one run of inotifywait.
type waitRun struct {
	env Env
	o   waitOptions
	out io.Writer
	say func(format string, args ...any) // messages at run time

	filter filter
	src    source
}

// run does what comes before the daemon is started, in this order: of several mistakes, the first is told.
func (r *waitRun) run(names []string) int {
	var ok bool
	if r.filter, ok = r.o.Expr.compile(r.env.Stderr); !ok {
		return statusFailed
	}
	if r.o.Format != nil && formatIsWrong(*r.o.Format, r.timeFormat()) {
		fmt.Fprintln(r.env.Stderr, "Something is wrong with your format string.")
		return statusFailed
	}
	r.o.Paths = readPaths(names, r.o.FromFile, r.env.Stdin, r.env.Stderr)
	if len(r.o.Paths.Watch) == 0 {
		fmt.Fprintln(r.env.Stderr, "No files specified to watch!")
		return statusFailed
	}
	if r.o.Daemon {
		src, err := newSource(watching{}) // nobody would hear the daemon tell it
		if err != nil {
			return r.noSource(err)
		}
		src.close()
		return r.daemonize()
	}
	r.out = r.env.Stdout
	if r.o.OutFile != nil {
		f, err := openOut(*r.o.OutFile)
		if err != nil {
			fmt.Fprintf(r.env.Stderr, "Failed to open output file %s\n", *r.o.OutFile)
			return statusFailed
		}
		defer f.Close()
		r.out = f
	}
	return r.watchAndTell()
}

func openOut(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

func (r *waitRun) noSource(err error) int {
	tellInitError(r.env.Stderr, err)
	return statusFailed
}

func (r *waitRun) timeFormat() string {
	if r.o.TimeFormat == nil {
		return ""
	}
	return *r.o.TimeFormat
}

// watchAndTell does the rest.
func (r *waitRun) watchAndTell() int {
	if r.o.Syslog {
		log := openSyslog("inotifywait")
		defer log.close()
		r.say = log.say
	} else {
		r.say = func(format string, args ...any) { fmt.Fprintf(r.env.Stderr, format, args...) }
	}
	asked := r.o.Events
	if asked == 0 {
		asked = inotify.AllEvents
	}
	mask := asked
	if r.o.NoDereference {
		mask |= inotify.DontFollow
	}
	src, err := newSource(watching{mask: mask, recursive: r.o.Recursive, paths: &r.o.Paths, filter: &r.filter})
	if err != nil {
		return r.noSource(err)
	}
	defer src.close()
	r.src = src
	if !r.establish() {
		return statusFailed
	}
	return r.tell(asked)
}

// establish sets the watches up.
func (r *waitRun) establish() bool {
	if r.o.Quiet == 0 {
		if r.o.Recursive {
			r.say("Setting up watches.  Beware: since -r was given, this may take a while!\n")
		} else {
			r.say("Setting up watches.\n")
		}
	}
	for _, path := range r.o.Paths.Watch {
		if err := r.src.watch(path); err != nil {
			tellWatchError(r.say, "Couldn't watch", path, err)
			return false
		}
	}
	r.src.established()
	if r.o.Quiet == 0 {
		r.say("Watches established.\n")
	}
	return true
}

// tell prints events until the run is over.
func (r *waitRun) tell(asked inotify.Mask) int {
	idle := time.Duration(r.o.Timeout) * time.Second
	for ev, err := range r.src.events(context.Background(), idle) {
		var dir *newDirError
		switch {
		case errors.Is(err, inotify.ErrOverflow):
			r.say("%s", overflowText())
		case errors.As(err, &dir):
			r.say("Couldn't watch new directory %s: %s\n", dir.path, reason(dir.err))
			continue
		case err != nil:
			r.say("%s\n", reason(err))
			return statusFailed
		}
		if r.filter.drops(&ev) {
			continue
		}
		wanted := ev.mask.HasAny(asked) || ev.synthetic
		if r.o.Quiet < 2 && wanted {
			r.print(&ev)
		}
		if r.o.Monitor {
			continue
		}
		if !wanted {
			return statusFailed
		}
		return statusFine
	}
	return statusTimeout
}

// overflowText says what inotifywait keeps to itself.
func overflowText() string {
	length := "fs.inotify.max_queued_events"
	if limits, err := inotify.ReadLimits(); err == nil {
		length = fmt.Sprintf("%s, %d", length, limits.MaxQueuedEvents)
	}
	return fmt.Sprintf("Queue overflow: events were lost.  The queue holds %s.\n", length)
}

func (r *waitRun) print(ev *event) {
	var text []byte
	whole := true
	switch {
	case r.o.CSV:
		text = csvEvent(ev)
	case r.o.Format != nil:
		text, whole = formatEvent(*r.o.Format, r.timeFormat(), ev)
	default:
		text, whole = formatEvent(defaultFormat, "", ev)
	}
	if whole {
		_, _ = r.out.Write(text) // inotifywait does not look, either; SIGPIPE ends both
	}
}
