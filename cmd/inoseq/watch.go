package main

// This file holds the command watch: its options, and the order in which it goes about it.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/format"
	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// defaultEvents is what changes something. What only reads would drown it: the one who watches
// often reads, too.
const defaultEvents = inotify.AllEvents &^ (inotify.Access | inotify.Open | inotify.CloseNoWrite)

type watchOptions struct {
	events        events
	recursive     bool
	skip          []string
	gitignore     bool
	oneFilesystem bool
	initial       bool

	json    bool
	format  string
	timefmt string
	null    bool
	color   string

	batch   time.Duration
	exec    string
	onBusy  string
	count   int
	timeout time.Duration
	readyFD int
	quiet   bool

	given func(option string) bool // it is on the command line
}

func (p *program) watchCommand() *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use:     "watch [-r] [-e LIST] [OPTION]... PATH...",
		Short:   "Print what happens to files, in directories and in whole trees",
		Long:    watchHelp,
		Example: watchExamples,
		Args: func(cmd *cobra.Command, paths []string) error {
			o.given = cmd.Flags().Changed
			if len(paths) == 0 {
				return errors.New("PATH is missing: name at least one file or directory to watch")
			}
			return o.check()
		},
		RunE: func(cmd *cobra.Command, paths []string) error { return p.watch(cmd.Context(), paths, &o) },

		DisableFlagsInUseLine: true,
	}
	o.flags(cmd.Flags())
	completeEvents(cmd, "events")
	complete(cmd, "color", "auto", "always", "never")
	complete(cmd, "on-busy", "queue", "restart")
	return cmd
}

func (o *watchOptions) flags(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.BoolVarP(&o.recursive, "recursive", "r", false, "watch all that is below PATH, too")
	flags.VarP(&o.events, "events", "e", "events to tell, separated by commas; may be repeated")
	flags.StringArrayVar(&o.skip, "skip", nil, "with -r, leave out what matches `GLOB`; may be repeated")
	flags.BoolVar(&o.gitignore, "gitignore", false, "with -r, leave out what .gitignore files say, and .git")
	flags.BoolVar(&o.oneFilesystem, "one-filesystem", false, "with -r, do not enter other file systems")
	flags.BoolVar(&o.initial, "initial", false, "tell first what is there, as synthetic CREATE")

	flags.BoolVar(&o.json, "json", false, "print JSON, one object a line")
	flags.StringVar(&o.format, "format", "", "print each event as `TEXT` says, with inotifywait's specifiers")
	flags.StringVar(&o.timefmt, "timefmt", "", "how --format prints %T: a `TEXT` of strftime(3)")
	flags.BoolVarP(&o.null, "null", "0", false, "end lines with NUL instead of a newline")
	flags.StringVar(&o.color, "color", "auto", "color lines: `WHEN` is auto (on a terminal), always or never")

	flags.DurationVar(&o.batch, "batch", 0, "print in batches: one ends when nothing has come for `DURATION`")
	flags.StringVar(&o.exec, "exec", "", "print nothing, but run `COMMAND` in a shell for each batch")
	flags.StringVar(&o.onBusy, "on-busy", "queue", "what a batch does while COMMAND runs: `HOW` is queue or restart")
	flags.IntVar(&o.count, "count", 0, "end after `N` events")
	flags.DurationVar(&o.timeout, "timeout", 0, "end, with status 3, when nothing has happened for `DURATION`")
	flags.IntVar(&o.readyFD, "ready-fd", -1, "write a line to descriptor `N` when everything is being watched")
	flags.Lookup("ready-fd").DefValue = "0" // there is none
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "do not write when everything is being watched, nor how far it is")
}

// watch carries out the command.
func (p *program) watch(ctx context.Context, paths []string, o *watchOptions) error {
	var ready *os.File
	if o.given("ready-fd") {
		var err error
		if ready, err = openReady(o.readyFD); err != nil {
			return err
		}
		defer ready.Close()
	}
	s, err := p.open(paths, o)
	if err != nil {
		return &failure{err: err}
	}
	defer s.close()
	out, err := p.sink(o)
	if err != nil {
		return err
	}
	r, runs := out.(*runner)
	if runs {
		stop := r.endWith(ctx)
		defer stop()
	}
	t := &teller{sink: out, quiet: o.quietTime(), count: o.count, idle: o.timeout}
	err = p.watchAndTell(ctx, s, t, func() error { return p.ready(s, ready) })
	if runs {
		if err := r.finish(); err != nil {
			return &failure{err: err}
		}
	}
	switch {
	case err == nil, err == errCounted, err == errNoneLeft && o.events.mask.Has(inotify.OneShot):
		return nil
	case err == errIdle:
		return &failure{status: statusIdle}
	}
	return &failure{err: err}
}

// watchAndTell begins to watch, and tells until the end.
func (p *program) watchAndTell(ctx context.Context, s *sources, t *teller, ready func() error) error {
	within, stop := context.WithCancel(ctx)
	defer stop()
	told := make(chan error, 1)
	tell := func() {
		within, stop := whileRead(within, p.stdout.w)
		defer stop()
		told <- t.tell(within, s.all())
	}
	early := s.whole != nil && s.o.initial // what is there in a large tree is a lot to keep
	if early {
		go tell()
	}
	err := s.add(ctx)
	if err == nil && ctx.Err() == nil {
		err = ready()
	}
	t.begin()
	switch {
	case err != nil && early:
		stop()
		<-told
	case err == nil && early:
		err = <-told
	case err == nil: // a signal that came meanwhile, too, has what happened before it told
		tell()
		err = <-told
	}
	return err
}

// ready says that everything is being watched.
func (p *program) ready(s *sources, file *os.File) error {
	if !s.o.quiet {
		p.say("watching %s", s.what())
	}
	if file == nil {
		return nil
	}
	_, err := file.WriteString("ready\n")
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return fmt.Errorf("--ready-fd %d: %w", s.o.readyFD, err)
	}
	return nil
}

// sink makes what events go to.
func (p *program) sink(o *watchOptions) (sink, error) {
	if o.exec != "" {
		return newRunner(p, o.exec, o.onBusy == "restart"), nil
	}
	var f form
	switch {
	case o.json:
		f = newObject()
	case o.given("format"):
		parsed, err := format.Parse(o.format)
		if err != nil {
			return nil, err
		}
		f = formatted{parsed, o.timefmt}
	default:
		f = human{color: o.colored(p.stdout.w)}
	}
	out := newPrinter(p.stdout, f, p.warn)
	out.block = o.quietTime() > 0
	if o.null {
		out.end = 0
	}
	return out, nil
}

// warn tells of an error in a sequence that goes on.
func (p *program) warn(err error) {
	var dir *tree.DirError
	if errors.As(err, &dir) {
		p.say("cannot watch %q: %v", dir.Path, dir.Err)
		return
	}
	p.say("%v", err)
}

func count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case what[len(what)-1] == 'y':
		return fmt.Sprintf("%d %sies", n, what[:len(what)-1])
	}
	return fmt.Sprintf("%d %ss", n, what)
}
