//go:build unix

package compat

// This file is told when the table is to be printed now.

import (
	"os"
	"os/signal"
	"syscall"
)

func notifyTable() chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	return c
}

var endSignals = []os.Signal{os.Interrupt, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGALRM}
