//go:build linux

package tree_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// A tree is told as it changes: what is made at once with all its parents, and a rename as a rename.
func Example() {
	root, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)

	w, err := tree.New(inotify.Create | inotify.Delete | inotify.Move)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	if err := w.Add(context.Background(), root); err != nil {
		log.Fatal(err)
	}

	os.MkdirAll(filepath.Join(root, "a", "b"), 0o755)
	os.WriteFile(filepath.Join(root, "a", "b", "file"), nil, 0o644)
	os.Rename(filepath.Join(root, "a"), filepath.Join(root, "z"))

	// Usually a loop over w.Events() that runs for as long as the program.
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(strings.ReplaceAll(ev.String(), root, "/srv"))
	}
	// Output:
	// CREATE|ISDIR "/srv/a"
	// MOVED_TO|ISDIR "/srv/z" from "/srv/a"
	// CREATE|ISDIR "/srv/z/b" (synthetic)
	// CREATE "/srv/z/b/file" (synthetic)
}

// What is skipped is neither told nor watched.
func ExampleWithSkip() {
	root, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	os.MkdirAll(filepath.Join(root, ".git", "objects"), 0o755)
	os.Mkdir(filepath.Join(root, "src"), 0o755)

	w, err := tree.New(inotify.Create, tree.WithSkip(func(path string, isDir bool) bool {
		return isDir && filepath.Base(path) == ".git"
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	if err := w.Add(context.Background(), root); err != nil {
		log.Fatal(err)
	}
	for dir := range w.Dirs() {
		fmt.Println(strings.Replace(dir, root, "/srv", 1))
	}
	fmt.Println(w.Len(), "watches")
	// Unordered output:
	// /srv
	// /srv/src
	// 2 watches
}

// After an overflow the loop goes on: what was lost is looked up and told. One directory that may not be
// read does not end it either.
func ExampleDirError() {
	w, err := tree.New(inotify.AllEvents)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	handle := func(ev tree.Event, err error) error {
		var dirError *tree.DirError
		switch {
		case errors.Is(err, inotify.ErrOverflow):
			return nil // what comes next says what has changed, with ev.Synthetic
		case errors.As(err, &dirError):
			log.Print(dirError) // it is tried again when its permissions change
			return nil
		}
		return err
	}
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		if err := handle(ev, err); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("nothing is watched yet")
	// Output:
	// nothing is watched yet
}
