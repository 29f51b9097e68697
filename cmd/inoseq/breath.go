package main

// This file holds the one place where events are made to wait. When they come in quick succession, to
// wake up for each one and to write its line alone costs several times the line; so after a burst the
// next ones are left to gather for a moment. All that is known has been written before that.

import (
	"time"

	"github.com/inoseq/inoseq/inotify"
)

const (
	breathTime   = 5 * time.Millisecond
	breathEvents = 50             // a burst, if they come within
	breathWindow = 2 * breathTime // this
)

// breath notices bursts.
type breath struct {
	events int // counted by the caller
	began  time.Time
	length time.Duration
	sleep  func(time.Duration)
}

// newBreath returns one that does not have the queue overflow: in its time not more than a third of the
// queue comes, at a million events a second.
func newBreath() breath {
	b := breath{length: breathTime, sleep: sleep}
	if limits, err := inotify.ReadLimits(); err == nil {
		b.length = min(b.length, time.Duration(limits.MaxQueuedEvents/3)*time.Microsecond)
	}
	return b
}

// take is called when no event is waiting.
func (b *breath) take(now time.Time) {
	if b.events < breathEvents {
		return
	}
	if now.Sub(b.began) < breathWindow {
		b.sleep(b.length)
		now = now.Add(b.length)
	}
	b.events, b.began = 0, now
}
