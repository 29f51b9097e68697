package main

// This file holds what the options of the command watch must be, and what follows from them.

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/format"
	"github.com/inoseq/inoseq/cmd/inoseq/internal/terminal"
	"github.com/inoseq/inoseq/inotify"
)

// defaultBatch is a batch of --exec.
const defaultBatch = 100 * time.Millisecond

// quietTime is what ends a batch; 0: there are none.
func (o *watchOptions) quietTime() time.Duration {
	if o.batch == 0 && o.exec != "" {
		return defaultBatch
	}
	return o.batch
}

// check looks at all options together.
func (o *watchOptions) check() error {
	for _, f := range []func() error{o.events.check, o.checkTrees, o.checkOutput, o.checkNumbers} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func (o *watchOptions) checkTrees() error {
	how := o.events.mask & howToWatch
	switch {
	case o.recursive && how != 0:
		return fmt.Errorf("--events has %v, which --recursive cannot do: leave out one of the two", how)
	case o.initial && how.Has(inotify.OneShot):
		return errors.New("--initial keeps account of what comes, and oneshot ends that: leave out one of the two")
	case o.recursive:
	case len(o.skip) > 0:
		return errors.New("--skip leaves out parts of a tree: add --recursive")
	case o.gitignore:
		return errors.New("--gitignore leaves out parts of a tree: add --recursive")
	case o.oneFilesystem:
		return errors.New("--one-filesystem is about a tree: add --recursive")
	}
	_, err := parseGlobs(o.skip)
	return err
}

// checkOutput looks for options that exclude or need each other.
func (o *watchOptions) checkOutput() error {
	if o.given("exec") && strings.TrimSpace(o.exec) == "" {
		return errors.New("--exec is empty: name a command for the shell")
	}
	for _, other := range []string{"json", "format", "null", "color"} {
		if o.exec != "" && o.given(other) {
			return fmt.Errorf("--exec prints nothing itself: leave out --%s", other)
		}
	}
	switch {
	case o.json && o.given("format"):
		return errors.New("--json and --format are two forms of a line: leave out one of the two")
	case o.given("on-busy") && o.exec == "":
		return errors.New("--on-busy is about the command of --exec: add that")
	case o.onBusy != "queue" && o.onBusy != "restart":
		return fmt.Errorf("--on-busy %q is unknown: queue has the changes wait for the next run, restart ends the present one", o.onBusy)
	case o.color != "auto" && o.color != "always" && o.color != "never":
		return fmt.Errorf("--color %q is unknown: auto, always or never", o.color)
	case o.given("timefmt") && !o.given("format"):
		return errors.New("--timefmt says how --format prints %T: add --format")
	case o.given("format"):
		f, err := format.Parse(o.format)
		if err != nil {
			return fmt.Errorf("--format %q: %w", o.format, err)
		}
		if o.given("timefmt") && !f.HasTime() {
			return errors.New("--timefmt says how --format prints %T, which is not in it: add that")
		}
	}
	return nil
}

func (o *watchOptions) checkNumbers() error {
	switch {
	case o.given("count") && o.count < 1:
		return fmt.Errorf("--count %d: name at least one event to end after", o.count)
	case o.given("batch") && o.batch <= 0:
		return fmt.Errorf("--batch %v: name a time for which nothing comes, such as 100ms", o.batch)
	case o.given("timeout") && o.timeout <= 0:
		return fmt.Errorf("--timeout %v: name a time after which to end, such as 10s", o.timeout)
	}
	return nil
}

// skipper returns what leaves out parts of trees, or nil.
func (o *watchOptions) skipper(trees roots, ignored ignores) (func(path string, isDir bool) bool, error) {
	gs, err := parseGlobs(o.skip)
	if err != nil || len(gs) == 0 && len(ignored) == 0 {
		return nil, err
	}
	return func(path string, isDir bool) bool {
		root, rel := trees.split(path)
		return gs.match(rel, isDir) || ignored.skips(root, rel, isDir)
	}, nil
}

// colored reports whether lines are colored. NO_COLOR is that of no-color.org.
func (o *watchOptions) colored(out io.Writer) bool {
	if o.color == "auto" {
		return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && terminal.Is(out)
	}
	return o.color == "always"
}
