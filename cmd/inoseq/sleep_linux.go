package main

// This file sleeps.

import (
	"time"

	"golang.org/x/sys/unix"
)

// sleep has this thread sleep, where time.Sleep would have it wait in epoll_wait(2) for whatever comes
// first: it would wake up for each event. A signal may end it early.
func sleep(d time.Duration) {
	ts := unix.NsecToTimespec(d.Nanoseconds())
	_ = unix.Nanosleep(&ts, nil)
}
