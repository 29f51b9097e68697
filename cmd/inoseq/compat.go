package main

// This file holds the commands wait and stat, which are inotifywait and inotifywatch: package compat has
// them. A link to this program of one of those names runs it, too.

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/compat"
)

// exitStatus is an error of which everything has been said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func (p *program) waitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "wait [OPTION]... PATH...",
		Short: "Wait for events: inotifywait of inotify-tools, option for option",
		Long: "Does what inotifywait " + compat.Version + " does: the same options, output, messages and exit statuses.\n" +
			"'inoseq wait -h' lists the options. A link to inoseq with the name inotifywait does the same.",
		Example: "  inoseq wait -q -e close_write,moved_to incoming\n" +
			"  inoseq wait -m -r --format '%T %w%f %e' --timefmt %T src",
		DisableFlagParsing:    true,
		DisableFlagsInUseLine: true,
		RunE: func(_ *cobra.Command, args []string) error {
			return asError(compat.Wait(p.compatEnv("inotifywait"), args))
		},
	}
}

func (p *program) statCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stat [OPTION]... PATH...",
		Short: "Count events: inotifywatch of inotify-tools, option for option",
		Long: "Does what inotifywatch " + compat.Version + " does: the same options, output, messages and exit statuses.\n" +
			"'inoseq stat -h' lists the options. A link to inoseq with the name inotifywatch does the same.\n\n" +
			"Beyond that, --live shows the table on a terminal as it grows, with a bar for each row and its events\n" +
			"a second, until q or ^C, and leaves the last one. Where the output is no terminal, it changes nothing.",
		Example:               "  inoseq stat -r -t 60 src\n  inoseq stat -r --live .",
		DisableFlagParsing:    true,
		DisableFlagsInUseLine: true,
		RunE: func(_ *cobra.Command, args []string) error {
			return asError(compat.Stat(p.compatEnv("inotifywatch"), args))
		},
	}
}

func (p *program) compatEnv(name string) compat.Env {
	return compat.Env{Name: name, Stdin: p.stdin, Stdout: p.stdout, Stderr: p.stderr, Command: true}
}

func asError(status int) error {
	if status == 0 {
		return nil
	}
	return exitStatus(status)
}
