//go:build linux

package tree

// This file holds the property under overflows of the kernel's queue.
//
// TREE_LOW_QUEUE=1 lets a test lower fs.inotify.max_queued_events for the moment in which an instance
// is made, which needs root and is seen by the whole machine.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

const quietMask = inotify.AllEvents &^ (inotify.Open | inotify.Access | inotify.CloseNoWrite)

// TestThePictureEqualsTheDiskAfterOverflows has the queue overflow in the middle of each round, which no
// loop reads.
func TestThePictureEqualsTheDiskAfterOverflows(t *testing.T) {
	const workers, ops = 4, 3000
	flood := 2*mustQueueLimit(t)/(workers*ops) + 1
	for _, seed := range seeds(t, 1) {
		p := churn{
			seed: seed, base: mustTemp(t), workers: workers, ops: ops, rounds: 3, slow: 1 << 30, flood: flood,
			mask: quietMask, full: true, over: true, filled: true, keepLog: os.Getenv("TREE_SEED") != "",
		}.run(t)
		t.Logf("seed %d: %d events, %d synthetic, %d renames, %d overflows", seed, p.events, p.synthetic, p.renames, p.overflows)
		if p.overflows < 3 && !t.Failed() {
			t.Errorf("%d overflows in 3 rounds", p.overflows)
		}
	}
}

// TestThePictureEqualsTheDiskAfterOverflowsWithoutEnd has the queue overflow again and again while a loop
// reads less than comes: during scans, too. TREE_OVERFLOW=seconds makes it longer than a second.
func TestThePictureEqualsTheDiskAfterOverflowsWithoutEnd(t *testing.T) {
	seconds, err := strconv.Atoi(os.Getenv("TREE_OVERFLOW"))
	if err != nil {
		seconds = 1
	}
	const gap = 500 // operations between two looks
	flood := mustQueueLimit(t)/gap + 1
	for _, seed := range seeds(t, 1) {
		p := churn{
			seed: seed, base: mustTemp(t), workers: 4, ops: 1 << 30, rounds: 1, slow: gap, flood: flood,
			lasts: time.Duration(seconds) * time.Second, most: 2000,
			mask: quietMask, full: true, over: true, filled: true,
		}.run(t)
		t.Logf("seed %d: %d events, %d synthetic, %d renames, %d overflows", seed, p.events, p.synthetic, p.renames, p.overflows)
	}
}

// mustQueueLimit returns how many events the kernel's queue holds.
func mustQueueLimit(t *testing.T) int {
	t.Helper()
	limits, err := inotify.ReadLimits()
	if err != nil {
		t.Fatal(err)
	}
	if limits.MaxQueuedEvents > 1_000_000 {
		t.Skipf("needs a queue that can be filled: fs.inotify.max_queued_events is %d", limits.MaxQueuedEvents)
	}
	return limits.MaxQueuedEvents
}

// lowQueue has instances made during f have a queue of n events.
func lowQueue(t *testing.T, n int, f func()) {
	t.Helper()
	const sysctl = "/proc/sys/fs/inotify/max_queued_events"
	was, err := os.ReadFile(sysctl)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sysctl, fmt.Append(nil, n), 0); err != nil {
		t.Skip("needs root, to change a sysctl:", err)
	}
	defer os.WriteFile(sysctl, was, 0)
	f()
}

func TestThePictureEqualsTheDiskWithAShortQueue(t *testing.T) {
	if os.Getenv("TREE_LOW_QUEUE") == "" {
		t.Skip("needs leave to change a sysctl of the machine: set TREE_LOW_QUEUE=1")
	}
	for fs, base := range bases(t) {
		t.Run(fs, func(t *testing.T) {
			for _, seed := range seeds(t, 5) {
				p := churn{
					seed: seed, base: base, workers: 4, ops: 1000, rounds: 3, slow: int(seed%3) * 60,
					mask: quietMask, full: true, over: true, lowQueue: 256, keepLog: os.Getenv("TREE_SEED") != "",
				}.run(t)
				t.Logf("seed %d: %d events, %d synthetic, %d renames, %d overflows", seed, p.events, p.synthetic, p.renames, p.overflows)
				if t.Failed() {
					return
				}
			}
		})
	}
}

func TestAnOverflowIsYieldedAndRepaired(t *testing.T) {
	root := mustTemp(t)
	w := mustNew(t, inotify.AllEvents)
	mustAdd(t, w, root)
	for i := range mustQueueLimit(t) + 100 {
		if err := os.WriteFile(filepath.Join(root, fmt.Sprint(i%1000)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(root, fmt.Sprint(i%1000)))
	}
	mustMkdir(t, filepath.Join(root, "lost", "below"))
	p := &picture{roots: map[string]*thing{root: newThing(true)}}
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		if ev.Has(inotify.QueueOverflow) != errors.Is(err, inotify.ErrOverflow) {
			t.Errorf("%v with error %v", ev, err)
		}
		p.apply(ev, err)
	}
	if p.overflows == 0 {
		t.Error("no ErrOverflow")
	}
	p.mustEqualDisk(t)
}
