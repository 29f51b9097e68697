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
	"testing"

	"github.com/inoseq/inoseq/inotify"
)

const quietMask = inotify.AllEvents &^ (inotify.Open | inotify.Access | inotify.CloseNoWrite)

func TestThePictureEqualsTheDiskAfterOverflows(t *testing.T) {
	overflows := 0
	for _, seed := range seeds(t, 1) {
		p := churn{
			seed: seed, base: mustTemp(t), workers: 4, ops: 15000, rounds: 2, slow: 1 << 30,
			mask: quietMask, full: true, over: true, keepLog: os.Getenv("TREE_SEED") != "",
		}.run(t)
		t.Logf("seed %d: %d events, %d synthetic, %d renames, %d overflows", seed, p.events, p.synthetic, p.renames, p.overflows)
		overflows += p.overflows
		if t.Failed() {
			return
		}
	}
	if overflows == 0 {
		t.Skip("needs a queue that overflows: this machine was too quick for its writers")
	}
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
	limits, err := inotify.ReadLimits()
	if err != nil {
		t.Fatal(err)
	}
	for i := range limits.MaxQueuedEvents + 100 {
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
