package main

// This file tests the loop of the command watch with sources that are scripted.

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// script is a source that plays steps, and then has nothing left to watch, or waits.
type script struct {
	mu    sync.Mutex
	steps []step
	waits bool
}

type step struct {
	ev    tree.Event
	err   error
	quiet bool // nothing comes for longer than anybody waits, but for who waits for ever
}

func (s *script) next() (step, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.steps) == 0 {
		return step{}, false
	}
	one := s.steps[0]
	s.steps = s.steps[1:]
	return one, true
}

func (s *script) events(ctx context.Context, idle time.Duration) iter.Seq2[event, error] {
	return func(yield func(event, error) bool) {
		for {
			one, ok := s.next()
			if one.quiet && idle != forever {
				return
			} else if one.quiet {
				continue
			}
			if !ok && idle == forever {
				<-ctx.Done()
				yield(event{}, context.Cause(ctx))
				return
			}
			if !ok || !yield(event{Event: one.ev}, one.err) {
				return
			}
		}
	}
}

func (s *script) noneLeft() bool       { return !s.waits }
func (s *script) letGo() (bool, error) { return true, nil }
func (s *script) close() error         { return nil }

// tell has a teller print what sources tell until they have nothing more, and returns what it wrote.
func tell(json bool, all ...source) (stdout, stderr string, err error) {
	var out, errs bytes.Buffer
	p := &program{stdout: &output{w: &out}, stderr: &errs}
	var f form = human{}
	if json {
		f = newObject()
	}
	t := &teller{sink: newPrinter(p.stdout, f, p.warn)}
	err = t.tell(context.Background(), all)
	return out.String(), errs.String(), err
}

var (
	created  = step{ev: tree.Event{Path: "dir/a", Mask: inotify.Create}}
	failed   = step{ev: tree.Event{Path: "dir/b"}, err: &tree.DirError{Path: "dir/b", Err: syscall.EACCES}}
	lost     = step{ev: tree.Event{Mask: inotify.QueueOverflow}, err: inotify.ErrOverflow}
	rootGone = step{ev: tree.Event{Path: "dir", Mask: inotify.DeleteSelf}}
)

func TestADirectoryThatCannotBeWatchedIsToldAndTheRestGoesOn(t *testing.T) {
	steps := []step{failed, created, lost, rootGone}
	stdout, stderr, err := tell(false, &script{steps: steps})
	if want := "CREATE \"dir/a\"\nDELETE_SELF \"dir\"\n"; stdout != want || err != errNoneLeft {
		t.Errorf("printed %q, %v; want %q", stdout, err, want)
	}
	if want := "inoseq: cannot watch \"dir/b\": " + syscall.EACCES.Error() + "\ninoseq: " + inotify.ErrOverflow.Error() + "\n"; stderr != want {
		t.Errorf("told %q, want %q", stderr, want)
	}

	stdout, stderr, _ = tell(true, &script{steps: steps})
	if stderr != "" || strings.Count(stdout, `"error":"`) != 2 || !strings.Contains(strings.SplitN(stdout, "\n", 2)[0], `\"dir/b\" is not watched`) {
		t.Errorf("as JSON, told %q, printed\n%s", stderr, stdout)
	}
}

func TestABatchIsWhatComesBeforeAQuietMoment(t *testing.T) {
	var out bytes.Buffer
	p := &program{stdout: &output{w: &out}}
	lines := newPrinter(p.stdout, human{}, p.warn)
	lines.block = true
	tell := &teller{sink: lines, quiet: time.Hour}
	quiet := step{quiet: true}
	err := tell.tell(context.Background(), []source{&script{steps: []step{quiet, created, created, quiet, quiet, created, rootGone}}})
	want := "CREATE \"dir/a\"\nCREATE \"dir/a\"\n\nCREATE \"dir/a\"\nDELETE_SELF \"dir\"\n\n"
	if out.String() != want || err != errNoneLeft {
		t.Errorf("printed %q, %v; want %q", &out, err, want)
	}
}

func TestItEndsWhenNoSourceHasAnythingLeft(t *testing.T) {
	stdout, _, err := tell(false, &script{steps: []step{created, rootGone}}, &script{steps: []step{created, created, rootGone}})
	if strings.Count(stdout, "\n") != 5 || err != errNoneLeft {
		t.Errorf("printed %q, %v", stdout, err)
	}
}

func TestAnErrorOfOneSourceEndsAll(t *testing.T) {
	fire := errors.New("disk on fire")
	stdout, _, err := tell(false, &script{waits: true}, &script{steps: []step{created, {err: fire}}, waits: true})
	if stdout != "CREATE \"dir/a\"\n" || err != fire {
		t.Errorf("printed %q, %v", stdout, err)
	}
}

func TestACountIsThatOfAllSources(t *testing.T) {
	for range 20 {
		var all []source
		for range 4 {
			s := &script{waits: true}
			for range 100 {
				s.steps = append(s.steps, created)
			}
			all = append(all, s)
		}
		var out bytes.Buffer
		p := &program{stdout: &output{w: &out}}
		tell := &teller{sink: newPrinter(p.stdout, human{}, p.warn), count: 7}
		if err := tell.tell(context.Background(), all); err != errCounted || strings.Count(out.String(), "\n") != 7 {
			t.Fatalf("%v after %d lines, want 7", err, strings.Count(out.String(), "\n"))
		}
	}
}

// waiter is a script that calls waits when it is asked to wait.
type waiter struct {
	script
	waits func()
}

func (w *waiter) events(ctx context.Context, idle time.Duration) iter.Seq2[event, error] {
	if idle == forever {
		w.waits()
	}
	return w.script.events(ctx, idle)
}

func TestThatNothingHappensCountsWhenEverythingIsBeingWatched(t *testing.T) {
	for _, quiet := range []time.Duration{0, time.Nanosecond} { // one by one, and in batches
		var out bytes.Buffer
		p := &program{stdout: &output{w: &out}}
		tell := &teller{sink: newPrinter(p.stdout, human{}, p.warn), idle: time.Nanosecond, quiet: quiet}
		s := &waiter{waits: func() {
			tell.mu.Lock()
			if tell.clock != nil {
				t.Error("the clock runs while watching begins")
			}
			tell.mu.Unlock()
			tell.begin()
		}}
		if err := tell.tell(context.Background(), []source{s}); err != errIdle {
			t.Errorf("%v, want %v", err, errIdle)
		}
	}
}
