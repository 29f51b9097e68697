//go:build !linux

package compat

import "syscall"

// Elsewhere nothing is watched, so that nothing waits for a signal.

func defaultSignals() {}

func catch(syscall.Signal) {}
