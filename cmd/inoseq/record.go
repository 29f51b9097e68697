package main

// This file holds the command record: its options. How it records is in record_linux.go.

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/inoseq/inoseq/inotify"
)

const recordHelp = `Write what the kernel tells of PATH, and of the entries of a directory, to a file that
"inoseq decode" prints anywhere: JSON Lines, the watches with their paths and each
read(2) as it came. It ends with a signal, and what was recorded until then can be
decoded, however it ended.

With -r directories are watched with all below them, and new ones as they come. Then
the kernel is asked for what tells of directories, too; decode leaves out what --events
does not name. A capture has what the kernel told, not more: what was made in a new
directory before it was watched is not in it.

The lines: the head, with the byte order of the machine; a watch, at the place where it
was made; a read, in base64.
  {"capture":1,"order":"little","kernel":"6.12.0","events":"CREATE|DELETE"}
  {"wd":2,"in":1,"path":"dir/sub","mask":"CREATE|DELETE"}
  {"time":"2026-11-23T19:05:49.646252492Z","raw":"AgAAAAAB..."}

FILE is - for standard output. A file that is there is overwritten. It must not lie in
a directory that is watched, unless --events has no modify.

When everything is being watched, "inoseq: recording N paths" is written to standard
error. A path that cannot be watched is told there, and the others are watched.
The events of --events are those of "inoseq watch", and so is what stands for them
without it: all but access, open and close_nowrite.

Exit status:
  0  a signal came (SIGINT or SIGTERM: what happened before it has been recorded), nobody
     reads the output any more, or, with oneshot, every path has had its event
  1  nothing can be watched, everything watched is gone, or something failed
  2  the command line is wrong`

const recordExamples = `  inoseq record -o capture.jsonl /etc
  inoseq record -r -e create,delete,move -o capture.jsonl /srv
  inoseq record -o - . | ssh other inoseq decode -`

type recordOptions struct {
	events    events
	output    string
	recursive bool
	quiet     bool
}

func (p *program) recordCommand() *cobra.Command {
	var o recordOptions
	cmd := &cobra.Command{
		Use:     "record [-r] [-e LIST] -o FILE PATH...",
		Short:   "Write what the kernel tells to a file, to be decoded later",
		Long:    recordHelp,
		Example: recordExamples,
		Args: func(_ *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return errors.New("PATH is missing: name at least one file or directory to watch")
			}
			return o.check()
		},
		RunE: func(cmd *cobra.Command, paths []string) error { return p.record(cmd.Context(), paths, o) },

		DisableFlagsInUseLine: true,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&o.output, "output", "o", "", "write to `FILE`, or to standard output if it is -")
	flags.BoolVarP(&o.recursive, "recursive", "r", false, "watch directories with all below them")
	flags.VarP(&o.events, "events", "e", "events to record, separated by commas; may be repeated")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "do not write when everything is being watched")
	completeEvents(cmd, "events")
	return cmd
}

// recursiveWays are the words on how to watch that have a meaning with --recursive.
const recursiveWays = inotify.OnlyDir | inotify.ExclUnlink

func (o *recordOptions) check() error {
	if o.output == "" {
		return errors.New("--output is missing: name the file to write, as -o FILE, or -o - for standard output")
	}
	if err := o.events.check(); err != nil {
		return err
	}
	if how := o.events.mask & howToWatch &^ recursiveWays; o.recursive && how != 0 {
		return fmt.Errorf("--events has %v, which has no meaning with --recursive: leave one of them out", how)
	}
	return nil
}
