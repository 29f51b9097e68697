//go:build !linux

package main

// This file stands in for sleep_linux.go where there is nothing to watch.

import "time"

func sleep(d time.Duration) { time.Sleep(d) }
