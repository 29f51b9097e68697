package main

// This file tests when events are made to wait.

import (
	"testing"
	"time"
)

func TestEventsAreLeftToGatherAfterABurstAlone(t *testing.T) {
	now, slept := time.Unix(1000, 0), 0
	b := breath{length: breathTime, sleep: func(time.Duration) { slept++ }}
	event := func(n int, every time.Duration) {
		for range n {
			now = now.Add(every)
			b.events++
			b.take(now)
		}
	}
	if event(20*breathEvents, time.Millisecond); slept > 0 {
		t.Errorf("%d waits among events that are far apart", slept)
	}
	if event(breathEvents-1, 0); slept > 0 {
		t.Errorf("%d waits after a few events", slept)
	}
	if event(2*breathEvents, 10*time.Microsecond); slept != 2 {
		t.Errorf("%d waits in a burst, want 2", slept)
	}
	// All that has gathered comes at once.
	b.events += 10 * breathEvents
	if b.take(now.Add(breathTime)); slept != 3 {
		t.Errorf("%d waits while the burst goes on, want 3", slept)
	}
	now = now.Add(time.Second)
	if event(1, 0); slept != 3 {
		t.Errorf("%d waits after a quiet moment, want 3", slept)
	}
}

func TestAWaitIsShorterThanTheQueueIsLong(t *testing.T) {
	if b := newBreath(); b.length < 0 || b.length > breathTime {
		t.Errorf("a wait is %v", b.length)
	}
}
