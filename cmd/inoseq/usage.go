package main

// This file holds the command usage: its options, and what it prints. Where the figures come from is
// in usage_linux.go, the paths of watches in usage_paths_linux.go.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/terminal"
	"github.com/inoseq/inoseq/inotify"
)

const usageHelp = `Tell which processes have inotify instances, with how many watches, most first; then, for
each user, how much of the limits is used and how much is left. On a terminal this is a
table; otherwise the columns are separated by a tab.

The limits count per user, in all processes together. An instance that several processes
share, as after fork(2), is listed with each and counted once. What is made in a user
namespace below ours, as in a container, counts for the user who owns that namespace.
Processes that cannot be read are counted on standard error, and what they use is not
known: run it as root to see all. Processes that /proc does not show, such as those of
other PID namespaces, are not seen.

With --pid the watches of that process are listed: descriptor of the instance, watch
descriptor, device and inode, what is told, and the path. A path is found as root only, by
the file handle that the kernel lists, and where the file system has such handles; it is -
where it is not known.

With --json: one object, {"processes":[...],"limits":[...],"unreadable":n}, or with --pid
{"pid":n,"uid":n,"command":"...","instances":[{"fd":n,"watches":[...]}]}.

Exit status: 0; 1 for a failure; 2 if the command line is wrong.`

const usageExamples = `  inoseq usage
  sudo inoseq usage --pid 812
  inoseq usage --json | jq '.limits[] | select(.left < 10)'`

type usageOptions struct {
	pid  int
	json bool
}

func (p *program) usageCommand() *cobra.Command {
	var o usageOptions
	cmd := &cobra.Command{
		Use:     "usage [--pid N] [--json]",
		Short:   "Tell which processes use how much of the limits of inotify",
		Long:    usageHelp,
		Example: usageExamples,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown argument %q: for the watches of one process give --pid N", args[0])
			}
			if cmd.Flags().Changed("pid") && o.pid < 1 {
				return fmt.Errorf("--pid %d is no process: they begin at 1", o.pid)
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.usage(cmd.Context(), o) },

		DisableFlagsInUseLine: true,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&o.pid, "pid", 0, "list the watches of the process `N`")
	flags.BoolVar(&o.json, "json", false, "print JSON, one object")
	return cmd
}

// usage is what all processes use.
type usage struct {
	Processes  []usedBy `json:"processes"`
	Limits     []limit  `json:"limits"`
	Unreadable int      `json:"unreadable"`
}

// usedBy is what one process uses.
type usedBy struct {
	PID       int    `json:"pid"`
	UID       int    `json:"uid"`
	Command   string `json:"command"`
	Instances int    `json:"instances"`
	Watches   int    `json:"watches"`
}

// limit is a limit that binds one user.
type limit struct {
	UID   int    `json:"uid"`
	What  string `json:"what"` // watches or instances
	Used  int    `json:"used"`
	Value int    `json:"limit"`
	Left  int    `json:"left"`
	Name  string `json:"name"` // of the sysctl
}

// write prints u.
func (u *usage) write(w io.Writer, aligned bool) error {
	processes := [][]any{{"PID", "UID", "INSTANCES", "WATCHES", "COMMAND"}}
	for _, p := range u.Processes {
		processes = append(processes, []any{p.PID, p.UID, p.Instances, p.Watches, fmt.Sprintf("%q", p.Command)})
	}
	limits := [][]any{{"UID", "WHAT", "USED", "LIMIT", "LEFT", "SET BY"}}
	for _, l := range u.Limits {
		limits = append(limits, []any{l.UID, l.What, l.Used, l.Value, l.Left, l.Name})
	}
	if err := writeTable(w, processes, aligned); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return writeTable(w, limits, aligned)
}

// writeTable prints rows, their columns aligned or separated by a tab.
func writeTable(w io.Writer, rows [][]any, aligned bool) error {
	flush := func() error { return nil }
	if aligned {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		w, flush = t, t.Flush
	}
	for _, row := range rows {
		words := make([]string, len(row))
		for i, word := range row {
			words[i] = fmt.Sprint(word)
		}
		if _, err := fmt.Fprintln(w, strings.Join(words, "\t")); err != nil {
			return err
		}
	}
	return flush()
}

// watching is what one process watches.
type watching struct {
	PID       int            `json:"pid"`
	UID       int            `json:"uid"`
	Command   string         `json:"command"`
	Instances []usedInstance `json:"instances"`
}

type usedInstance struct {
	FD      int         `json:"fd"`
	Watches []usedWatch `json:"watches"`
}

type usedWatch struct {
	WD      int32  `json:"wd"`
	Device  string `json:"device"` // major:minor
	Inode   uint64 `json:"inode"`
	Mask    mask   `json:"mask"`
	Path    string `json:"path,omitempty"` // if it is known
	PathB64 []byte `json:"path_b64,omitempty"`
}

// mask is a list of words in JSON, as in the lines of events.
type mask inotify.Mask

func (m mask) MarshalJSON() ([]byte, error) {
	words := []string{}
	for bit := range inotify.Mask(m).Flags() {
		words = append(words, bit.String())
	}
	return json.Marshal(words)
}

// write prints what is watched.
func (s *watching) write(w io.Writer, aligned bool) error {
	rows := [][]any{{"FD", "WD", "DEVICE", "INODE", "EVENTS", "PATH"}}
	for _, in := range s.Instances {
		for _, wt := range in.Watches {
			path := "-"
			if wt.Path != "" {
				path = fmt.Sprintf("%q", wt.Path)
			}
			rows = append(rows, []any{in.FD, wt.WD, wt.Device, wt.Inode, inotify.Mask(wt.Mask), path})
		}
	}
	return writeTable(w, rows, aligned)
}

// table is what usage prints, in either form.
type table interface {
	write(w io.Writer, aligned bool) error
}

// print writes t to standard output.
func (p *program) print(t table, asJSON bool) error {
	if !asJSON {
		return t.write(p.stdout, terminal.Is(p.stdout.w))
	}
	if s, ok := t.(*watching); ok {
		s.encodePaths()
	}
	enc := json.NewEncoder(p.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(t)
}

// encodePaths has paths that are not UTF-8 in base64, too.
func (s *watching) encodePaths() {
	for _, in := range s.Instances {
		for i, wt := range in.Watches {
			if !utf8.ValidString(wt.Path) {
				in.Watches[i].PathB64 = []byte(wt.Path)
			}
		}
	}
}

var errNoProcess = errors.New("there is no such process")
