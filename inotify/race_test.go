//go:build race

package inotify

// This file tells tests that the race detector is on: what they do by the million takes ten times
// as long.

const raceEnabled = true
