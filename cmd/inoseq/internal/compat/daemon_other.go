//go:build !unix

package compat

// This file stands in for daemon_unix.go where there are no sessions.

import "fmt"

func (r *waitRun) daemonize() int {
	fmt.Fprintln(r.env.Stderr, "Failed to daemonize!")
	return statusFailed
}

// Daemon reports that the process is no daemon.
func Daemon() (status int, isDaemon bool) { return 0, false }
