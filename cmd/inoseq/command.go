package main

// This file holds the command line: the root command, help and version, and what an error means for
// the exit status.

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/inoseq/inoseq/inotify"
)

// Exit statuses other than 0.
const (
	statusFailed = 1
	statusUsage  = 2
	statusIdle   = 3 // of watch --timeout
)

// failure is an error of a command that was called as it should be. All other errors are about the
// command line.
type failure struct {
	err    error // nil if everything has been said
	status int   // 0: statusFailed
}

func (f *failure) Error() string { return fmt.Sprint(f.err) }
func (f *failure) Unwrap() error { return f.err }

// execute carries out the command line and returns the exit status.
func (p *program) execute(ctx context.Context, args []string) int {
	root := p.rootCommand()
	root.SetArgs(append([]string{}, args...)) // not nil, for which cobra takes os.Args
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	cmd, err := root.ExecuteContextC(ctx)

	var failed *failure
	var status exitStatus
	switch {
	case errors.As(err, &status):
		return int(status)
	case errors.Is(p.stdout.err, syscall.EPIPE):
		return 0 // nobody reads: there is nothing left to do, and nothing went wrong
	case p.stdout.err != nil:
		p.say("writing to standard output: %v", p.stdout.err)
		return statusFailed
	case err == nil:
		return 0
	case errors.As(err, &failed):
		if failed.err != nil {
			p.say("%v", failed.err)
		}
		if failed.status != 0 {
			return failed.status
		}
		return statusFailed
	}
	p.say("%v\nRun '%s --help' for usage.", err, cmd.CommandPath())
	return statusUsage
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "inoseq",
		Short: "Tell what happens to files and directories",
		Long: "inoseq tells what happens to files and directories, with inotify(7) of Linux.\n\n" +
			"The exit status is 0 for success, 1 for a failure and 2 for a wrong command line.",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("a command is missing")
		},

		DisableFlagsInUseLine: true,
	}
	root.Flags().Bool("version", false, "print the version of inoseq")
	root.AddCommand(p.watchCommand())
	root.AddCommand(p.recordCommand(), p.decodeCommand(), p.usageCommand(), p.versionCommand(), p.manCommand())
	root.AddCommand(p.waitCommand())
	root.AddCommand(p.statCommand())
	root.SetHelpCommand(helpCommand())
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.RunE = func(*cobra.Command, []string) error { // otherwise help, and status 0
			return errors.New("a shell is missing: bash, zsh, fish or powershell")
		}
	}
	return root
}

// complete has a shell complete the values of an option.
func complete(cmd *cobra.Command, option string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(option, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // there is no such option
	}
}

// completeEvents has a shell complete the last word of a list of events.
func completeEvents(cmd *cobra.Command, option string) {
	err := cmd.RegisterFlagCompletionFunc(option, func(_ *cobra.Command, _ []string, list string) ([]string, cobra.ShellCompDirective) {
		before := list[:strings.LastIndexByte(list, ',')+1]
		var words []string
		for bit := range (inotify.AllEvents | howToWatch).Flags() {
			words = append(words, before+strings.ToLower(bit.String()))
		}
		for _, set := range []string{"all_events", "close", "move"} {
			words = append(words, before+set)
		}
		return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	if err != nil {
		panic(err) // there is no such option
	}
}

// helpCommand is cobra's, but an unknown command is an error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about inoseq or one of its commands",
		RunE: func(help *cobra.Command, args []string) error {
			cmd, rest, err := help.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return fmt.Errorf("unknown command %q", rest)
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// versionCommand prints what --version prints.
func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of inoseq",
		Long:    "Print the version of inoseq, as the build recorded it, with that of Go and the system it is for.",
		Example: "  inoseq version",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown argument %q: version takes none", args[0])
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(p.stdout, "inoseq version %s\n", version())
			return err
		},

		DisableFlagsInUseLine: true,
	}
}

// version is what the build recorded: the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	if text == "" || text == "(devel)" {
		text = "devel"
		settings := make(map[string]string)
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
		if commit := settings["vcs.revision"]; commit != "" {
			text += " " + commit[:min(12, len(commit))]
			if settings["vcs.modified"] == "true" {
				text += " with changes"
			}
		}
	}
	return fmt.Sprintf("%s (%s, %s/%s)", text, info.GoVersion, runtime.GOOS, runtime.GOARCH)
}
