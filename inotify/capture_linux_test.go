//go:build linux

package inotify

// This file makes the captures in testdata/captures: it plays short sessions before the kernel and
// keeps what WithTap shows. To make them anew, on a little-endian machine:
//
//	INOSEQ_CAPTURE=write go test -run Captures ./inotify
//
// Without the variable it plays the sessions as well, and holds the captures against what this
// kernel tells.

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// session is something to capture. Play makes changes below dir and adds watches as it likes.
type session struct {
	name string
	play func(t *testing.T, w *Watcher, dir string)
}

var sessions = []session{
	{"file", playFile},
	{"directories", playDirectories},
	{"exchange", playExchange},
	{"links", playLinks},
	{"names", playNames},
	{"long-name", playLongName},
	{"ends", playEnds},
}

func TestCapturesAreWhatTheKernelTells(t *testing.T) {
	for _, s := range sessions {
		t.Run(s.name, func(t *testing.T) {
			raw := mustCapture(t, func(w *Watcher, drain func()) {
				s.play(t, w, t.TempDir())
				drain()
			})
			mustAgree(t, s.name, raw)
		})
	}
}

func TestCapturesOfAnOverflowAreWhatTheKernelTells(t *testing.T) {
	limits, err := ReadLimits()
	if err != nil || limits.MaxQueuedEvents > 1<<17 {
		t.Skipf("cannot overflow a queue of %d events: %v", limits.MaxQueuedEvents, err)
	}
	dir := t.TempDir()
	raw := mustCapture(t, func(w *Watcher, drain func()) {
		mustTouch(t, dir, "even", "odd")
		mustAdd(t, w, dir, AllEvents)
		// Counted down, so that the last change that finds room has the same name on every machine.
		for i := limits.MaxQueuedEvents + 9; i > 0; i-- {
			must(t, os.Chmod(filepath.Join(dir, []string{"even", "odd"}[i%2]), 0o600))
		}
		drain()
		mustTouch(t, dir, "after")
		drain()
	})
	mustAgree(t, "overflow", shorten(t, raw, 6))
}

// mustCapture returns what the kernel told while play ran.
func mustCapture(t *testing.T, play func(w *Watcher, drain func())) (raw []byte) {
	t.Helper()
	w := mustNew(t, WithTap(func(read []byte) { raw = append(raw, read...) }))
	play(w, func() {
		for _, err := range w.EventsUntilIdle(context.Background(), 0) {
			if err != nil && err != ErrOverflow {
				t.Fatal(err)
			}
		}
	})
	return raw
}

// mustAgree compares raw with the capture of that name, or writes it.
func mustAgree(t *testing.T, name string, raw []byte) {
	t.Helper()
	recs, err := mustTell(t, Decode(raw, binary.NativeEndian))
	if err != nil || len(recs) == 0 {
		t.Fatalf("%d records, %v", len(recs), err)
	}
	if again := mustAppend(t, recs); string(again) != string(raw) {
		t.Errorf("the kernel wrote %q\nAppendRecord   %q", raw, again)
	}
	if os.Getenv("INOSEQ_CAPTURE") == "write" {
		if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
			t.Fatal("captures are little-endian")
		}
		file := filepath.Join(captureDir, name)
		must(t, os.MkdirAll(captureDir, 0o777))
		must(t, os.WriteFile(file+".bin", raw, 0o666))
		must(t, os.WriteFile(file+".txt", []byte(listing(recs)), 0o666))
		return
	}
	kept, err := mustTell(t, Decode(mustReadCaptures(t)[name], binary.LittleEndian))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := listing(comparable(recs)), listing(comparable(kept)); got != want {
		t.Errorf("the kernel tells\n%sthe capture holds\n%s", got, want)
	}
}

// comparable returns recs without what may differ from kernel to kernel: cookies are numbered as
// they come, and records of one watch stand together.
func comparable(recs []told) []told {
	numbers := map[uint32]uint32{0: 0}
	recs = slices.Clone(recs)
	for i := range recs {
		cookie := recs[i].Cookie
		if _, ok := numbers[cookie]; !ok {
			numbers[cookie] = uint32(len(numbers))
		}
		recs[i].Cookie = numbers[cookie]
	}
	slices.SortStableFunc(recs, func(a, b told) int { return cmp.Compare(a.WD, b.WD) })
	return recs
}

// shorten leaves only n records before the overflow in raw.
func shorten(t *testing.T, raw []byte, n int) []byte {
	t.Helper()
	recs, err := mustTell(t, Decode(raw, binary.NativeEndian))
	i := slices.Index(recs, told{-1, QueueOverflow, 0, ""})
	if err != nil || i < n {
		t.Fatalf("overflow at %d of %d records, %v", i, len(recs), err)
	}
	return raw[len(mustAppend(t, recs[:i-n])):]
}

func playFile(t *testing.T, w *Watcher, dir string) {
	mustAdd(t, w, dir, AllEvents)
	name := filepath.Join(dir, "file")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	must(t, err)
	_, err = f.WriteString("text")
	must(t, err)
	must(t, f.Chmod(0o600))
	must(t, f.Close())
	must(t, os.Rename(name, name+".bak"))
	must(t, os.Remove(name+".bak"))
}

func playDirectories(t *testing.T, w *Watcher, dir string) {
	mustAdd(t, w, dir, AllEvents)
	sub, other := filepath.Join(dir, "sub"), filepath.Join(dir, "other")
	must(t, os.Mkdir(sub, 0o777))
	must(t, os.Mkdir(other, 0o777))
	mustAdd(t, w, sub, AllEvents)
	mustAdd(t, w, other, AllEvents)
	inner := filepath.Join(sub, "inner")
	must(t, os.Mkdir(inner, 0o777))
	mustAdd(t, w, inner, AllEvents)
	must(t, os.Rename(inner, filepath.Join(other, "moved")))
	must(t, os.Rename(sub, filepath.Join(other, "sub-moved")))
	must(t, os.Remove(filepath.Join(other, "moved")))
	must(t, os.Remove(filepath.Join(other, "sub-moved")))
	must(t, os.Remove(other))
}

func playExchange(t *testing.T, w *Watcher, dir string) {
	mustTouch(t, dir, "file")
	sub := filepath.Join(dir, "sub")
	must(t, os.Mkdir(sub, 0o777))
	mustAdd(t, w, dir, AllEvents)
	mustAdd(t, w, sub, AllEvents)
	err := unix.Renameat2(unix.AT_FDCWD, filepath.Join(dir, "file"), unix.AT_FDCWD, sub, unix.RENAME_EXCHANGE)
	if err != nil {
		t.Skipf("no RENAME_EXCHANGE here: %v", err)
	}
}

func playLinks(t *testing.T, w *Watcher, dir string) {
	mustTouch(t, dir, "first")
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	mustAdd(t, w, dir, AllEvents)
	mustAdd(t, w, first, AllEvents)
	if err := os.Link(first, second); err != nil {
		t.Skipf("no hard links here: %v", err)
	}
	must(t, os.Symlink("second", filepath.Join(dir, "symbolic")))
	must(t, os.Chmod(second, 0o600))
	must(t, os.Remove(first))
	must(t, os.Remove(second))
}

// playNames has names that are no text, that would write to a terminal, and that end where a
// record's padding begins.
func playNames(t *testing.T, w *Watcher, dir string) {
	mustAdd(t, w, dir, Create|Delete)
	for _, name := range []string{
		"\xff\xfe", "caf\u00e9", "caf\xe9", "line\nfeed", "\x1b[2J", `"quoted"`, " blank ", "CREATE|0x1",
		strings.Repeat("x", 15), strings.Repeat("x", 16), strings.Repeat("x", 17),
	} {
		err := os.Mkdir(filepath.Join(dir, name), 0o777)
		if errors.Is(err, unix.EILSEQ) || errors.Is(err, fs.ErrInvalid) {
			t.Skipf("no name %q here: %v", name, err)
		}
		must(t, err)
		must(t, os.Remove(filepath.Join(dir, name)))
	}
}

func playLongName(t *testing.T, w *Watcher, dir string) {
	mustAdd(t, w, dir, Create|MovedFrom|MovedTo)
	name := filepath.Join(dir, strings.Repeat("n", 255))
	if err := os.Mkdir(name, 0o777); err != nil {
		t.Skipf("no names of 255 bytes here: %v", err)
	}
	must(t, os.Rename(name, filepath.Join(dir, strings.Repeat("m", 254))))
}

// playEnds has the ways in which a watch ends.
func playEnds(t *testing.T, w *Watcher, dir string) {
	mustTouch(t, dir, "once", "removed", "deleted")
	mustAdd(t, w, filepath.Join(dir, "once"), Attrib|OneShot)
	removed := mustAdd(t, w, filepath.Join(dir, "removed"), Attrib)
	mustAdd(t, w, filepath.Join(dir, "deleted"), DeleteSelf)
	must(t, os.Chmod(filepath.Join(dir, "once"), 0o600))
	must(t, os.Chmod(filepath.Join(dir, "removed"), 0o600))
	must(t, removed.Remove())
	must(t, os.Remove(filepath.Join(dir, "deleted")))
}
