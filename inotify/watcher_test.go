//go:build linux

package inotify

// This file tests Add, AddFile, Remove and Close: their errors, and what they may cost and hold up.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

func TestErrorsOfAddSayWhatWhereAndWhatToDo(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustTouch(t, dir, "file")
	must(t, os.Symlink("file", filepath.Join(dir, "link")))
	closed := mustNew(t)
	must(t, closed.Close())
	for _, c := range []struct {
		w    *Watcher
		path string
		mask Mask
		is   error
		text string
	}{
		{w, dir, 0, unix.EINVAL, "the mask is empty"},
		{w, dir, 0x1000, unix.EINVAL, "bits that inotify(7) does not know: 0x1000"},
		{w, dir, Create | 0x1000, unix.EINVAL, "bits that inotify(7) does not know: 0x1000"},
		{w, dir, Create | MaskAdd | MaskCreate, unix.EINVAL, "both MASK_ADD and MASK_CREATE"},
		{w, "", Create, fs.ErrNotExist, "the path is empty"},
		{w, dir + "\x00x", Create, unix.EINVAL, "NUL"},
		{w, dir + "/none", Create, fs.ErrNotExist, "no such file"},
		{w, dir + "/file/", Create, unix.ENOTDIR, "not a directory"}, // the slash is passed on
		{w, dir + "/file", Create | OnlyDir, unix.ENOTDIR, "not a directory"},
		{w, dir + "/link", Create | OnlyDir | DontFollow, unix.ENOTDIR, "not a directory"},
		{w, dir + "/" + strings.Repeat("x", 256), Create, unix.ENAMETOOLONG, "too long"},
		{closed, dir, Create, os.ErrClosed, "the Watcher is closed"},
	} {
		wt, err := c.w.Add(c.path, c.mask)
		var at *fs.PathError
		if wt != nil || !errors.As(err, &at) || at.Path != c.path || !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("Add(%q, %v): %v, %v", c.path, c.mask, wt, err)
		}
	}
	if n := len(slices.Collect(w.Watches())); n != 0 {
		t.Fatalf("%d watches after errors", n)
	}
	wt := mustAdd(t, w, dir+"//", Create)
	mustTouch(t, dir, "new")
	if ev := mustDrain(t, w)[0]; wt.Path() != dir+"//" || ev.Path() != dir+"//new" {
		t.Fatalf("path %q of an event in %q", ev.Path(), wt.Path())
	}
}

func TestAnUnreadableDirectoryIsAPermissionError(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs an ordinary user: root may read everything")
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o300))
	_, err := mustNew(t).Add(dir, Create)
	if !errors.Is(err, fs.ErrPermission) {
		t.Fatal(err)
	}
	must(t, os.Chmod(dir, 0o700))
}

func TestNamesOfAnyBytesComeThrough(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	want := []string{"\xff\xfe", "new\nline", "\x1b[31m", strings.Repeat("é", 127), strings.Repeat("x", 255),
		"exactly15bytes_", "exactly16bytes__", " ", "a"}
	mustTouch(t, dir, want...)
	if got := names(mustDrain(t, w)); !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestAKeptEventDoesNotChange(t *testing.T) {
	w := mustNew(t, WithBufferSize(MaxRecordSize))
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	want := numbered(2000)
	mustTouch(t, dir, want...)
	if got := names(mustDrain(t, w)); !slices.Equal(got, want) {
		t.Fatal("names were overwritten by later reads")
	}
}

func TestAddFileWatchesWhatIsOpenWhateverItsName(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "before"))
	must(t, err)
	defer f.Close()
	must(t, os.Rename(f.Name(), filepath.Join(dir, "after")))
	mustTouch(t, dir, "before") // another file
	wt, err := w.AddFile(f, Modify|OnlyDir)
	if !errors.Is(err, unix.ENOTDIR) {
		t.Fatal(wt, err)
	}
	wt, err = w.AddFile(f, Modify)
	must(t, err)
	if wt.Path() != f.Name() {
		t.Fatal(wt)
	}
	must(t, os.WriteFile(filepath.Join(dir, "before"), []byte("x"), 0o600))
	mustSee(t, mustDrain(t, w))
	_, err = f.Write([]byte("x"))
	must(t, err)
	mustSee(t, mustDrain(t, w), "MODIFY")
	if again := mustAdd(t, w, filepath.Join(dir, "after"), Attrib); again != wt || wt.Path() != filepath.Join(dir, "after") {
		t.Fatal(again)
	}

	d, err := os.Open(dir)
	must(t, err)
	in, err := w.AddFile(d, Create|OnlyDir)
	must(t, err)
	must(t, d.Close()) // the watch stays
	mustTouch(t, dir, "c")
	events := mustDrain(t, w)
	mustSee(t, events, "CREATE c")
	if events[0].Watch != in || events[0].Path() != dir+"/c" {
		t.Fatal(events[0])
	}
}

func TestErrorsOfAddFile(t *testing.T) {
	w := mustNew(t)
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	must(t, err)
	for _, c := range []struct {
		mask Mask
		is   error
		text string
	}{
		{0, unix.EINVAL, "the mask is empty"},
		{Modify | DontFollow, unix.EINVAL, "leave it out"},
	} {
		if _, err := w.AddFile(f, c.mask); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
			t.Error(err)
		}
	}
	must(t, f.Close())
	for _, c := range []struct {
		f  *os.File
		is error
	}{{nil, os.ErrInvalid}, {f, os.ErrClosed}} {
		_, err := w.AddFile(c.f, Modify)
		var at *fs.PathError
		if !errors.As(err, &at) || !errors.Is(err, c.is) || !strings.Contains(err.Error(), "AddFile needs an open file") {
			t.Errorf("%v is no *fs.PathError that is %v", err, c.is)
		}
	}
}

func TestAddFileWithoutProcSaysSo(t *testing.T) {
	dir := t.TempDir()
	inNamespaces(t, func(t *testing.T) {
		w := mustNew(t)
		f, err := os.Open(dir)
		must(t, err)
		defer f.Close()
		must(t, unix.Mount("none", "/proc", "tmpfs", 0, ""))
		_, err = w.AddFile(f, Create)
		if !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "AddFile needs /proc") {
			t.Error(err)
		}
		if _, err := ReadLimits(); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		must(t, unix.Unmount("/proc", 0))
	})
}

func TestMethodsOfANilWatchAreSafe(t *testing.T) {
	var wt *Watch
	wt.SetPath("x")
	if wt.WD() != -1 || wt.Path() != "" || wt.Mask() != 0 || wt.Remove() != nil || wt.String() != "no watch" {
		t.Fatal(wt.WD(), wt.Path(), wt.Mask(), wt.String())
	}
}

func TestAWatchPrintsItselfWithItsPathQuoted(t *testing.T) {
	w := mustNew(t)
	wt := mustAdd(t, w, t.TempDir(), Create|Delete)
	wt.SetPath("a\nb")
	if got := wt.String(); got != `watch 1 on "a\nb" for CREATE|DELETE` {
		t.Fatal(got)
	}
}

func TestRemoveAfterTheWatchWentByItselfIsNil(t *testing.T) {
	w := mustNew(t)
	dir := filepath.Join(t.TempDir(), "d")
	must(t, os.Mkdir(dir, 0o700))
	wt := mustAdd(t, w, dir, DeleteSelf)
	must(t, os.Remove(dir))
	must(t, wt.Remove())
	mustSee(t, mustDrain(t, w), "DELETE_SELF", "IGNORED")
	must(t, wt.Remove())
	must(t, w.Close())
	must(t, wt.Remove())
}

func TestWatchesYieldsThemInOrderAndMayBeBrokenOff(t *testing.T) {
	w := mustNew(t)
	dir := t.TempDir()
	var want []*Watch
	for i := range 20 {
		sub := filepath.Join(dir, fmt.Sprint(i))
		must(t, os.Mkdir(sub, 0o700))
		want = append(want, mustAdd(t, w, sub, Create))
	}
	if got := slices.Collect(w.Watches()); !slices.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
	for wt := range w.Watches() {
		must(t, wt.Remove()) // from the body
		if wt == want[4] {
			break
		}
	}
	if got := slices.Collect(w.Watches()); !slices.Equal(got, want[5:]) {
		t.Fatalf("got %v", got)
	}
}

func TestSyscallConnGivesControlAlone(t *testing.T) {
	w := mustNew(t)
	conn, err := w.SyscallConn()
	must(t, err)
	dir := t.TempDir()
	mustAdd(t, w, dir, Create)
	mustTouch(t, dir, "a")
	queued := uint32(0)
	must(t, conn.Control(func(fd uintptr) { queued, err = unix.IoctlGetUint32(int(fd), unix.TIOCINQ) }))
	must(t, err)
	if queued != HeaderSize+16 {
		t.Fatalf("%d bytes queued", queued)
	}
	if err := conn.Read(func(uintptr) bool { return true }); !errors.Is(err, errors.ErrUnsupported) {
		t.Fatal(err)
	}
	if err := conn.Write(func(uintptr) bool { return true }); !errors.Is(err, errors.ErrUnsupported) {
		t.Fatal(err)
	}
	must(t, conn.Control(func(uintptr) { must(t, w.Close()) })) // the descriptor stays until the call is over
	if err := conn.Control(func(uintptr) { t.Error("called") }); !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
	if _, err := w.SyscallConn(); !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
}

func TestAddRacingCloseNeverTouchesADescriptorThatIsAnothers(t *testing.T) {
	dir := t.TempDir()
	for range rounds(150) {
		w := mustNew(t)
		var adds sync.WaitGroup
		var begun atomic.Int32
		for range 3 {
			adds.Add(1)
			go func() {
				defer adds.Done()
				for {
					begun.Add(1)
					if _, err := w.Add(dir, Create); err != nil {
						if !errors.Is(err, os.ErrClosed) {
							t.Error(err)
						}
						return
					}
				}
			}()
		}
		mustWait(t, "Adds", func() bool { return begun.Load() > 6 })
		must(t, w.Close())
		other := mustNew(t) // very likely with the same number
		adds.Wait()
		if marks, err := kernelWatches(other.fd); err != nil || len(marks) > 0 {
			t.Fatalf("another instance has %v, %v", marks, err)
		}
		must(t, other.Close())
	}
}

func TestAWrongBufferSizeIsAnErrorOfNew(t *testing.T) {
	for _, size := range []int{-1, 0, MaxRecordSize - 1} {
		w, err := New(WithBufferSize(size))
		if w != nil || err == nil || !strings.Contains(err.Error(), fmt.Sprint(MaxRecordSize)) {
			t.Fatal(w, err)
		}
	}
	mustNew(t, WithBufferSize(MaxRecordSize))
}

func TestAnIdleWatcherCostsOneDescriptorAndLittleMemory(t *testing.T) {
	limits, err := ReadLimits()
	must(t, err)
	n := min(100, limits.MaxUserInstances/4)
	watchers := make([]*Watcher, n)
	files, goroutines := len(openFiles()), runtime.NumGoroutine()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range watchers {
		watchers[i], err = New()
		must(t, err)
	}
	runtime.ReadMemStats(&after)
	if got := len(openFiles()) - files; got != n {
		t.Errorf("%d descriptors for %d Watchers", got, n)
	}
	if got := runtime.NumGoroutine() - goroutines; got > 0 { // one of an earlier test may end meanwhile
		t.Errorf("%d goroutines for %d Watchers", got, n)
	}
	if each := (after.TotalAlloc - before.TotalAlloc) / uint64(n); each > 8<<10 {
		t.Errorf("%d bytes each", each)
	} else {
		t.Logf("%d bytes each", each)
	}
	for _, w := range watchers {
		must(t, w.Close())
	}
}

func TestLoopsThatWaitBlockNoThread(t *testing.T) {
	limits, err := ReadLimits()
	must(t, err)
	n := min(60, limits.MaxUserInstances/4)
	done := make(chan error)
	var watchers []*Watcher
	for range n {
		w := mustNew(t)
		watchers = append(watchers, w)
		go func() {
			var last error
			for _, err := range w.Events() {
				last = err
			}
			done <- last
		}()
		mustPark(t, w, 0)
	}
	if got := threads(t); got > n/2 {
		t.Errorf("%d threads with %d loops that wait", got, n)
	}
	for _, w := range watchers {
		must(t, w.Close())
		must(t, <-done)
	}
}

func threads(t *testing.T) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	must(t, err)
	return len(tasks)
}

func TestAnEventCostsNoAllocationOrOneForANewName(t *testing.T) {
	if raceEnabled {
		t.Skip("needs a build without the race detector, which allocates")
	}
	w := mustNew(t)
	dir := t.TempDir()
	mustAdd(t, w, dir, Attrib)
	mustTouch(t, dir, numbered(4000)...)
	mustDrain(t, w)
	per := func(names []string) float64 {
		for _, name := range names {
			must(t, os.Chmod(filepath.Join(dir, name), 0o600))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n := 0
		for range w.EventsUntilIdle(background, 0) {
			n++
		}
		runtime.ReadMemStats(&after)
		if n != len(names) {
			t.Fatalf("%d events", n)
		}
		return float64(after.Mallocs-before.Mallocs) / float64(n)
	}
	again := slices.Repeat(numbered(64), 60)
	per(again)
	if got := per(again); got > 0.01 {
		t.Errorf("%.3f allocations for a name seen lately", got)
	}
	if got := per(numbered(4000)); got > 1.01 {
		t.Errorf("%.3f allocations for a new name", got)
	}
	ev := Event{Name: "name", dir: "dir"}
	if got := testing.AllocsPerRun(100, func() { pathSink = ev.Path() }); got != 1 {
		t.Errorf("%v allocations for Path", got)
	}
}

var pathSink string
