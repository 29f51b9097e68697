//go:build linux

package tree

// This file holds what goes wrong outside: permissions, limits, roots that go, mounts.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// asNobody returns New for a Watcher whose system calls, in this goroutine and in the workers of a set-up,
// are checked as those of a user without privilege.
func asNobody(t *testing.T) func(t testing.TB, mask inotify.Mask, opts ...Option) *Watcher {
	t.Helper()
	if os.Getuid() != 0 {
		return mustNew
	}
	runtime.LockOSThread()
	unix.SetfsuidRetUid(65534)
	t.Cleanup(func() { unix.SetfsuidRetUid(0); runtime.UnlockOSThread() })
	return func(t testing.TB, mask inotify.Mask, opts ...Option) *Watcher {
		w := mustNew(t, mask, opts...)
		w.t.disk = nobodysDisk{w.t.disk}
		return w
	}
}

type nobodysDisk struct{ disk }

// own is called on the thread of each worker.
func (d nobodysDisk) own() (watchFunc, func()) {
	unix.SetfsuidRetUid(65534)
	return d.disk.own()
}

func mustChmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if os.Getuid() == 0 {
		unix.SetfsuidRetUid(0)
		defer unix.SetfsuidRetUid(65534)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestADirectoryThatMayNotBeReadIsToldOnceAndTakenInWhenItMay(t *testing.T) {
	root := mustTemp(t)
	os.Chmod(root, 0o755)
	closed := filepath.Join(root, "closed")
	mustMkdir(t, filepath.Join(closed, "in"), filepath.Join(root, "open"))
	newAsNobody := asNobody(t)
	mustChmod(t, closed, 0)
	w := newAsNobody(t, inotify.Create|inotify.Delete)
	mustAdd(t, w, root)
	mustTell(t, w, root, `0 "closed" error: inotify/tree: directory "closed" is not watched: permission denied`)
	for range 3 { // at rest it costs nothing
		before := w.t.calls()
		mustTell(t, w, root)
		if after := w.t.calls(); after != before {
			t.Errorf("%d system calls on the disk at rest", after-before)
		}
	}
	mustChmod(t, closed, 0o111) // may be entered, not read
	mustTell(t, w, root)
	mustChmod(t, closed, 0o755)
	mustTell(t, w, root, `CREATE|ISDIR "closed/in" (synthetic)`)
	if w.Len() != 4 {
		t.Errorf("%d directories watched, want 4", w.Len())
	}
}

func TestManyDirectoriesThatMayNotBeReadCostNothingAtRest(t *testing.T) {
	root := mustTemp(t)
	os.Chmod(root, 0o755)
	for i := range 200 {
		mustMkdir(t, filepath.Join(root, fmt.Sprint(i)))
		if err := os.Chmod(filepath.Join(root, fmt.Sprint(i)), 0); err != nil {
			t.Fatal(err)
		}
	}
	w := asNobody(t)(t, inotify.Create)
	mustAdd(t, w, root)
	if got := told(t, w, root); len(got) != 200 {
		t.Errorf("%d errors told, want 200", len(got))
	}
	mustChmod(t, filepath.Join(root, "7"), 0o755)
	mustTell(t, w, root)
	before := w.t.calls()
	mustTell(t, w, root)
	if after := w.t.calls(); after != before || w.Len() != 2 {
		t.Errorf("%d system calls on the disk at rest, %d directories watched", after-before, w.Len())
	}
}

// child runs this test again in a process of its own, with the given namespaces, and reports whether
// this is that process.
func child(t *testing.T, flags uintptr) bool {
	t.Helper()
	if os.Getenv("TREE_CHILD") == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "TREE_CHILD="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  flags | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, os.ErrPermission) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSPC) {
		t.Skip("needs user and mount namespaces:", err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "--- SKIP") {
		t.Skipf("needs a file system that cannot be mounted here: %s", out)
	}
	return false
}

func TestTheLimitOfWatchesIsToldOnceAndTheRestIsTakenInWhenThereIsRoom(t *testing.T) {
	if !child(t, 0) {
		return
	}
	if err := os.WriteFile("/proc/sys/user/max_inotify_watches", []byte("10"), 0); err != nil {
		t.Fatal(err)
	}
	root := mustTemp(t)
	for i := range 20 {
		mustMkdir(t, filepath.Join(root, fmt.Sprintf("d%02d", i), "below"))
	}
	w := mustNew(t, inotify.Create|inotify.Delete)
	mustAdd(t, w, root)
	all := told(t, w, root)
	if len(all) != 1 || !strings.Contains(all[0], "user.max_inotify_watches is 10") {
		t.Errorf("told:\n%s\nwant one error that names the limit", strings.Join(all, "\n"))
	}
	if w.Len() != 10 {
		t.Errorf("%d directories watched, want the 10 that there is room for", w.Len())
	}
	p := &picture{roots: map[string]*thing{root: readThing(root)}}
	for i := range 20 {
		os.RemoveAll(filepath.Join(root, fmt.Sprintf("d%02d", i)))
		for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
			if err != nil {
				t.Errorf("told again: %v", err)
			}
			_ = ev
		}
		if want := min(10, 1+2*(19-i)); w.Len() != want {
			t.Fatalf("after %d removals %d directories are watched, want %d", i+1, w.Len(), want)
		}
	}
	mustMkdir(t, filepath.Join(root, "new", "below"))
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		p.apply(ev, err)
	}
	if w.Len() != 3 {
		t.Errorf("%d directories watched, want 3", w.Len())
	}
}

func TestRootsThatGo(t *testing.T) {
	base := mustTemp(t)
	root, other := filepath.Join(base, "root"), filepath.Join(base, "other")
	t.Run("removed", func(t *testing.T) {
		mustMkdir(t, filepath.Join(root, "d"), other)
		w := mustNew(t, quietMask)
		mustAdd(t, w, root, other)
		os.RemoveAll(root)
		mustTell(t, w, base, `DELETE|ISDIR "root/d"`, `DELETE_SELF "root"`)
		mustWrite(t, filepath.Join(other, "f"))
		mustTell(t, w, base, `CREATE "other/f"`, `CLOSE_WRITE "other/f"`)
		if w.Len() != 1 || kernelWatches(t, w) != 1 {
			t.Errorf("%d directories, %d watches, want 1", w.Len(), kernelWatches(t, w))
		}
		mustMkdir(t, root)
		mustAdd(t, w, root) // it can be added again
	})
	t.Run("moved", func(t *testing.T) {
		mustMkdir(t, filepath.Join(root, "d"))
		w := mustNew(t, quietMask)
		mustAdd(t, w, root)
		mustRename(t, root, root+"2")
		mustWrite(t, filepath.Join(root+"2", "d", "f"))
		got := told(t, w, base)
		if last := got[len(got)-1]; last != `MOVE_SELF "root"` {
			t.Errorf("told %q, want MOVE_SELF of the root last", got)
		}
		if w.Len() != 0 || kernelWatches(t, w) != 0 {
			t.Errorf("%d directories, %d watches, want none", w.Len(), kernelWatches(t, w))
		}
		mustRename(t, root+"2", root)
	})
	t.Run("above moved", func(t *testing.T) {
		deep := filepath.Join(root, "x", "deep")
		mustMkdir(t, deep)
		w := mustNew(t, quietMask)
		mustAdd(t, w, deep)
		mustRename(t, filepath.Join(root, "x"), filepath.Join(root, "y"))
		mustMkdir(t, filepath.Join(root, "y", "deep", "new"))
		got := told(t, w, root) // silent until something has to be looked up
		if last := got[len(got)-1]; last != `DELETE_SELF "x/deep" (synthetic)` {
			t.Errorf("told %q, want the end of the root last", got)
		}
	})
}

func TestOverlappingRootsAreRefused(t *testing.T) {
	base := mustTemp(t)
	a := filepath.Join(base, "a")
	mustMkdir(t, filepath.Join(a, "b"), filepath.Join(base, "ab"))
	if err := os.Symlink("a", filepath.Join(base, "link")); err != nil {
		t.Fatal(err)
	}
	w := mustNew(t, quietMask)
	mustAdd(t, w, a, filepath.Join(base, "ab"))
	for _, path := range []string{a, base, filepath.Join(a, "b"), filepath.Join(base, "link"), a + "/./b/.."} {
		err := w.Add(context.Background(), path)
		var pe *fs.PathError
		if !errors.Is(err, fs.ErrExist) || !errors.As(err, &pe) || pe.Path != path {
			t.Errorf("Add(%q) = %v, want a PathError that is fs.ErrExist", path, err)
		}
	}
	for path, want := range map[string]error{
		filepath.Join(base, "none"): fs.ErrNotExist, "": fs.ErrNotExist, "/proc/self/exe": unix.ENOTDIR,
	} {
		if err := w.Add(context.Background(), path); !errors.Is(err, want) {
			t.Errorf("Add(%q) = %v, want %v", path, err, want)
		}
	}
	if w.Len() != 3 {
		t.Errorf("%d directories watched, want 3", w.Len())
	}
}

func mustMount(t *testing.T, source, target, kind string, flags uintptr) {
	t.Helper()
	if err := unix.Mount(source, target, kind, flags, ""); err != nil {
		t.Skip("needs a file system that cannot be mounted here:", err)
	}
}

func TestAnUnmountedFileSystem(t *testing.T) {
	if !child(t, syscall.CLONE_NEWNS) {
		return
	}
	root := mustTemp(t)
	mount, other := filepath.Join(root, "mount"), filepath.Join(root, "other")
	mustMkdir(t, mount, other)
	mustMount(t, "none", mount, "tmpfs", 0)
	mustMount(t, "none", other, "tmpfs", 0)
	mustMkdir(t, filepath.Join(mount, "d"), filepath.Join(other, "d"))
	w := mustNew(t, quietMask)
	mustAdd(t, w, mount, other)
	if err := unix.Unmount(mount, 0); err != nil {
		t.Fatal(err)
	}
	mustTell(t, w, root, `UNMOUNT|ISDIR "mount"`)
	if w.Len() != 2 {
		t.Errorf("%d directories watched, want 2", w.Len())
	}
	inner := mustNew(t, quietMask)
	mustAdd(t, inner, root)
	if inner.Len() != 4 {
		t.Errorf("%d directories watched, want 4", inner.Len())
	}
	if err := unix.Unmount(other, 0); err != nil {
		t.Fatal(err)
	}
	mustTell(t, inner, root, `DELETE|ISDIR "other/d" (synthetic)`)
	if inner.Len() != 3 || kernelWatches(t, inner) != 3 {
		t.Errorf("%d directories, %d watches, want 3", inner.Len(), kernelWatches(t, inner))
	}
}

func TestOneFilesystemStaysOnIt(t *testing.T) {
	if !child(t, syscall.CLONE_NEWNS) {
		return
	}
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "m"), filepath.Join(root, "same"))
	mustMount(t, "none", filepath.Join(root, "m"), "tmpfs", 0)
	mustMkdir(t, filepath.Join(root, "m", "d"))
	w := mustNew(t, quietMask, WithOneFilesystem())
	mustAdd(t, w, root)
	mustMkdir(t, filepath.Join(root, "m", "e"))
	mustTell(t, w, root)
	if w.Len() != 2 {
		t.Errorf("%d directories watched, want 2: %q", w.Len(), w.t.paths())
	}
}
