//go:build linux

package inotify

// This file holds what the tests against the real kernel share, and TestMain, which fails when a
// test leaves a descriptor or a goroutine behind.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	// The first Watcher opens the runtime's poller, which stays.
	if w, err := New(); err == nil {
		w.Close()
	}
	goroutines, files := runtime.NumGoroutine(), openFiles()
	code := m.Run()
	// A run that fuzzes keeps goroutines of the fuzzer.
	if code == 0 && flag.Lookup("test.fuzz").Value.String() == "" {
		code = leaked(goroutines, files)
	}
	os.Exit(code)
}

// leaked waits until there are no more goroutines and descriptors than at first. A goroutine that has
// done its work may still be on its way out; one that stays is a leak, and shown.
func leaked(goroutines int, files []string) int {
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		now := openFiles()
		if runtime.NumGoroutine() <= goroutines && len(now) <= len(files) {
			return 0
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			fmt.Printf("FAIL: goroutines: %d at first, %d now\ndescriptors: %q at first, %q now\n%s\n",
				goroutines, runtime.NumGoroutine(), files, now, stacks)
			return 1
		}
	}
}

// openFiles returns what /proc/self/fd leads to, but for the descriptor that reads it and what tests
// of the runtime itself keep.
func openFiles() []string {
	entries, _ := os.ReadDir("/proc/self/fd")
	var files []string
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			files = append(files, target)
		}
	}
	return files
}

func mustNew(t testing.TB, opts ...Option) *Watcher {
	t.Helper()
	w, err := New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func mustAdd(t testing.TB, w *Watcher, path string, mask Mask) *Watch {
	t.Helper()
	wt, err := w.Add(path, mask)
	if err != nil {
		t.Fatal(err)
	}
	return wt
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mustTouch makes empty files of the given names in dir.
func mustTouch(t testing.TB, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY, 0o600)
		must(t, err)
		must(t, f.Close())
	}
}

// rounds is how often a test does what it does again and again: n times, or a tenth with -short.
func rounds(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// numbered returns n names, each once.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("f%06d", i)
	}
	return names
}

// mustDrain returns what is queued.
func mustDrain(t testing.TB, w *Watcher) []Event {
	t.Helper()
	var got []Event
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		if err != nil {
			t.Fatalf("after %d events: %v", len(got), err)
		}
		got = append(got, ev)
	}
	return got
}

// mustSee compares events, as "MASK name" or, for a name that is empty, "MASK".
func mustSee(t testing.TB, got []Event, want ...string) {
	t.Helper()
	lines := make([]string, len(got))
	for i, ev := range got {
		lines[i] = strings.TrimSpace(ev.Mask.String() + " " + ev.Name)
	}
	if !slices.Equal(lines, want) {
		t.Fatalf("events:\n got %q\nwant %q", lines, want)
	}
}

// mustWait waits until cond holds. It is for states of the Watcher that nobody announces; each is
// reached without anybody's help, so no time is waited for.
func mustWait(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !cond(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("a minute has passed without: %s", what)
		}
	}
}

// mustPark waits until a loop waits in the poller and so many wait behind it.
func mustPark(t testing.TB, w *Watcher, behind int) {
	t.Helper()
	mustWait(t, fmt.Sprintf("one loop in the poller, %d behind it", behind), func() bool {
		leading, now := w.stream.Waiting()
		return leading && now == behind
	})
}

// mustBeTrue compares the table with the kernel's list.
func mustBeTrue(t testing.TB, w *Watcher) {
	t.Helper()
	marks, err := kernelWatches(w.fd)
	must(t, err)
	known := make(map[int32]Mask)
	for wt := range w.Watches() {
		known[wt.WD()] = wt.Mask() & AllEvents
	}
	for wd := range marks {
		marks[wd] &= AllEvents
	}
	if !maps.Equal(known, marks) {
		t.Fatalf("the table has %d watches, the kernel %d:\ntable  %v\nkernel %v", len(known), len(marks), known, marks)
	}
	w.stream.Mu.Lock()
	defer w.stream.Mu.Unlock()
	if w.table.byWD.count != len(marks) {
		t.Fatalf("the table has %d descriptors, the kernel %d", w.table.byWD.count, len(marks))
	}
}

// inNamespaces runs body in a child process of the test's binary, in mount and user namespaces of
// its own, where it is root and may mount. It skips where the system does not allow that.
func inNamespaces(t *testing.T, body func(t *testing.T)) {
	t.Helper()
	const env = "INOSEQ_TEST_IN_NAMESPACES"
	if os.Getenv(env) == t.Name() {
		// Nothing that is mounted here is to be seen outside.
		must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		body(t)
		return
	}
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe, "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), env+"="+t.Name(),
		"GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE")) // else a child under -race ends a second late
	runtime.LockOSThread() // the child is to end with this thread, should the parent be killed
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig:   syscall.SIGKILL,
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil && strings.Contains(string(out), "--- SKIP"):
		t.Skip("needs a file system that cannot be mounted here:", lastLine(out))
	case err == nil:
		if !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Fatalf("the child did not run the test:\n%s", out)
		}
	case errors.As(err, &exit):
		t.Fatalf("%v\n%s", err, out)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EINVAL):
		t.Skip("needs user and mount namespaces:", err)
	default:
		t.Fatal(err)
	}
}

func lastLine(out []byte) string {
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "_test.go:") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
