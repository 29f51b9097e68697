//go:build linux

package inotify_test

// This file holds the examples of the package page that need a kernel.

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// tempDir makes a directory for an example. A program watches one that is there.
func tempDir() string {
	dir, err := os.MkdirTemp("", "inotify-example")
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

// watched returns a Watcher that watches dir.
func watched(dir string, mask inotify.Mask) *inotify.Watcher {
	w, err := inotify.New()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := w.Add(dir, mask); err != nil {
		log.Fatal(err)
	}
	return w
}

// touch makes an empty file.
func touch(dir, name string) {
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
		log.Fatal(err)
	}
}

func ExampleWatcher_Events() {
	dir := tempDir()
	defer os.RemoveAll(dir)

	w, err := inotify.New()
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Add(dir, inotify.Create|inotify.CloseWrite); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hello"), []byte("hello\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	for ev, err := range w.Events() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Mask, ev.Name)
		if ev.Has(inotify.CloseWrite) {
			break // what comes later waits for the next loop
		}
	}
	// Output:
	// CREATE hello
	// CLOSE_WRITE hello
}

func ExampleWatcher_EventsContext() {
	dir := tempDir()
	defer os.RemoveAll(dir)
	w := watched(dir, inotify.Create)
	defer w.Close()

	enough := errors.New("seen enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	touch(dir, "hello")
	touch(dir, "waits for the next loop")
	for ev, err := range w.EventsContext(ctx) {
		if errors.Is(err, enough) {
			fmt.Println(err)
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Mask, ev.Name)
		cancel(enough) // here, or in any other goroutine
	}
	// Output:
	// CREATE hello
	// seen enough
}

func ExampleWatcher_EventsUntilIdle() {
	dir := tempDir()
	defer os.RemoveAll(dir)
	w := watched(dir, inotify.Create|inotify.Delete)
	defer w.Close()

	touch(dir, "a")
	os.Remove(filepath.Join(dir, "a"))
	// What is queued now, without waiting.
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev.Mask, ev.Name)
	}
	// Output:
	// CREATE a
	// DELETE a
}

// Stepping by hand: for a program whose own loop asks for the next event when it wants it.
func ExampleWatcher_Events_pull2() {
	dir := tempDir()
	defer os.RemoveAll(dir)
	w := watched(dir, inotify.Create)
	defer w.Close()

	next, stop := iter.Pull2(w.Events())
	defer stop()
	for _, name := range []string{"first", "second"} {
		touch(dir, name)
		ev, err, more := next()
		if err != nil || !more {
			log.Fatal(err)
		}
		fmt.Println(ev.Mask, ev.Name)
	}
	// Output:
	// CREATE first
	// CREATE second
}

// One action for many changes: a rebuild, a reload, a sync.
func ExampleWatcher_Batches() {
	dir := tempDir()
	defer os.RemoveAll(dir)
	w := watched(dir, inotify.Create)
	defer w.Close()

	for _, name := range []string{"a", "b", "c"} {
		touch(dir, name)
	}
	o := inotify.BatchOptions{Quiet: 10 * time.Millisecond}
	for batch, err := range w.Batches(context.Background(), o) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(batch), "changes, the last in", batch[len(batch)-1].Name)
		break
	}
	// Output:
	// 3 changes, the last in c
}

// What is watched is the file that is open: its name may have changed.
func ExampleWatcher_AddFile() {
	dir := tempDir()
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, "app.log"))
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	os.Rename(f.Name(), filepath.Join(dir, "app.log.1"))

	w, err := inotify.New()
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	wt, err := w.AddFile(f, inotify.Modify|inotify.OneShot)
	if err != nil {
		log.Fatal(err)
	}
	wt.SetPath("the open log")
	fmt.Fprintln(f, "one more line")
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ev)
	}
	// Output:
	// MODIFY "the open log"
	// IGNORED "the open log"
}

// After an overflow the sequence goes on, and the program looks at the disk again.
func ExampleWatcher_Events_overflow() {
	dir := tempDir()
	defer os.RemoveAll(dir)
	w := watched(dir, inotify.Create|inotify.Delete|inotify.Attrib)
	defer w.Close()

	touch(dir, "a")
	touch(dir, "b")
	limits, err := inotify.ReadLimits()
	if err != nil {
		log.Fatal(err)
	}
	for i := range limits.MaxQueuedEvents { // more than the queue holds, as nobody reads
		os.Chmod(filepath.Join(dir, string("ab"[i%2])), 0o600)
	}
	os.Remove(filepath.Join(dir, "a")) // nobody will be told

	known := make(map[string]bool)
	for ev, err := range w.Events() {
		switch {
		case errors.Is(err, inotify.ErrOverflow):
			clear(known)
			entries, err := os.ReadDir(dir)
			if err != nil {
				log.Fatal(err)
			}
			for _, e := range entries {
				known[e.Name()] = true
			}
			touch(dir, "last")
		case err != nil:
			log.Fatal(err)
		case ev.Has(inotify.Create):
			known[ev.Name] = true
		case ev.Has(inotify.Delete):
			delete(known, ev.Name)
		}
		if ev.Name == "last" {
			break
		}
	}
	fmt.Println(known)
	// Output:
	// map[b:true last:true]
}
