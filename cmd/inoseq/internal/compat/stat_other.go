//go:build !unix

package compat

// This file stands in for stat_unix.go where there is no SIGUSR1.

import "os"

func notifyTable() chan os.Signal { return make(chan os.Signal) }

var endSignals = []os.Signal{os.Interrupt}
