package main

// This file holds the command watch: its help, its options, and the order in which it goes about it.

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

const watchHelp = `Print a line for each thing that happens to PATH and, if it is a directory, to its
entries, until a signal comes. What is watched is the file or directory itself, not its
name: a file that is replaced by a rename, as editors do, is gone. To see the new one,
watch its directory.

A line is what happened and the quoted path: CREATE|ISDIR "dir/name". With --json it
is an object, {"time":"...","op":["CREATE","ISDIR"],"path":"dir/name"}; "cookie" joins
the two lines of a rename, "path_b64" has the bytes of a path that is not UTF-8.

With --recursive all that lies below PATH is watched, too, also what is made later, and
the lines, applied in order, always lead to what is on the disk. A rename within the
trees is one line, and takes along all that is below:
  MOVED_TO "dir/new" from "dir/old"             "from":"dir/old" in JSON
  MOVED_TO "dir/a" from "dir/b" (exchange)      the two changed places; "exchange":true
  CREATE "dir/new/name" (synthetic)             found by looking; "synthetic":true
MOVED_TO without "from" came from outside, MOVED_FROM went there. A PATH that is a file
is watched as it is without --recursive. A PATH inside another one is refused. A
directory below PATH that cannot be watched is told as an error, and the rest goes on.

--skip leaves out what matches GLOB, and costs no watch for what is below. GLOB is
relative to PATH and must match all of the rest: '*' and '?' stop at a slash, '**'
does not, [a-z], {one,other}; a slash at its end means directories only:
  --skip .git   --skip '**/node_modules/'   --skip '**/*.{o,tmp}'

When changes come faster than they can be told, the kernel's queue overflows and events
are lost. That is told on standard error, with --json as {"time":"...","error":"..."} on
standard output, and watching goes on; with --recursive the trees are looked at again,
and what has changed meanwhile is told, as synthetic.

When everything is being watched, "inoseq: watching N paths" is written to standard
error. A path that cannot be watched is told there, and the others are watched. While a
large tree is taken in, a terminal shows how far it is.

Events (see inotify(7)):
  create, delete, delete_self, modify, close_write, attrib, moved_from, moved_to,
  move_self, access, open, close_nowrite
  close: close_write and close_nowrite; move: moved_from and moved_to; all_events
Without --events: all but access, open and close_nowrite, which come of reading.
The same list can say how to watch, but not with --recursive:
  onlydir, dont_follow, excl_unlink, mask_add, mask_create, oneshot

Exit status:
  0  a signal came (SIGINT or SIGTERM: what happened before it has been told), nobody
     reads the output any more, or, with oneshot, every path has had its event
  1  nothing can be watched, everything watched is gone, or something failed
  2  the command line is wrong`

const watchExamples = `  inoseq watch /etc
  inoseq watch -e close_write,moved_to incoming
  inoseq watch -r --skip .git --skip '**/node_modules' .
  inoseq watch -r --json -e move . | jq -r '.path // .error'`

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
	flags.StringVar(&o.onBusy, "on-busy", "queue", "what a batch does while COMMAND runs: `queue` or restart")
	flags.IntVar(&o.count, "count", 0, "end after `N` events")
	flags.DurationVar(&o.timeout, "timeout", 0, "end, with status 3, when nothing has happened for `DURATION`")
	flags.IntVar(&o.readyFD, "ready-fd", -1, "write a line to descriptor `N` when everything is being watched")
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
	t := &teller{sink: out, quiet: o.quietTime(), count: o.count, idle: o.timeout}
	err = p.watchAndTell(ctx, s, t, func() error { return p.ready(s, ready) })
	if r, ok := out.(*runner); ok {
		if err := r.finish(ctx); err != nil {
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
