package main

// This file tests a recording of a tree that changes, against the paths that are on the disk: the
// capture is decoded while it is written, and after each change the paths in it must be true.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/capture"
	"github.com/inoseq/inoseq/inotify"
)

// recording is a capture that is being written.
type recording struct {
	t      *testing.T
	c      *capture.Reader
	never  *time.Timer // ends a wait for what is not told
	head   capture.Head
	places *capture.Places
	rest   []string // told and not yet looked at
}

// mustRecord records dir with all below it until the test ends.
func mustRecord(t *testing.T, dir string) *recording {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		var stderr bytes.Buffer
		if status := run(ctx, []string{"record", "-r", "-q", "-o", "-", dir}, nil, w, &stderr); status != 0 || stderr.Len() > 0 {
			t.Errorf("status %d, standard error %q", status, &stderr)
		}
		w.Close()
	}()
	t.Cleanup(func() {
		cancel()
		_, _ = io.Copy(io.Discard, r)
		<-done
	})
	never := time.AfterFunc(timeout, func() { r.CloseWithError(errors.New("what is waited for was not told")) })
	t.Cleanup(func() { never.Stop() })
	rec := &recording{t: t, never: never, places: capture.NewPlaces()}
	var err error
	if rec.c, rec.head, err = capture.NewReader(r); err != nil {
		t.Fatal(err)
	}
	return rec
}

// until reads on until a watch or an event is told as want says: "watch PATH", "CREATE PATH".
func (r *recording) until(want string) {
	r.t.Helper()
	for {
		for len(r.rest) > 0 {
			told := r.rest[0]
			r.rest = r.rest[1:]
			if told == want {
				return
			}
		}
		r.more()
	}
}

// more reads a line of the capture.
func (r *recording) more() {
	r.t.Helper()
	r.never.Reset(timeout)
	entry, err := r.c.Next()
	if err != nil {
		r.t.Fatal(err)
	}
	switch entry := entry.(type) {
	case *capture.Watch:
		r.places.Set(*entry)
		r.rest = append(r.rest, "watch "+entry.Path)
	case *capture.Read:
		for rec, err := range inotify.Decode(entry.Raw, r.head.Order) {
			if err != nil {
				r.t.Fatal(err)
			}
			path, known := r.places.Tell(rec)
			if !known {
				path = "?"
			}
			r.rest = append(r.rest, (rec.Mask&^inotify.IsDir).String()+" "+path)
		}
	}
}

// changes are what can happen to a tree; dirs are the directories in it, the first is its root.
type changes struct {
	*recording
	rand *rand.Rand
	away string // a directory that is not watched
	dirs []string
	n    int
}

// any returns a directory below the root; it may be the root if that is asked for.
func (c *changes) any(root bool) string {
	if root || len(c.dirs) == 1 {
		return c.dirs[c.rand.Intn(len(c.dirs))]
	}
	return c.dirs[1+c.rand.Intn(len(c.dirs)-1)]
}

func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

func (c *changes) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// carry has what was below from be below to; nowhere if to is empty.
func (c *changes) carry(from, to string) {
	for i, dir := range c.dirs {
		if within(dir, from) {
			c.dirs[i] = ""
			if to != "" {
				c.dirs[i] = to + dir[len(from):]
			}
		}
	}
	c.dirs = slices.DeleteFunc(c.dirs, func(dir string) bool { return dir == "" })
}

func (c *changes) mkdir() {
	dir := filepath.Join(c.any(true), fmt.Sprint("d", c.n))
	c.must(os.MkdirAll(dir+"/x/y", 0o700))
	for _, made := range []string{dir, dir + "/x", dir + "/x/y"} {
		c.until("watch " + made)
		c.dirs = append(c.dirs, made)
	}
}

func (c *changes) rename() {
	from, into := c.any(false), c.any(true)
	to := filepath.Join(into, fmt.Sprint("r", c.n))
	if from == c.dirs[0] || within(into, from) {
		return
	}
	c.must(os.Rename(from, to))
	c.until("MOVE_SELF " + to)
	c.carry(from, to)
}

func (c *changes) exchange() {
	a, b := c.any(false), c.any(false)
	if a == c.dirs[0] || within(a, b) || within(b, a) {
		return
	}
	c.must(unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE))
	c.until("MOVE_SELF " + b)
	c.until("MOVE_SELF " + a)
	c.carry(a, "\x00")
	c.carry(b, a)
	c.carry("\x00", b)
}

func (c *changes) remove() {
	dir := c.any(false)
	if dir == c.dirs[0] {
		return
	}
	c.must(os.RemoveAll(dir))
	c.until("DELETE " + dir)
	c.carry(dir, "")
}

// leave moves a directory away, and back to another place.
func (c *changes) leave() {
	from := c.any(false)
	if from == c.dirs[0] {
		return
	}
	away := filepath.Join(c.away, fmt.Sprint("a", c.n))
	c.must(os.Rename(from, away))
	c.until("MOVE_SELF ?")
	gone := 0
	for _, dir := range c.dirs {
		if within(dir, from) {
			gone++
		}
	}
	for range gone {
		c.until("IGNORED ?")
	}
	was := slices.Clone(c.dirs)
	c.carry(from, "")
	to := filepath.Join(c.any(true), fmt.Sprint("b", c.n))
	c.must(os.Rename(away, to))
	want := make(map[string]bool)
	for _, dir := range was {
		if within(dir, from) {
			back := to + dir[len(from):]
			want["watch "+back] = true
			c.dirs = append(c.dirs, back)
		}
	}
	for len(want) > 0 { // in any order
		c.untilOne(want)
	}
}

// untilOne reads on until one of want is told, and takes it out.
func (c *changes) untilOne(want map[string]bool) {
	for {
		for i, told := range c.rest {
			if want[told] {
				delete(want, told)
				c.rest = c.rest[i+1:]
				return
			}
		}
		c.rest = nil
		c.more()
	}
}

func TestPathsInARecordingAreTrueWhateverIsRenamed(t *testing.T) {
	root, away := t.TempDir(), t.TempDir()
	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	c := &changes{recording: mustRecord(t, root), rand: rand.New(rand.NewSource(seed)), away: away, dirs: []string{root}}
	for c.n = range rounds {
		[]func(){c.mkdir, c.rename, c.rename, c.exchange, c.remove, c.leave}[c.rand.Intn(6)]()
		// Whatever happened, each directory is known at its path.
		file := filepath.Join(c.any(true), fmt.Sprint("f", c.n))
		c.must(os.WriteFile(file, nil, 0o600))
		c.until("CREATE " + file)
		c.must(os.Remove(file))
	}
	for _, dir := range c.dirs {
		file := filepath.Join(dir, "last")
		c.must(os.WriteFile(file, nil, 0o600))
		c.until("CREATE " + file)
	}
}
