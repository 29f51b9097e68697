//go:build linux

package tree

// This file tests lookups that race with renames.

import (
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// The kernel says EXDEV of a mount, and of what leaves the directory below which it is looked up. Of so many
// lookups, dozens meet that, on two processors.
func TestADirectoryThatChangesPlacesWithOneOutsideIsNoMount(t *testing.T) {
	base := mustTemp(t)
	in, out := filepath.Join(base, "in", "d"), filepath.Join(base, "out", "d")
	mustMkdir(t, filepath.Join(in, "e"), filepath.Join(out, "e"))
	at, err := unix.Open(filepath.Join(base, "in"), openFlags, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(at)
	var stop atomic.Bool
	stopped := make(chan error)
	go func() {
		var err error
		for err == nil && !stop.Load() {
			err = exchange(in, out)
		}
		stopped <- err
	}()
	d := &system{}
	for i := range 100_000 {
		name := []string{"d", "d/e"}[i%2]
		fd, mount, err := d.open(at, []byte(name))
		if err != nil || mount {
			t.Errorf("lookup %d of %s: mount %t, %v", i, name, mount, err)
			break
		}
		unix.Close(fd)
	}
	stop.Store(true)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
