package compat

// This file is inotifywatch from the command line to the exit status.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// Stat is inotifywatch. It returns the exit status.
func Stat(env Env, args []string) int {
	o, names, ok := parseStat(env, args)
	if !ok {
		return statusFailed
	}
	f, ok := o.expr.compile(env.Stderr)
	if !ok {
		return statusFailed
	}
	say := func(format string, args ...any) { fmt.Fprintf(env.Stderr, format, args...) }
	paths := readPaths(names, o.fromFile, env.Stdin, env.Stderr)
	if len(paths.Watch) == 0 {
		say("No files specified to watch!\n")
		return statusFailed
	}
	asked := o.events
	if asked == 0 {
		asked = inotify.AllEvents
	}
	mask := asked
	if o.noDereference {
		mask |= inotify.DontFollow
	}
	src, err := newSource(watching{mask: mask, recursive: o.recursive, paths: &paths, filter: &f})
	if err != nil {
		tellInitError(env.Stderr, err)
		return statusFailed
	}
	defer src.close()
	if !establishStat(src, &o, paths.Watch, say) {
		return statusFailed
	}
	s := statRun{env: env, o: &o, asked: asked, filter: &f, src: src, table: newTable()}
	return s.run(say)
}

func establishStat(src source, o *statOptions, paths []string, say func(string, ...any)) bool {
	impatient := make(chan os.Signal, 2)
	signal.Notify(impatient, os.Interrupt)
	defer close(impatient)
	defer signal.Stop(impatient)
	go func() {
		if _, ok := <-impatient; !ok {
			return
		}
		say("No statistics have been collected because I haven't finished establishing\n" +
			"inotify watches yet.  If you are sure you want me to exit, interrupt me again.\n")
		if _, ok := <-impatient; ok {
			say("No statistics collected, asked to abort before all watches could be established.\n")
			os.Exit(statusFailed)
		}
	}()
	say("Establishing watches...\n")
	for _, path := range paths {
		if o.recursive && o.verbose {
			say("Setting up watch(es) on %s\n", path)
		}
		if err := src.watch(path); err != nil {
			tellWatchError(say, "Failed to watch", path, err)
			return false
		}
		if o.recursive && o.verbose {
			say("OK, %s is now being watched.\n", path)
		}
	}
	src.established()
	if o.verbose {
		say("Total of %d watches.\n", totalWatches(src, o, paths))
	}
	return true
}

// totalWatches is what inotifywatch says: an inode that has several names on the command line counts for each.
func totalWatches(src source, o *statOptions, paths []string) int {
	if o.recursive {
		return len(src.watches())
	}
	names := make(map[string]bool)
	for _, path := range paths {
		names[strings.TrimSuffix(path, "/")+"/"] = true
	}
	return len(names)
}

// restTime is how long is counted what has happened before the end, if more keeps coming. Tests have more.
var restTime = time.Second

// statRun is one run that counts.
type statRun struct {
	env    Env
	o      *statOptions
	asked  inotify.Mask
	filter *filter
	src    source

	mu    sync.Mutex
	table *table
}

func (s *statRun) run(say func(string, ...any)) int {
	for _, w := range s.src.watches() {
		s.table.row(w.watch, w.dir)
	}
	ctx, stop := notifyEnd(s.o.timeout > 0)
	defer stop()
	now := notifyTable()
	defer signal.Stop(now)
	say("Finished establishing watches, now collecting statistics.\n")
	if s.o.timeout > 0 {
		if s.o.verbose {
			say("Will listen for events for %d seconds.\n", s.o.timeout)
		}
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, time.Duration(s.o.timeout)*time.Second)
		defer cancel()
	}
	if screen := s.screen(); screen != nil {
		return s.runLive(ctx, screen, now)
	}
	go func() {
		for range now {
			s.print()
			_, _ = s.env.Stdout.Write([]byte("\n"))
		}
	}()
	if !s.collect(ctx, say) {
		return statusFailed
	}
	s.print()
	return statusFine
}

// collect counts until ctx is done.
func (s *statRun) collect(ctx context.Context, say func(string, ...any)) bool {
	for ev, err := range s.src.events(ctx, 0) {
		if ctx.Err() != nil && err != nil {
			break
		}
		if !s.one(ev, err, say) {
			return false
		}
	}
	// What has happened until now counts.
	rest, cancel := context.WithTimeout(context.Background(), restTime)
	defer cancel()
	for ev, err := range s.src.events(rest, time.Nanosecond) {
		if rest.Err() != nil || !s.one(ev, err, say) {
			break
		}
	}
	return true
}

// one counts an event.
func (s *statRun) one(ev event, err error, say func(string, ...any)) bool {
	var dir *newDirError
	switch {
	case errors.Is(err, inotify.ErrOverflow):
		say("%s", overflowText())
		return true
	case errors.As(err, &dir):
		say("Couldn't watch new directory %s: %s\n", dir.path, reason(dir.err))
		return true
	case err != nil:
		say("%s\n", reason(err))
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked | inotify.Ignored | inotify.Unmount
	if (ev.mask.HasAny(asked) || ev.synthetic) && !s.filter.drops(&ev) {
		s.table.count(&ev)
	}
	return true
}

func (s *statRun) print() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.table.all.total == 0 {
		fmt.Fprintln(s.env.Stderr, "No events occurred.")
		return
	}
	_, _ = s.env.Stdout.Write(s.table.text(s.o, s.asked))
}
