//go:build linux

package fdinfo_test

// This file tests against the instances of this process and of children, which run this program
// again: see TestMain.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/fdinfo"
)

const childEnv = "INOSEQ_TEST_FDINFO_CHILD"

func TestMain(m *testing.M) {
	if how := os.Getenv(childEnv); how != "" {
		if err := child(how); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child has an instance with two watches until its standard input ends. How is "open", or "closed" for
// a process that nobody but root may read.
func child(how string) error {
	w, err := inotify.New()
	if err != nil {
		return err
	}
	for _, path := range []string{"/", "/proc"} {
		if _, err := w.Add(path, inotify.Create); err != nil {
			return err
		}
	}
	if how == "closed" {
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// mustStart starts a child and returns its pid when it is ready. It ends with the test, or when end
// is called, which waits for that.
func mustStart(t *testing.T, how string) (pid int, end func()) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+how, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the child: %v", err)
		}
	}
	t.Cleanup(end)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return cmd.Process.Pid, end
}

// mustFind returns the instances of a process, and the error that it was told with.
func mustFind(t *testing.T, pid int) (found []fdinfo.Instance, denied error) {
	t.Helper()
	for in, err := range fdinfo.Instances(context.Background()) {
		var of *fdinfo.ProcessError
		if err != nil && !errors.As(err, &of) {
			t.Fatal(err)
		}
		if in.PID != pid {
			continue
		}
		if err != nil {
			denied = err
		} else {
			found = append(found, in)
		}
	}
	return found, denied
}

func mustFD(t *testing.T, w *inotify.Watcher) (fd int) {
	t.Helper()
	conn, err := w.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Control(func(n uintptr) { fd = int(n) }); err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestOwnInstancesAreFoundWithTheirMarks(t *testing.T) {
	w, err := inotify.New()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	dir := t.TempDir()
	for i := range 20 { // 20 is 14 in hexadecimal
		sub := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Add(sub, inotify.Create|inotify.Delete); err != nil {
			t.Fatal(err)
		}
	}
	fd := mustFD(t, w)
	found, denied := mustFind(t, os.Getpid())
	i := slices.IndexFunc(found, func(in fdinfo.Instance) bool { return in.FD == fd })
	if denied != nil || i < 0 {
		t.Fatalf("found %+v, %v; descriptor %d is not there", found, denied, fd)
	}
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	want := fdinfo.Instance{PID: os.Getpid(), UID: os.Geteuid(), Command: strings.TrimSuffix(string(comm), "\n"), FD: fd, Marks: 20}
	if found[i] != want {
		t.Errorf("got %+v, want %+v", found[i], want)
	}

	f, err := os.Open(fmt.Sprintf("/proc/self/fdinfo/%d", fd))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	wds := make(map[int32]bool)
	for m, err := range fdinfo.Parse(f) {
		if err != nil {
			t.Fatal(err)
		}
		if m.Mask != inotify.Create|inotify.Delete || m.Inode == 0 {
			t.Errorf("mark %+v", m)
		}
		wds[m.WD] = true
	}
	for wt := range w.Watches() {
		if !wds[wt.WD()] {
			t.Errorf("%v is not listed", wt)
		}
	}
}

func TestInstancesOfAChildAreFoundUntilItEnds(t *testing.T) {
	pid, end := mustStart(t, "open")
	found, denied := mustFind(t, pid)
	if len(found) != 1 || found[0].Marks != 2 || found[0].UID != os.Geteuid() || denied != nil {
		t.Errorf("found %+v, %v", found, denied)
	}
	end()
	if found, denied := mustFind(t, pid); found != nil || denied != nil {
		t.Errorf("after its end: found %+v, %v", found, denied)
	}
}

func TestAProcessThatMayNotBeReadIsToldAndTheOthersAreFound(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs an ordinary user: root may read everything")
	}
	closed, _ := mustStart(t, "closed")
	open, _ := mustStart(t, "open")
	found, denied := mustFind(t, closed)
	var of *fdinfo.ProcessError
	if found != nil || !errors.As(denied, &of) || of.PID != closed || !errors.Is(denied, unix.EACCES) {
		t.Errorf("found %+v, %v", found, denied)
	}
	if found, denied := mustFind(t, open); len(found) != 1 || denied != nil {
		t.Errorf("the other: found %+v, %v", found, denied)
	}
}

func TestALoopOverInstancesEndsWithItsContextAndWithABreak(t *testing.T) {
	mustStart(t, "open")
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	steps := 0
	for _, err := range fdinfo.Instances(ctx) {
		steps++
		if !errors.Is(err, why) {
			t.Errorf("step %d: %v", steps, err)
		}
	}
	if steps != 1 {
		t.Errorf("%d steps", steps)
	}
	for range fdinfo.Instances(context.Background()) {
		break
	}
}
