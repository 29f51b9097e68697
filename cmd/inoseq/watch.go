package main

// This file holds the command watch: its help, its options, and the order in which it goes about it.

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

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
	oneFilesystem bool
	json          bool
	quiet         bool
}

func (p *program) watchCommand() *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use:     "watch [-r] [-e LIST] [--json] PATH...",
		Short:   "Print what happens to files, and in directories",
		Long:    watchHelp,
		Example: watchExamples,
		Args: func(_ *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return errors.New("PATH is missing: name at least one file or directory to watch")
			}
			return o.check()
		},
		RunE: func(cmd *cobra.Command, paths []string) error { return p.watch(cmd.Context(), paths, o) },

		DisableFlagsInUseLine: true,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVarP(&o.recursive, "recursive", "r", false, "watch all that is below PATH, too")
	flags.VarP(&o.events, "events", "e", "events to tell, separated by commas; may be repeated")
	flags.StringArrayVar(&o.skip, "skip", nil, "with -r, leave out what matches `GLOB`; may be repeated")
	flags.BoolVar(&o.oneFilesystem, "one-filesystem", false, "with -r, do not enter other file systems")
	flags.BoolVar(&o.json, "json", false, "print JSON, one object a line")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "do not write when everything is being watched, nor how far it is")
	return cmd
}

// check looks at all options together.
func (o *watchOptions) check() error {
	if err := o.events.check(); err != nil {
		return err
	}
	if how := o.events.mask & howToWatch; o.recursive && how != 0 {
		return fmt.Errorf("--events has %v, which --recursive cannot do: leave out one of the two", how)
	}
	if !o.recursive {
		switch {
		case len(o.skip) > 0:
			return errors.New("--skip leaves out parts of a tree: add --recursive")
		case o.oneFilesystem:
			return errors.New("--one-filesystem is about a tree: add --recursive")
		}
	}
	_, err := parseGlobs(o.skip)
	return err
}

// watch carries out the command.
func (p *program) watch(ctx context.Context, paths []string, o watchOptions) error {
	s, err := p.begin(ctx, paths, o)
	if err != nil || ctx.Err() != nil {
		return err
	}
	defer s.close()
	if !o.quiet {
		p.say("watching %s", s.what())
	}
	ctx, stop := whileRead(ctx, p.stdout.w)
	defer stop()
	t := &teller{printer: newPrinter(p.stdout, o.json, p.warn)}
	err = t.tell(ctx, s.all())
	if errors.Is(err, errNoneLeft) && o.events.mask.Has(inotify.OneShot) {
		return nil
	} else if err != nil {
		return &failure{err}
	}
	return nil
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
