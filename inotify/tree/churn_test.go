//go:build linux

package tree

// This file holds the property: under random changes by several workers, the events applied to a
// picture make it equal the disk at rest, and are lawful on the way.
//
// TREE_CHURN=n multiplies the operations; TREE_SEED=n runs one seed.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// churn is a run of the property.
type churn struct {
	seed    uint64
	base    string // a directory on the file system to use
	workers int
	ops     int // of each worker
	rounds  int // of changes and rest
	slow    int // >0: the loop looks only every so many operations
	mask    inotify.Mask
	full    bool // differences of the picture are looked for: the mask has all that changes entries
	opts    []Option
	by      func(*picture, Event, error) // what applies events to the picture; nil: its apply
	filled  bool
	over    bool // overflows are expected
	flood   int  // events of two files that each operation adds, to fill the queue at any speed
	keepLog bool

	most     int           // >0: events of one look of a slow loop
	lasts    time.Duration // >0: workers end after it and three overflows, whatever ops is
	lowQueue int           // length of the kernel's queue; 0: as it is
}

func scale(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("TREE_CHURN"))
	if err != nil {
		return 1
	}
	return max(n, 1)
}

// bases are the file systems of the property: tmpfs and that of the work directory.
func bases(t *testing.T) map[string]string {
	b := map[string]string{"work": t.TempDir()}
	if _, err := os.Stat("/dev/shm"); err == nil {
		b["tmpfs"] = mustTemp(t)
	}
	return b
}

func (c churn) run(t *testing.T) *picture {
	t.Helper()
	dir, err := os.MkdirTemp(c.base, "churn")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	r1, r2, outside := filepath.Join(dir, "r1"), filepath.Join(dir, "r2"), filepath.Join(dir, "outside")
	for _, d := range []string{r1, r2, outside} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ms := make([]*mischief, c.workers)
	for i := range ms {
		ms[i] = newMischief(c.seed, uint64(i), outside, r1, r2)
		ms[i].chmod = os.Getuid() != 0
		ms[i].keepLog = c.keepLog
	}
	if c.filled {
		for range 300 {
			ms[0].operation()
		}
	}
	for _, name := range floodNames { // no operation touches them
		mustWrite(t, filepath.Join(r1, name))
	}
	var w *Watcher
	if c.lowQueue > 0 {
		lowQueue(t, c.lowQueue, func() { w, err = New(c.mask, c.opts...) })
	} else {
		w, err = New(c.mask, c.opts...)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, r := range []string{r1, r2} {
		if err := w.Add(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	p := newPicture(r1, r2)
	for round := range c.rounds {
		c.round(w, ms, p)
		if !c.check(t, w, ms, p, round) {
			break
		}
	}
	return p
}

var floodNames = []string{"flood-one", "flood-two"}

// apply gives the checker a step. Without Create, Delete, MovedFrom and MovedTo in the mask no picture can
// be made of the events; what is left is that they were asked for.
func (c churn) apply(p *picture, ev Event, err error) {
	switch {
	case c.by != nil:
		c.by(p, ev, err)
		return
	case c.full:
		p.apply(ev, err)
		return
	}
	p.events++
	mask := ev.Mask
	if ev.From != "" {
		mask |= inotify.MovedFrom
	}
	if err == nil && !wantedBy(c.mask, mask, ev.Synthetic) {
		p.fault("%v was not asked for", ev)
	}
}

// round has the workers make their changes while a loop reads.
func (c churn) round(w *Watcher, ms []*mischief, p *picture) {
	var wg sync.WaitGroup
	var done, overflows atomic.Int64
	start := time.Now()
	gate := make(chan struct{}, 1)
	for _, m := range ms {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < c.ops && (c.lasts == 0 || time.Since(start) < c.lasts || overflows.Load() < 3); i++ {
				m.operation()
				for i := range c.flood {
					os.Chmod(filepath.Join(m.roots[0], floodNames[i%2]), 0o600)
				}
				if n := done.Add(1); c.slow > 0 && n%int64(c.slow) == 0 {
					select {
					case gate <- struct{}{}:
					default:
					}
				}
			}
			m.release()
		}()
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { wg.Wait(); cancel(); close(gate) }()
	if c.slow > 0 {
		for range gate {
			seen := 0
			for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
				c.apply(p, ev, err)
				if seen++; seen == c.most {
					break
				}
			}
			overflows.Store(int64(p.overflows))
		}
	} else {
		for ev, err := range w.EventsContext(ctx) {
			if ctx.Err() != nil && err == context.Cause(ctx) {
				break
			}
			c.apply(p, ev, err)
		}
	}
	wg.Wait()
	cancel()
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		c.apply(p, ev, err)
	}
}

// check compares at rest.
func (c churn) check(t *testing.T, w *Watcher, ms []*mischief, p *picture, round int) bool {
	t.Helper()
	if !c.over && p.overflows > 0 {
		t.Errorf("seed %d: %d overflows: the run is too fast for its purpose", c.seed, p.overflows)
	}
	var diffs []string
	if c.full {
		diffs = p.differences()
	}
	if len(diffs) == 0 && len(p.faults) == 0 {
		return c.checkWatches(t, w, p)
	}
	t.Errorf("seed %d, round %d: %d differences, %d faults, after %d events (%d synthetic, %d overflows)\n%s\n%s",
		c.seed, round, len(diffs), len(p.faults), p.events, p.synthetic, p.overflows,
		strings.Join(diffs[:min(len(diffs), 20)], "\n"), strings.Join(p.faults[:min(len(p.faults), 20)], "\n"))
	if c.keepLog {
		var b strings.Builder
		for i, m := range ms {
			fmt.Fprintf(&b, "worker %d:\n%s\n", i, strings.Join(m.log, "\n"))
		}
		for i, h := range p.history {
			fmt.Fprintf(&b, "event %d: %s\n", i+1, h)
		}
		name := filepath.Join(os.TempDir(), fmt.Sprintf("churn-%d.log", c.seed))
		os.WriteFile(name, []byte(b.String()), 0o644)
		t.Logf("history in %s", name)
	}
	return false
}

// checkWatches compares what is watched, in the kernel's list, with the directories of the picture.
func (c churn) checkWatches(t *testing.T, w *Watcher, p *picture) bool {
	t.Helper()
	dirs := 0
	for r := range p.roots {
		dirs += readThing(r).dirs()
	}
	listed := 0
	for range w.Dirs() {
		listed++
	}
	if kernel := kernelWatches(t, w); kernel != dirs || w.Len() != dirs || listed != dirs {
		t.Errorf("seed %d: %d directories on the disk, %d watches in the kernel, Len %d, %d in Dirs",
			c.seed, dirs, kernel, w.Len(), listed)
		return false
	}
	p.mustListTheDisk(t, w)
	return !t.Failed()
}

// kernelWatches counts the lines of the instance's fdinfo.
func kernelWatches(t *testing.T, w *Watcher) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", w.src.sys.inotify))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "inotify wd:")
}

func seeds(t *testing.T, n int) []uint64 {
	if s, err := strconv.ParseUint(os.Getenv("TREE_SEED"), 10, 64); err == nil {
		return []uint64{s}
	}
	seeds := make([]uint64, n*scale(t))
	for i := range seeds {
		seeds[i] = uint64(os.Getpid())*1000 + uint64(i)
	}
	return seeds
}

func TestThePictureEqualsTheDisk(t *testing.T) {
	for fs, base := range bases(t) {
		for _, slow := range []int{0, 50, 500} {
			t.Run(fmt.Sprintf("%s/slow%d", fs, slow), func(t *testing.T) {
				for _, seed := range seeds(t, 3) {
					p := churn{
						seed: seed, base: base, workers: 4, ops: 300, rounds: 3, slow: slow,
						mask: inotify.AllEvents &^ (inotify.Open | inotify.Access | inotify.CloseNoWrite),
						full: true, filled: seed%2 == 1, keepLog: os.Getenv("TREE_SEED") != "",
					}.run(t)
					if testing.Verbose() {
						t.Logf("seed %d: %d events, %d synthetic, %d renames, %d exchanges, %d directory errors",
							seed, p.events, p.synthetic, p.renames, p.exchanges, p.dirErrors)
					}
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

// TestTheTreeIsTrackedWhateverTheMask: what is tracked does not depend on what is told.
func TestTheTreeIsTrackedWhateverTheMask(t *testing.T) {
	for _, mask := range []inotify.Mask{
		inotify.Attrib,
		inotify.Modify | inotify.CloseWrite,
		inotify.Delete,
		inotify.Move,
		inotify.Delete | inotify.MovedFrom | inotify.Open,
		inotify.Create,
	} {
		t.Run(mask.String(), func(t *testing.T) {
			for _, seed := range seeds(t, 1) {
				churn{
					seed: seed, base: mustTemp(t), workers: 4, ops: 200, rounds: 2, slow: int(seed%2) * 60, mask: mask, filled: true,
				}.run(t)
			}
		})
	}
}

// TestAMillionOperations is the long run: TREE_MILLION=1.
func TestAMillionOperations(t *testing.T) {
	if os.Getenv("TREE_MILLION") == "" {
		t.Skip("needs minutes: set TREE_MILLION=1")
	}
	for _, seed := range seeds(t, 1) {
		p := churn{
			seed: seed, base: mustTemp(t), workers: 8, ops: 5000, rounds: 25, slow: 200 * int(seed%2),
			mask: quietMask, full: true, over: true, keepLog: os.Getenv("TREE_SEED") != "",
		}.run(t)
		t.Logf("seed %d: %d events, %d synthetic, %d renames, %d exchanges, %d overflows",
			seed, p.events, p.synthetic, p.renames, p.exchanges, p.overflows)
	}
}
