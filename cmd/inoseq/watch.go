package main

// This file holds the command watch: what is watched, and the loop that tells of it.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/inoseq/inoseq/inotify"
)

// defaultEvents is what changes something. What only reads would drown it: the one who watches
// often reads, too.
const defaultEvents = inotify.AllEvents &^ (inotify.Access | inotify.Open | inotify.CloseNoWrite)

const watchHelp = `Print a line for each thing that happens to PATH and, if it is a directory, to its
entries, until a signal comes. What lies deeper is not watched. What is watched is the
file or directory itself, not its name: a file that is replaced by a rename, as editors
do, is gone. To see the new one, watch its directory.

A line is what happened and the quoted path: CREATE|ISDIR "dir/name". With --json it
is an object, {"time":"...","op":["CREATE","ISDIR"],"path":"dir/name"}; "cookie" joins
the two lines of a rename, "path_b64" has the bytes of a path that is not UTF-8.

When changes come faster than they can be told, the kernel's queue overflows and events
are lost. That is told on standard error, with --json as {"time":"...","error":"..."} on
standard output, and watching goes on.

When everything is being watched, "inoseq: watching N paths" is written to standard
error. A path that cannot be watched is told there, and the others are watched.

Events (see inotify(7)):
  create, delete, delete_self, modify, close_write, attrib, moved_from, moved_to,
  move_self, access, open, close_nowrite
  close: close_write and close_nowrite; move: moved_from and moved_to; all_events
Without --events: all but access, open and close_nowrite, which come of reading.
The same list can say how to watch:
  onlydir, dont_follow, excl_unlink, mask_add, mask_create, oneshot

Exit status:
  0  a signal came (SIGINT or SIGTERM: what happened before it has been told), nobody
     reads the output any more, or, with oneshot, every path has had its event
  1  nothing can be watched, everything watched is gone, or something failed
  2  the command line is wrong`

const watchExamples = `  inoseq watch /etc
  inoseq watch -e close_write,moved_to incoming
  inoseq watch --json -e move . | jq -r '.path // .error'`

type watchOptions struct {
	events events
	json   bool
	quiet  bool
}

func (p *program) watchCommand() *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use:     "watch [-e LIST] [--json] PATH...",
		Short:   "Print what happens to files, and in directories",
		Long:    watchHelp,
		Example: watchExamples,
		Args: func(_ *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return errors.New("PATH is missing: name at least one file or directory to watch")
			}
			return o.events.check()
		},
		RunE: func(cmd *cobra.Command, paths []string) error { return p.watch(cmd.Context(), paths, o) },

		DisableFlagsInUseLine: true,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.VarP(&o.events, "events", "e", "events to tell, separated by commas; may be repeated")
	flags.BoolVar(&o.json, "json", false, "print JSON, one object a line")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "do not write when everything is being watched")
	return cmd
}

// events is the value of the option --events.
type events struct{ mask inotify.Mask }

// Mask bits of --events beside inotify.AllEvents.
const (
	howToWatch = inotify.OnlyDir | inotify.DontFollow | inotify.ExclUnlink |
		inotify.MaskCreate | inotify.MaskAdd | inotify.OneShot
	alwaysTold = inotify.Unmount | inotify.QueueOverflow | inotify.Ignored // harmless to ask for
)

// Set implements pflag.Value.
func (e *events) Set(list string) error {
	mask, err := inotify.ParseMask(list)
	if err != nil {
		return err
	}
	if mask.Has(inotify.IsDir) {
		return errors.New("ISDIR cannot be asked for, it is told of each event of a directory: leave it out")
	}
	if rest := mask &^ (inotify.AllEvents | howToWatch | alwaysTold); rest != 0 {
		return fmt.Errorf("inotify(7) does not know the bits %v: leave them out", rest)
	}
	if mask &^= alwaysTold; mask == 0 {
		return errors.New("names no event that can be asked for: unmount, q_overflow and ignored are always told")
	}
	e.mask |= mask
	return nil
}

// String implements pflag.Value; there is no default to show.
func (e *events) String() string { return "" }

// Type implements pflag.Value.
func (e *events) Type() string { return "LIST" }

// check looks at all lists together.
func (e *events) check() error {
	if e.mask != 0 && !e.mask.HasAny(inotify.AllEvents) {
		return fmt.Errorf("--events has only %v, which says how to watch, and no event: add one, such as create", e.mask)
	}
	if e.mask.Has(inotify.MaskAdd | inotify.MaskCreate) {
		return errors.New("--events has both mask_add and mask_create: a watch cannot be joined and be new, leave one out")
	}
	return nil
}

func (e *events) orDefault() inotify.Mask {
	if e.mask == 0 {
		return defaultEvents
	}
	return e.mask
}

func (p *program) watch(ctx context.Context, paths []string, o watchOptions) error {
	w, err := inotify.New()
	if errors.Is(err, errors.ErrUnsupported) {
		return &failure{fmt.Errorf("cannot watch on %s: %w", runtime.GOOS, err)}
	} else if err != nil {
		return &failure{err}
	}
	defer w.Close()

	mask := o.events.orDefault()
	watching := 0
	for _, path := range paths {
		if ctx.Err() != nil {
			return nil
		}
		if _, err := w.Add(path, mask); err != nil {
			p.say("cannot watch %q: %v", path, reason(err))
			continue
		}
		watching++
	}
	if watching == 0 {
		return &failure{errors.New("nothing to watch")}
	}
	if !o.quiet {
		p.say("watching %s", count(watching, "path"))
	}

	ctx, stop := whileRead(ctx, p.stdout.w)
	defer stop()
	t := teller{
		w:       w,
		printer: newPrinter(p.stdout, o.json, func(err error) { p.say("%v", err) }),
	}
	err = t.tell(ctx)
	if ctx.Err() != nil {
		err = t.rest()
	}
	if errors.Is(err, errNoneLeft) && mask.Has(inotify.OneShot) {
		return nil
	} else if err != nil {
		return &failure{err}
	}
	return nil
}

// reason is err without the path, which has been quoted already.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// teller prints the events of a Watcher.
type teller struct {
	w       *inotify.Watcher
	printer *printer
	fewer   bool // watches may have gone since somebody looked
}

var errNoneLeft = errors.New("nothing left to watch: everything that was watched is gone")

// tell prints events until ctx is done, or no watch is left.
func (t *teller) tell(ctx context.Context) error {
	for {
		for ev, err := range t.w.EventsUntilIdle(ctx, 0) {
			if err := t.one(ev, err); err != nil {
				return err
			}
		}
		// No event is waiting.
		if err := t.printer.flush(); err != nil {
			return err
		}
		if t.fewer && t.noneLeft() {
			return errNoneLeft
		}
		t.fewer = false
		for ev, err := range t.w.EventsContext(ctx) {
			if err := t.one(ev, err); err != nil {
				return err
			}
			break // loses nothing: the next loop goes on with the next event
		}
	}
}

// one prints one step of a sequence.
func (t *teller) one(ev inotify.Event, err error) error {
	switch {
	case errors.Is(err, inotify.ErrOverflow):
		t.fewer = true // an Ignored may be among what was lost
		return t.printer.trouble(err)
	case err != nil:
		return err
	}
	if ev.Has(inotify.Ignored) {
		t.fewer = true
	}
	return t.printer.event(ev)
}

// noneLeft is exact when no event is waiting.
func (t *teller) noneLeft() bool {
	for range t.w.Watches() {
		return false
	}
	return true
}

// rest prints what happened before now, and ends. The watches are removed first, so that the rest
// is finite however much goes on; what their removal tells is not of interest.
func (t *teller) rest() error {
	for watch := range t.w.Watches() {
		if err := watch.Remove(); err != nil {
			return err
		}
	}
	for ev, err := range t.w.EventsUntilIdle(context.Background(), 0) {
		if err == nil && ev.Has(inotify.Ignored) {
			continue
		}
		if err := t.one(ev, err); err != nil {
			return err
		}
	}
	return t.printer.flush()
}
