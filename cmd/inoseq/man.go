package main

// This file holds the hidden command man, which writes the manual pages: for those who package the
// tool. They are made of the help texts, by the library of the command line.

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages",
		Long:    "Write a manual page for inoseq and for each of its commands to the directory DIR,\nwhich is made if it is not there.",
		Example: "  inoseq man /usr/local/share/man/man1",
		Hidden:  true,
		Args: func(_ *cobra.Command, dirs []string) error {
			if len(dirs) != 1 {
				return errors.New("DIR is missing, or there is more than one: name the directory that the pages go to")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if err := writeManual(cmd.Root(), dirs[0]); err != nil {
				return &failure{err: fmt.Errorf("writing the manual: %w", err)}
			}
			return nil
		},

		DisableFlagsInUseLine: true,
	}
}

// writeManual writes the pages. Their date is that of the source, so that the same source makes the
// same pages; SOURCE_DATE_EPOCH, which those who package set, comes first (in cobra).
func writeManual(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	preformat(root)
	header := &doc.GenManHeader{Section: "1", Source: "inoseq", Manual: "inoseq"}
	if os.Getenv("SOURCE_DATE_EPOCH") == "" {
		date := sourceDate()
		header.Date = &date
	}
	return doc.GenManTree(root, header, dir)
}

// sourceDate is when the commit was made that this was built from, or the zero of Unix.
func sourceDate() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return at
			}
		}
	}
	return time.Unix(0, 0).UTC()
}

// preformat has indented lines stay as they are: cobra takes the texts for Markdown, where those are
// indented by four and have an empty line before them.
func preformat(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	var b strings.Builder
	indented := false
	for _, line := range strings.Split(cmd.Long, "\n") {
		now := strings.HasPrefix(line, "  ")
		if now != indented && line != "" {
			b.WriteByte('\n')
			indented = now
		}
		if now {
			line = "  " + line
		}
		b.WriteString(line + "\n")
	}
	cmd.Long = b.String()
	for _, sub := range cmd.Commands() {
		preformat(sub)
	}
}
