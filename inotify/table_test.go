//go:build linux

package inotify

// This file tests what the Watcher knows of its watches: the same inode again, descriptors given out
// again, overflows in which Ignored events are lost, and Adds that race with all of that.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// mustOverflow returns a Watcher whose queue has overflowed: so many events of files that were made
// in dir, then the overflow, in which the Ignored events of three subdirectories were lost.
func mustOverflow(t *testing.T) (w *Watcher, before int, dir string) {
	t.Helper()
	limits, err := ReadLimits()
	must(t, err)
	if limits.MaxQueuedEvents > 1<<20 {
		t.Skipf("needs a queue that can be filled: fs.inotify.max_queued_events is %d", limits.MaxQueuedEvents)
	}
	w = mustNew(t)
	dir = t.TempDir()
	mustAdd(t, w, dir, Attrib)
	for i := range 3 {
		sub := filepath.Join(dir, fmt.Sprint("sub", i))
		must(t, os.Mkdir(sub, 0o700))
		mustAdd(t, w, sub, Create)
	}
	mustTouch(t, dir, "a", "b")
	for i := range limits.MaxQueuedEvents + 3616 { // 20,000 by default
		must(t, os.Chmod(filepath.Join(dir, string("ab"[i%2])), 0o600))
	}
	for i := range 3 {
		must(t, os.Remove(filepath.Join(dir, fmt.Sprint("sub", i))))
	}
	return w, limits.MaxQueuedEvents, dir
}

func TestOverflowComesInOrderAndTheSequenceGoesOn(t *testing.T) {
	w, before, dir := mustOverflow(t)
	n := 0
	for ev, err := range w.Events() {
		if err != nil {
			if !errors.Is(err, ErrOverflow) || !ev.Has(QueueOverflow) || ev.Watch != nil || ev.Path() != "" {
				t.Fatal(ev, err)
			}
			break
		}
		if ev.Mask != Attrib {
			t.Fatal(ev)
		}
		n++
	}
	if n != before {
		t.Fatalf("the overflow came after %d events, want %d", n, before)
	}
	must(t, os.Chmod(filepath.Join(dir, "a"), 0o600))
	mustSee(t, mustDrain(t, w), "ATTRIB a")
	mustBeTrue(t, w) // although the three Ignored were lost
}

func TestTheTableIsTrueAfterAnOverflowThatAParkedLoopSaw(t *testing.T) {
	w, _, _ := mustOverflow(t)
	overflows := make(chan int, 1)
	go func() {
		n := 0
		for _, err := range w.Events() {
			if err != nil {
				n++
			}
		}
		overflows <- n
	}()
	// The loop gets to the end of the queue and waits; then the table is true.
	mustWait(t, "a table of one watch", func() bool { return len(slices.Collect(w.Watches())) == 1 })
	mustPark(t, w, 0)
	mustBeTrue(t, w)
	must(t, w.Close())
	if n := <-overflows; n != 1 {
		t.Fatalf("%d overflows", n)
	}
}

func TestTheTableDoesNotGrowUnderOverflowsThatNeverEnd(t *testing.T) {
	w, before, dir := mustOverflow(t)
	// The queue never becomes empty: before it does, it is filled again.
	churn := filepath.Join(dir, "churn")
	known, rounds := 0, 0
	seen := 0
	for ev, err := range w.Events() {
		if err == nil {
			if seen++; seen < before/2 || ev.Mask != Attrib {
				continue
			}
		}
		seen = 0
		if rounds++; rounds > 16 {
			break
		}
		for i := range before + 100 {
			must(t, os.Chmod(filepath.Join(dir, string("ab"[i%2])), 0o600))
		}
		for range 50 { // their Ignored are lost
			must(t, os.Mkdir(churn, 0o700))
			mustAdd(t, w, churn, Create)
			must(t, os.Remove(churn))
		}
		w.stream.Mu.Lock()
		known = max(known, w.table.byWD.count)
		w.stream.Mu.Unlock()
	}
	if known > 500 {
		t.Fatalf("%d of 800 watches were known at once; one is alive", known)
	}
	for range w.EventsUntilIdle(background, 0) {
	}
	mustBeTrue(t, w)
}

// mustSetNext has the kernel give out the descriptor wd next.
func mustSetNext(t *testing.T, w *Watcher, wd int32) {
	t.Helper()
	const setNextWD = 0x40044900 // INOTIFY_IOC_SETNEXTWD, linux/inotify.h
	conn, err := w.SyscallConn()
	must(t, err)
	must(t, conn.Control(func(fd uintptr) {
		err = unix.IoctlSetInt(int(fd), setNextWD, int(wd))
	}))
	if errors.Is(err, unix.ENOTTY) {
		t.Skip("needs INOTIFY_IOC_SETNEXTWD, a kernel built with CONFIG_CHECKPOINT_RESTORE:", err)
	}
	must(t, err)
}

func TestADescriptorThatIsGivenOutAgainIsKeptApart(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	paths := make([]string, 3)
	for i := range paths {
		paths[i] = filepath.Join(dir, fmt.Sprint("d", i))
		must(t, os.Mkdir(paths[i], 0o700))
	}
	var owners []*Watch
	for i, path := range paths {
		mustSetNext(t, w, 7)
		wt := mustAdd(t, w, path, Create)
		if wt.WD() != 7 || wt.Path() != path {
			t.Fatalf("watch %v", wt)
		}
		owners = append(owners, wt)
		mustTouch(t, path, "x")
		if i < 2 {
			must(t, wt.Remove())
		}
	}
	// Three owners, two of which wait for their Ignored. Their Remove must not touch the third.
	must(t, owners[0].Remove())
	must(t, owners[1].Remove())
	if list := slices.Collect(w.Watches()); !slices.Equal(list, owners[2:]) {
		t.Fatalf("watches: %v", list)
	}
	events := mustDrain(t, w)
	mustSee(t, events, "CREATE x", "IGNORED", "CREATE x", "IGNORED", "CREATE x")
	for i, owner := range []int{0, 0, 1, 1, 2} {
		if events[i].Watch != owners[owner] || filepath.Dir(events[i].Path()+"/.") != paths[owner] && filepath.Dir(events[i].Path()) != paths[owner] {
			t.Fatalf("event %d, %v, is of %v", i, events[i], events[i].Watch)
		}
	}
	must(t, owners[0].Remove())
	mustBeTrue(t, w)
	must(t, owners[2].Remove())
	mustSee(t, mustDrain(t, w), "IGNORED")
	mustBeTrue(t, w)
}

func TestTheSameInodeAgainIsTheSameWatchBroughtUpToDate(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	mustTouch(t, dir, "a")
	must(t, os.Link(a, b))

	wt := mustAdd(t, w, a, Modify|OneShot|DontFollow)
	if wt.Mask() != Modify|OneShot {
		t.Fatalf("mask %v", wt.Mask())
	}
	for _, c := range []struct {
		path string
		mask Mask
		want Mask
	}{
		{b, Attrib, Attrib},
		{a, Open | MaskAdd, Attrib | Open},
		{b, ExclUnlink | MaskAdd, Attrib | Open | ExclUnlink},
		{a, Attrib | DeleteSelf, Attrib | DeleteSelf},
	} {
		again := mustAdd(t, w, c.path, c.mask)
		if again != wt || wt.Path() != c.path || wt.Mask() != c.want {
			t.Fatalf("after Add of %s with %v: %v", c.path, c.mask, again)
		}
		mustBeTrue(t, w)
	}
	if _, err := w.Add(b, Attrib|MaskCreate); !errors.Is(err, os.ErrExist) {
		t.Fatalf("with MaskCreate: %v", err)
	}
	if wt.Path() != a || wt.Mask() != Attrib|DeleteSelf {
		t.Fatalf("a failed Add changed %v", wt)
	}
	must(t, os.Chmod(a, 0o600))
	events := mustDrain(t, w)
	mustSee(t, events, "ATTRIB")
	wt.SetPath("elsewhere")
	if events[0].Path() != a || wt.Path() != "elsewhere" {
		t.Fatalf("path of the event %q, of the watch %q", events[0].Path(), wt.Path())
	}
	must(t, os.Chmod(a, 0o644))
	if events := mustDrain(t, w); events[0].Path() != "elsewhere" {
		t.Fatalf("path %q", events[0].Path())
	}
}

func TestAWatchStaysKnownUntilItsIgnoredIsDelivered(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustTouch(t, dir, "once", "gone")
	once := mustAdd(t, w, filepath.Join(dir, "once"), Attrib|OneShot)
	lost := mustAdd(t, w, filepath.Join(dir, "gone"), DeleteSelf)
	must(t, os.Chmod(filepath.Join(dir, "once"), 0o644))
	must(t, os.Remove(filepath.Join(dir, "gone")))
	// The kernel has neither any more.
	again := mustAdd(t, w, filepath.Join(dir, "once"), Modify)
	if again == once {
		t.Fatal("a watch that has ended was given out again")
	}
	events := mustDrain(t, w)
	mustSee(t, events, "ATTRIB", "IGNORED", "DELETE_SELF", "IGNORED")
	for i, wt := range []*Watch{once, once, lost, lost} {
		if events[i].Watch != wt {
			t.Fatalf("event %d is of %v", i, events[i].Watch)
		}
	}
	must(t, once.Remove())
	must(t, lost.Remove())
	if list := slices.Collect(w.Watches()); !slices.Equal(list, []*Watch{again}) {
		t.Fatalf("watches: %v", list)
	}
	mustBeTrue(t, w)
}

func TestAnEventOfAnUnknownWatchHasNone(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	conn, err := w.SyscallConn()
	must(t, err)
	must(t, conn.Control(func(fd uintptr) {
		_, err = unix.InotifyAddWatch(int(fd), dir, unix.IN_CREATE)
	}))
	must(t, err)
	mustTouch(t, dir, "a")
	events := mustDrain(t, w)
	mustSee(t, events, "CREATE a")
	if events[0].Watch != nil || events[0].Path() != "a" {
		t.Fatal(events[0].Watch, events[0].Path())
	}
}

func TestAddsThatRaceWithDeletionsEndWithATableThatIsTrue(t *testing.T) {
	// The kernel tells an event of a watch after its Ignored, if the two happen on two processors at
	// once: fsnotify(9) walks the marks without their locks. Such an event has no Watch, rightly.
	type told struct {
		wd   int32
		late bool // after its Ignored
	}
	var records []told
	ignored := make(map[int32]bool)
	w := mustNew(t, WithTap(func(raw []byte) {
		for rec, err := range Decode(raw, nativeEndian) {
			if err != nil {
				t.Error(err)
			}
			records = append(records, told{rec.WD, ignored[rec.WD]})
			if rec.Mask.Has(Ignored) {
				ignored[rec.WD] = true
			}
		}
	}))
	dir := t.TempDir()
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range rounds(1500) {
				path := filepath.Join(dir, fmt.Sprint(i%3)) // shared by all workers
				os.Mkdir(path, 0o700)
				wt, err := w.Add(path, DeleteSelf|Create|MaskAdd)
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Error(err)
				}
				if i%5 == worker {
					if err := wt.Remove(); err != nil {
						t.Error(err)
					}
				}
				os.Remove(path)
			}
		}()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		workers.Wait()
	}()
	n := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		for ev, err := range w.EventsUntilIdle(background, 0) {
			if err != nil {
				t.Error(err)
				continue
			}
			rec := records[n]
			n++
			switch {
			case ev.Watch == nil && !rec.late:
				t.Errorf("%v of descriptor %d has no watch", ev, rec.wd)
			case ev.Watch != nil && ev.Watch.WD() != rec.wd:
				t.Errorf("%v of descriptor %d is of %v", ev, rec.wd, ev.Watch)
			}
		}
	}
	mustBeTrue(t, w)
}

func TestTheMaskIsTheKernelsAfterAddsAtTheSameTime(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	for range 200 {
		var workers sync.WaitGroup
		watches := make([]*Watch, 4)
		for i, mask := range []Mask{Create, Delete | MaskAdd, Attrib, Open | MaskAdd} {
			workers.Add(1)
			go func() {
				defer workers.Done()
				wt, err := w.Add(dir, mask)
				if err != nil {
					t.Error(err)
				}
				watches[i] = wt
			}()
		}
		workers.Wait()
		for _, wt := range watches {
			if wt != watches[0] {
				t.Fatalf("two watches of one inode: %v, %v", wt, watches[0])
			}
		}
		mustBeTrue(t, w)
		must(t, watches[0].Remove())
		mustDrain(t, w)
	}
}
