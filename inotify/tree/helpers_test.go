//go:build linux

package tree

// This file holds what the tests share.

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/inoseq/inoseq/inotify"
)

// TestMain fails when a test leaves a descriptor open.
func TestMain(m *testing.M) {
	if w, err := New(inotify.Create); err == nil { // the first opens the runtime's poller, which stays
		w.Close()
	}
	before := openFiles()
	code := m.Run()
	if after := openFiles(); code == 0 && after > before {
		fmt.Printf("FAIL: %d descriptors open before the tests, %d after\n", before, after)
		code = 1
	}
	os.Exit(code)
}

func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

func mustNew(t testing.TB, mask inotify.Mask, opts ...Option) *Watcher {
	t.Helper()
	w, err := New(mask, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// mustTemp makes a directory on tmpfs, or where t.TempDir is if there is none.
func mustTemp(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "inoseq")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func mustAdd(t testing.TB, w *Watcher, roots ...string) {
	t.Helper()
	for _, r := range roots {
		if err := w.Add(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
}

func mustMkdir(t testing.TB, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := os.MkdirAll(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func mustWrite(t testing.TB, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := os.WriteFile(p, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func mustRename(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// mustEqualDisk fails if the picture is not the disk, or something on the way was wrong.
func (p *picture) mustEqualDisk(t testing.TB) {
	t.Helper()
	if diffs := append(p.differences(), p.faults...); len(diffs) > 0 {
		t.Errorf("%d differences and faults after %d events:\n%s", len(diffs), p.events,
			strings.Join(diffs[:min(len(diffs), 20)], "\n"))
	}
}

// told returns what is told until nothing is queued, as strings without the root.
func told(t testing.TB, w *Watcher, root string) []string {
	t.Helper()
	var all []string
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		line := ev.String()
		if err != nil {
			line += " error: " + err.Error()
		}
		all = append(all, strings.ReplaceAll(line, root+"/", ""))
	}
	return all
}

func mustTell(t testing.TB, w *Watcher, root string, want ...string) {
	t.Helper()
	if got := told(t, w, root); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// counted counts what is asked of a disk.
type counted struct {
	disk
	n int
}

func (c *counted) openRoot(path string) (int, error) { c.n++; return c.disk.openRoot(path) }
func (c *counted) open(dir int, rel []byte) (int, bool, error) {
	c.n++
	return c.disk.open(dir, rel)
}
func (c *counted) watch(fd int, mask inotify.Mask) (int32, bool, error) {
	c.n++
	return c.disk.watch(fd, mask)
}
func (c *counted) kind(dir int, name []byte) (bool, bool, error) {
	c.n++
	return c.disk.kind(dir, name)
}

// calls returns how often something was asked of the disk so far, reads of the queue not counted. It
// counts from its first call on.
func (t *tree) calls() int {
	c, ok := t.disk.(*counted)
	if !ok {
		c = &counted{disk: t.disk}
		t.disk = c
	}
	return c.n
}
