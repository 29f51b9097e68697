//go:build linux

package main

// This file raises limits for the time of a run, where it may, and puts them back.

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/inoseq/inoseq/bench/internal/report"
)

const limitDir = "/proc/sys/fs/inotify/"

// The limits.
const (
	maxQueued    = "max_queued_events"
	maxInstances = "max_user_instances"
	maxWatches   = "max_user_watches"
)

type limits struct {
	dir     string
	results *report.Results
	changed []limit                                 // in the order of change
	write   func(string, []byte, os.FileMode) error // os.WriteFile
}

type limit struct {
	name   string
	before int
}

func newLimits(r *report.Results) *limits {
	return &limits{dir: limitDir, results: r, write: os.WriteFile}
}

func (l *limits) read(name string) (int, error) {
	text, err := os.ReadFile(l.dir + name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// atLeast has the limit be want, if it is lower and may be changed, and returns what it is now.
func (l *limits) atLeast(name string, want int) (int, error) {
	have, err := l.read(name)
	if err != nil || have >= want {
		return have, err
	}
	// Keep it first: whatever happens after the write, it is put back.
	l.changed = append(l.changed, limit{name, have})
	if err := l.write(l.dir+name, []byte(strconv.Itoa(want)), 0); err != nil {
		l.changed = l.changed[:len(l.changed)-1]
		l.results.Note("fs.inotify.%s stays %d, %d are asked for: this needs root.", name, have, want)
		return have, nil
	}
	progress("fs.inotify.%s is %d for now, %d before and after", name, want, have)
	l.results.Note("fs.inotify.%s was %d during some of the work, %d before and after.", name, want, have)
	return want, nil
}

// restore puts back what was changed, the last change first: the limits of these names, or all.
func (l *limits) restore(names ...string) (err error) {
	for _, c := range slices.Backward(slices.Clone(l.changed)) {
		if len(names) > 0 && !slices.Contains(names, c.name) {
			continue
		}
		if e := l.write(l.dir+c.name, []byte(strconv.Itoa(c.before)), 0); e != nil {
			err = errors.Join(err, fmt.Errorf("fs.inotify.%s could not be put back: run sysctl fs.inotify.%s=%d: %w",
				c.name, c.name, c.before, e))
			continue
		}
		l.changed = slices.DeleteFunc(l.changed, func(o limit) bool { return o == c })
	}
	return err
}
