// Command inoseq tells what happens to files and directories, with inotify(7).
//
//	inoseq watch --events create,moved_to --json DIR
//
// "inoseq help" lists its commands. The exit status is 0 for success, 1 for a failure, which is
// told on standard error, and 2 for a wrong command line.
package main

// This file holds the process: its signals, its end and its exit status. The commands are in
// command.go.

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/compat"
)

func main() {
	// Before all else: there, signals and closed pipes have their default effect.
	if status, ok := compat.Main(os.Args); ok {
		os.Exit(status)
	}
	keepSIGPIPE()
	// To the end: timeout(1), for one, sends its signal twice, to the program and to its group. A
	// command that hangs is ended by the grace.
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// grace is how long a command may take to end after a signal. Tests have more.
var grace = 2 * time.Second

// run carries out one command line and returns the exit status. When ctx is done, as by a signal,
// the command ends by itself.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stdout: &output{w: stdout}, stderr: stderr, progressAfter: progressAfter}
	return p.run(ctx, args, grace)
}

// program is what the commands have in common.
type program struct {
	stdin  io.Reader
	stdout *output
	stderr io.Writer

	progressAfter time.Duration
}

// run ends at the latest so long as grace after ctx: a command can hang in a system call, in a write
// to a pipe that nobody reads or a lookup on a hung mount.
func (p *program) run(ctx context.Context, args []string, grace time.Duration) int {
	done := make(chan int, 1)
	go func() { done <- p.execute(ctx, args) }()
	select {
	case status := <-done:
		return status
	case <-ctx.Done():
	}
	hung := time.NewTimer(grace)
	defer hung.Stop()
	select {
	case status := <-done:
		return status
	case <-hung.C:
		p.say("gave up after %v: what was to be printed or watched hangs", grace)
		return 1
	}
}

// say writes one line to standard error.
func (p *program) say(format string, args ...any) {
	// In one write, so that lines of several processes do not mix. There is nobody to tell if it fails.
	_, _ = io.WriteString(p.stderr, fmt.Sprintf("inoseq: "+format+"\n", args...))
}
