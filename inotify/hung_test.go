//go:build linux

package inotify

// This file tests that a path lookup that hangs stalls its own caller alone.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// mustHang mounts a FUSE file system that answers nothing at dir. Release gives it up, so that calls
// that hang in it fail.
func mustHang(t *testing.T, dir string) (release func()) {
	t.Helper()
	fuse, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("needs /dev/fuse:", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fuse)
	if err := unix.Mount("hung", dir, "fuse", 0, options); err != nil {
		unix.Close(fuse)
		t.Skip("needs to mount FUSE:", err)
	}
	release = sync.OnceFunc(func() {
		must(t, unix.Close(fuse))
		must(t, unix.Unmount(dir, unix.MNT_DETACH))
	})
	t.Cleanup(release) // a test that has failed must not hang when it removes its directory
	return release
}

func TestAnAddThatHangsHoldsUpNobodyElse(t *testing.T) {
	inNamespaces(t, func(t *testing.T) {
		dir := t.TempDir()
		hung := filepath.Join(dir, "hung")
		must(t, os.Mkdir(hung, 0o700))
		release := mustHang(t, hung)
		w := mustNew(t)
		first := mustAdd(t, w, dir, Create)
		result := make(chan error, 2)
		for i := range 2 {
			go func() {
				_, err := w.Add(filepath.Join(hung, fmt.Sprint(i)), Create)
				result <- err
			}()
		}
		mustWait(t, "two Adds in flight", func() bool {
			w.stream.Mu.Lock()
			defer w.stream.Mu.Unlock()
			list := w.table.adds
			return list.oldest != nil && list.oldest != list.newest
		})

		// Other Adds, of watches whose descriptors are not known when their first events are read.
		got := make(chan string)
		loop := make(chan struct{})
		go func() {
			defer close(loop)
			for ev, err := range w.Events() {
				if err != nil {
					t.Error(err)
				}
				got <- ev.Mask.String() + " " + ev.Path()
			}
		}()
		for i := range 100 {
			sub := filepath.Join(dir, fmt.Sprint("sub", i))
			must(t, os.Mkdir(sub, 0o700))
			if text := <-got; text != "CREATE|ISDIR "+sub {
				t.Fatal(text)
			}
			writer := make(chan error)
			go func() { // makes its file as soon as the watch is there, or before
				defer close(writer)
				for j := 0; ; j++ {
					select {
					case writer <- nil:
						return
					default:
						os.Chmod(sub, 0o700)
					}
				}
			}()
			wt := mustAdd(t, w, sub, Attrib|OneShot)
			if text := <-got; text != "ATTRIB|ISDIR "+sub {
				t.Fatal(text)
			}
			if text := <-got; text != "IGNORED "+sub {
				t.Fatal(text)
			}
			<-writer
			<-writer
			must(t, wt.Remove())
		}
		must(t, first.Remove())
		if text := <-got; text != "IGNORED "+dir {
			t.Fatal(text)
		}
		for range w.EventsUntilIdle(background, 0) {
			t.Error("an event out of nothing")
		}

		mustPark(t, w, 0)
		must(t, w.Close())
		<-loop
		select {
		case err := <-result:
			t.Fatalf("an Add that hangs came back: %v", err)
		default:
		}
		if _, err := w.Add(dir, Create); !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
		open := openInstances(t)
		release()
		for range 2 {
			if err := <-result; !errors.Is(err, os.ErrClosed) {
				t.Error(err)
			}
		}
		if now := openInstances(t); open != 1 || now != 0 {
			t.Errorf("%d instances open before the last call came back, %d after", open, now)
		}
	})
}

func openInstances(t *testing.T) (n int) {
	for _, target := range openFiles() {
		if target == "anon_inode:inotify" {
			n++
		}
	}
	return n
}
