package main

// This file holds the one place where events are made to wait. When they come in quick succession, to
// wake up for each one and to write its line alone costs several times the line; so after a burst the
// next ones are left to gather for a moment. All that is known has been written before that.

import "time"

const (
	breathTime   = 5 * time.Millisecond // as much as the shortest queue that is usual holds at a million a second
	breathEvents = 50                   // a burst, if they come within
	breathWindow = 2 * breathTime       // this
)

// breath notices bursts.
type breath struct {
	events int // counted by the caller
	began  time.Time
}

// take is called when no event is waiting.
func (b *breath) take() {
	if b.events < breathEvents {
		return
	}
	now := time.Now()
	if now.Sub(b.began) < breathWindow {
		sleep(breathTime)
		now = now.Add(breathTime)
	}
	b.events, b.began = 0, now
}
