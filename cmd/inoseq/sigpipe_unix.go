//go:build unix

package main

// This file keeps the process alive when it writes to a pipe that nobody reads.

import (
	"os"
	"os/signal"
	"syscall"
)

// keepSIGPIPE makes a write to a broken pipe fail with EPIPE on standard output and standard error,
// too, where it would end the process otherwise (package os/signal, "SIGPIPE"). The signal is not
// ignored, because that would be passed on to child processes.
func keepSIGPIPE() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
