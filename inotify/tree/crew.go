//go:build linux

package tree

// This file holds the workers that take in many directories: those of a set-up live as long as the Add,
// those of a burst as long as a step. Each is on a thread of its own. In a round they share a list of
// directories. A worker keeps to itself what it finds, so that it opens children from their parent, and
// gives half of it away when another has nothing to do.

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	roundTime = 20 * time.Millisecond
	mostTaken = 1024 // directories that a worker takes at once
)

// crew is some workers.
type crew struct {
	t       *tree
	workers []chan *round
	busy    sync.WaitGroup // workers in a round
	all     sync.WaitGroup // workers
}

func newCrew(t *tree) *crew {
	n := t.opt.workers
	if n == 0 {
		n = min(runtime.GOMAXPROCS(0), 8)
	}
	c := &crew{t: t}
	for range n {
		rounds := make(chan *round)
		c.workers = append(c.workers, rounds)
		c.all.Add(1)
		go c.work(rounds)
	}
	return c
}

// end waits for the end of the workers.
func (c *crew) end() {
	for _, rounds := range c.workers {
		close(rounds)
	}
	c.all.Wait()
}

// work is one worker, on a thread that ends with it: what disk.own does to it cannot be undone.
func (c *crew) work(rounds <-chan *round) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		// The first thread does not end, and its working directory is the one that others see. While it is
		// kept, the work goes to a goroutine that is on another.
		begun := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(begun)
			c.serve(rounds)
		}()
		<-begun
		runtime.UnlockOSThread()
		return
	}
	c.serve(rounds)
}

func (c *crew) serve(rounds <-chan *round) {
	defer c.all.Done()
	s := newScanner(c.t)
	var leave func()
	s.watch, leave = c.t.disk.own()
	for ro := range rounds {
		ro.run(s)
		leave()
		c.busy.Done()
	}
}

// round takes in directories of the list for a while. What is found goes to the list, too.
func (c *crew) round(list *[]nodeID) {
	if len(*list) == 0 {
		return
	}
	ro := newRound(c.t, list, len(c.workers))
	c.busy.Add(len(c.workers))
	for _, rounds := range c.workers {
		rounds <- ro
	}
	c.busy.Wait()
	clear(c.t.shared)
}

// burst is visitSome for many directories, as of a large tree that has come, or of all after an overflow.
func (t *tree) burst() {
	c := newCrew(t)
	defer c.end()
	c.round(&t.visits)
}

// round is what the workers of one round share.
type round struct {
	t       *tree
	list    *[]nodeID // under t.mu
	end     time.Time
	workers int

	hungry atomic.Int32 // workers that wait; changed under t.mu
	over   bool         // under t.mu
	cond   *sync.Cond   // of t.mu
}

func newRound(t *tree, list *[]nodeID, workers int) *round {
	return &round{t: t, list: list, end: time.Now().Add(roundTime), workers: workers, cond: sync.NewCond(&t.mu)}
}

// run is one worker's part.
func (ro *round) run(s *scanner) {
	t := ro.t
	s.own = true
	for i := 1; ; i++ {
		if len(s.local) == 0 && !ro.get(s) || t.closed.Load() {
			break
		}
		n := s.local[len(s.local)-1]
		s.local = s.local[:len(s.local)-1]
		t.mu.Lock()
		nd, full := t.st.node(n), len(t.out) >= outLimit
		if nd.flags&queued != 0 && (nd.gen != t.gen || nd.wd == 0) {
			nd.flags &^= queued
			s.enter(n, false)
		} else {
			nd.flags &^= queued
			t.mu.Unlock()
		}
		if len(s.local) > 1 && ro.hungry.Load() > 0 {
			ro.give(s)
		}
		if full || i%8 == 0 && time.Now().After(ro.end) {
			break
		}
	}
	s.release()
	t.mu.Lock()
	defer t.mu.Unlock()
	*ro.list = append(*ro.list, s.local...)
	s.local, s.own = s.local[:0], false
	ro.over = true
	ro.cond.Broadcast()
}

// give hands half of what s has to the workers that wait: the half that is nearest to the root.
func (ro *round) give(s *scanner) {
	half := len(s.local) / 2
	ro.t.mu.Lock()
	*ro.list = append(*ro.list, s.local[:half]...)
	ro.cond.Broadcast()
	ro.t.mu.Unlock()
	s.local = append(s.local[:0], s.local[half:]...)
}

// get takes directories that nobody has, waiting for them if others work.
func (ro *round) get(s *scanner) bool {
	ro.t.mu.Lock()
	defer ro.t.mu.Unlock()
	for {
		if n := len(*ro.list); n > 0 {
			take := min(max(1, n/ro.workers), mostTaken)
			s.local = append(s.local, (*ro.list)[n-take:]...)
			*ro.list = (*ro.list)[:n-take]
			return true
		}
		if ro.over || int(ro.hungry.Load()) == ro.workers-1 {
			ro.over = true
			ro.cond.Broadcast()
			return false
		}
		ro.hungry.Add(1)
		ro.cond.Wait()
		ro.hungry.Add(-1)
	}
}
