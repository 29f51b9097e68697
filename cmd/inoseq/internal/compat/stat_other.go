//go:build !unix

package compat

// This file stands in for stat_unix.go where there is no SIGUSR1.

import (
	"context"
	"os"
	"os/signal"
)

func notifyTable() chan os.Signal { return make(chan os.Signal) }

func notifyEnd(bool) (ctx context.Context, stop context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt)
}
