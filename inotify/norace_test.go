//go:build !race

package inotify

// This file tells tests that the race detector is off.

const raceEnabled = false
