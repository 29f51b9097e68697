//go:build unix

package compat

// This file is told when the table is to be printed now, and when it is the end.

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func notifyTable() chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	catch(syscall.SIGUSR1)
	return c
}

// notifyEnd returns a context that is done at a signal that ends the run, with an alarm SIGALRM, too.
func notifyEnd(alarm bool) (ctx context.Context, stop context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGHUP, syscall.SIGTERM}
	if alarm {
		signals = append(signals, syscall.SIGALRM)
	}
	ctx, stop = signal.NotifyContext(context.Background(), signals...)
	if alarm {
		catch(syscall.SIGALRM)
	}
	return ctx, stop
}
