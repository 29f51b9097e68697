//go:build !linux

package compat

// Elsewhere nothing is watched, so that nothing waits for a signal.

func waitSignals() {}

func statSignals() {}
