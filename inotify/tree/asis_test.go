//go:build linux

package tree

// This file holds what is told as the kernel has it: each sentence that WithRecords, AddFile and Split
// promise. That nothing goes wrong under random changes is in asis_churn_test.go.

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// mustAsIs watches root as the kernel tells it, without the events of reading.
func mustAsIs(t *testing.T, mask inotify.Mask, root string, opts ...Option) *Watcher {
	t.Helper()
	w := mustNew(t, mask, append(opts, WithRecords())...)
	mustAdd(t, w, root)
	return w
}

func mustRemove(t *testing.T, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRecordsTellADirectorysOwnEndWithASlash(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "a", "b"))
	w := mustAsIs(t, quietMask, root)
	mustRemove(t, filepath.Join(root, "a", "b"))
	mustTell(t, w, root, `DELETE_SELF "a/b/"`, `IGNORED "a/b/"`, `DELETE|ISDIR "a/b"`)
}

func TestRecordsAlwaysTellIgnoredAndNothingElseThatWasNotAskedFor(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "a"))
	w := mustAsIs(t, inotify.Modify, root)
	mustRemove(t, filepath.Join(root, "a"))
	mustTell(t, w, root, `IGNORED "a/"`)
}

func TestRecordsTellADirectorysOwnMoveAtItsOldPlaceAndAttributes(t *testing.T) {
	root := mustTemp(t)
	a := filepath.Join(root, "a")
	mustMkdir(t, a)
	w := mustAsIs(t, quietMask|inotify.Attrib|inotify.MoveSelf, root)
	if err := os.Chmod(a, 0o700); err != nil {
		t.Fatal(err)
	}
	mustTell(t, w, root, `ATTRIB|ISDIR "a"`, `ATTRIB|ISDIR "a/"`)
	mustRename(t, a, filepath.Join(root, "b"))
	mustTell(t, w, root, `MOVED_TO|ISDIR "b" from "a"`, `MOVE_SELF "b/"`)
}

func TestRecordsTellTheEndOfARootOnce(t *testing.T) {
	root := mustTemp(t)
	r := filepath.Join(root, "r")
	mustMkdir(t, r)
	w := mustAsIs(t, inotify.AllEvents, r)
	mustRemove(t, r)
	mustTell(t, w, root, `DELETE_SELF "r/"`, `IGNORED "r/"`)
}

func TestRecordsTellAnExchangeInTwoEventsWithTheirOwnCookies(t *testing.T) {
	root := mustTemp(t)
	d, f := filepath.Join(root, "d"), filepath.Join(root, "f")
	mustMkdir(t, d)
	mustWrite(t, f)
	w := mustAsIs(t, inotify.Move, root)
	if err := exchange(d, f); err != nil {
		t.Fatal(err)
	}
	var told []string
	var cookies []uint32
	for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, strings.ReplaceAll(ev.String(), root+"/", ""))
		cookies = append(cookies, ev.Cookie)
	}
	slices.Sort(told)
	want := []string{`MOVED_TO "d" from "f" (exchange)`, `MOVED_TO|ISDIR "f" from "d" (exchange)`}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if len(cookies) == 2 && (cookies[0] == 0 || cookies[1] == 0 || cookies[0] == cookies[1]) {
		t.Errorf("cookies %v are not two", cookies)
	}
}

func TestRecordsTellTheClosingOfARemovedFile(t *testing.T) {
	root := mustTemp(t)
	f, err := os.Create(filepath.Join(root, "f"))
	if err != nil {
		t.Fatal(err)
	}
	w := mustAsIs(t, inotify.Delete|inotify.CloseWrite, root)
	mustRemove(t, f.Name())
	f.Close()
	mustTell(t, w, root, `DELETE "f"`, `CLOSE_WRITE "f"`)
}

func TestRecordsTellOneReadingOfANewDirectoryByItsParent(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "old", "below"))
	w := mustAsIs(t, inotify.AllEvents, root)
	mustTell(t, w, root) // the set-up is not told
	mustMkdir(t, filepath.Join(root, "a"))
	mustTell(t, w, root, `CREATE|ISDIR "a"`, `OPEN|ISDIR "a"`, `ACCESS|ISDIR "a"`, `CLOSE_NOWRITE|ISDIR "a"`)
	if _, err := os.ReadDir(filepath.Join(root, "a")); err != nil { // now it tells of others itself, too
		t.Fatal(err)
	}
	got := told(t, w, root)
	for _, want := range []string{`OPEN|ISDIR "a"`, `OPEN|ISDIR "a/"`, `CLOSE_NOWRITE|ISDIR "a"`, `CLOSE_NOWRITE|ISDIR "a/"`} {
		if !slices.Contains(got, want) {
			t.Errorf("told %q, want %s", got, want)
		}
	}
}

func TestRecordsTellNothingMoreOfADirectoryThatIsHeldAndRemoved(t *testing.T) {
	root := mustTemp(t)
	a := filepath.Join(root, "a")
	mustMkdir(t, a)
	w := mustAsIs(t, quietMask, root)
	f, err := os.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	mustRemove(t, a)
	mustTell(t, w, root, `DELETE|ISDIR "a"`)
	f.Close()
	mustTell(t, w, root)
	if n := kernelWatches(t, w); n != 1 || w.Len() != 1 {
		t.Errorf("%d watches, Len %d, want 1", n, w.Len())
	}
}

func TestRecordsTellTheEndOfADirectoryThatARenameReplaced(t *testing.T) {
	root := mustTemp(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	mustMkdir(t, a, b)
	w := mustAsIs(t, inotify.Move|inotify.DeleteSelf, root)
	if err := unix.Rename(a, b); err != nil { // os.Rename would not
		t.Fatal(err)
	}
	mustTell(t, w, root, `MOVED_TO|ISDIR "b" from "a"`, `DELETE_SELF "b/"`, `IGNORED "b/"`)
	mustMkdir(t, filepath.Join(b, "c")) // what has taken the place is watched
	told(t, w, root)
	if got := slices.Collect(w.Dirs()); !slices.Equal(got, []string{root, b, filepath.Join(b, "c")}) {
		t.Errorf("Dirs %q", got)
	}
}

func TestRecordsTellTheEndOfAReplacedDirectoryWhereItsParentIs(t *testing.T) {
	root := mustTemp(t)
	a, b := filepath.Join(root, "p", "a"), filepath.Join(root, "p", "b")
	mustMkdir(t, a, b)
	w := mustAsIs(t, quietMask, root)
	f, err := os.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Rename(a, b); err != nil {
		t.Fatal(err)
	}
	mustRename(t, filepath.Join(root, "p"), filepath.Join(root, "q"))
	f.Close() // now its end is queued
	mustTell(t, w, root, `MOVED_TO|ISDIR "p/b" from "p/a"`, `MOVE_SELF "p/b/"`, `MOVED_TO|ISDIR "q" from "p"`, `MOVE_SELF "q/"`,
		`DELETE_SELF "q/b/"`, `IGNORED "q/b/"`)
}

func TestRecordsTellNothingMoreOfADirectoryThatIsHeldAndReplaced(t *testing.T) {
	root := mustTemp(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	mustMkdir(t, a, b)
	w := mustAsIs(t, inotify.Move|inotify.DeleteSelf, root)
	f, err := os.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Rename(a, b); err != nil {
		t.Fatal(err)
	}
	mustTell(t, w, root, `MOVED_TO|ISDIR "b" from "a"`)
	f.Close()
	mustTell(t, w, root)
}

func TestRecordsAlwaysTellUnmount(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "a"))
	w := mustAsIs(t, inotify.Modify, root)
	w.t.work.Lock()
	n := w.t.st.watched(2) // descriptors count from 1
	w.t.work.Unlock()
	if n == 0 {
		t.Fatal("no watch 2")
	}
	w.stream.Mu.Lock() // nothing is unmounted: the record is as the kernel's would be
	inbox, err := inotify.AppendRecord(w.src.inbox, inotify.Record{WD: 2, Mask: inotify.Unmount}, binary.NativeEndian)
	w.src.inbox = inbox
	w.stream.Mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	mustTell(t, w, root, `UNMOUNT "a/"`)
}

func TestAddFileNeedsRecords(t *testing.T) {
	w := mustNew(t, quietMask)
	if err := w.AddFile(mustTemp(t), quietMask); err == nil || !strings.Contains(err.Error(), "WithRecords") {
		t.Errorf("error %v", err)
	}
}

func TestAddFileWatchesWhatALinkLeadsToOrTheLink(t *testing.T) {
	root := mustTemp(t)
	f, l := filepath.Join(root, "f"), filepath.Join(root, "l")
	mustWrite(t, f)
	if err := os.Symlink(f, l); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		mask inotify.Mask
		want []string
	}{
		{inotify.Modify, []string{`MODIFY "l"`}},
		{inotify.Modify | inotify.DontFollow, nil},
	} {
		w := mustNew(t, quietMask, WithRecords())
		if err := w.AddFile(l, tt.mask); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		got := told(t, w, root)
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], root+"/", "")
		}
		if got = slices.Compact(got); !slices.Equal(got, tt.want) {
			t.Errorf("%v: told %q, want %q", tt.mask, got, tt.want)
		}
	}
}

func TestAddFileSharesTheQueueAndEndsWithTheFile(t *testing.T) {
	root := mustTemp(t)
	d, f := filepath.Join(root, "d"), filepath.Join(root, "f")
	mustMkdir(t, d)
	mustWrite(t, f)
	w := mustAsIs(t, inotify.AllEvents&^readMask, d)
	if err := w.AddFile(f, inotify.AllEvents&^readMask); err != nil {
		t.Fatal(err)
	}
	mustMkdir(t, filepath.Join(d, "a"))
	mustRemove(t, f)
	mustMkdir(t, filepath.Join(d, "b"))
	mustTell(t, w, root, `CREATE|ISDIR "d/a"`, `ATTRIB "f"`, `DELETE_SELF "f"`, `IGNORED "f"`, `CREATE|ISDIR "d/b"`)
}

func TestAddFileOfADirectoryTellsItWithoutWhatIsInIt(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "d", "deep"))
	w := mustNew(t, quietMask, WithRecords())
	if err := w.AddFile(filepath.Join(root, "d"), inotify.Attrib); err != nil {
		t.Fatal(err)
	}
	if n := kernelWatches(t, w); n != 1 {
		t.Errorf("%d watches, want 1", n)
	}
	mustMkdir(t, filepath.Join(root, "d", "deep", "er"))
	mustTell(t, w, root)
}

func TestAddFileOfWhatATreeHasIsNoSecondWatch(t *testing.T) {
	root := mustTemp(t)
	mustMkdir(t, filepath.Join(root, "d"))
	w := mustAsIs(t, inotify.Create, root)
	if err := w.AddFile(filepath.Join(root, "d"), inotify.Create); err != nil {
		t.Fatal(err)
	}
	mustMkdir(t, filepath.Join(root, "d", "a"))
	mustTell(t, w, root, `CREATE|ISDIR "d/a"`)
	if n := kernelWatches(t, w); n != 3 {
		t.Errorf("%d watches, want 3", n)
	}
}

func TestAddFileOfWhatATreeTakesInLaterIsTheTrees(t *testing.T) {
	root := mustTemp(t)
	d := filepath.Join(root, "d")
	mustMkdir(t, d)
	w := mustNew(t, inotify.Create, WithRecords())
	if err := w.AddFile(d, inotify.Attrib); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, w, root)
	mustMkdir(t, filepath.Join(d, "a", "b"))
	mustTell(t, w, root, `CREATE|ISDIR "d/a"`, `CREATE|ISDIR "d/a/b" (synthetic)`)
	if n := kernelWatches(t, w); n != 4 || w.Len() != 4 {
		t.Errorf("%d watches, Len %d, want 4", n, w.Len())
	}
}

func TestAddFileSaysWhatCannotBeWatched(t *testing.T) {
	w := mustNew(t, quietMask, WithRecords())
	path := filepath.Join(mustTemp(t), "none")
	if err := w.AddFile(path, quietMask); !os.IsNotExist(err) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	w.Close()
	if err := w.AddFile(path, quietMask); err == nil {
		t.Error("a closed Watcher takes a file")
	}
}

func TestSplitTellsWhatIsWatchedFromTheNameInIt(t *testing.T) {
	for _, tt := range []struct {
		ev            Event
		watched, name string
	}{
		{Event{Path: "r/a/f"}, "r/a/", "f"},
		{Event{Path: "r/a/", watched: 4}, "r/a/", ""},
		{Event{Path: "dir/file", watched: 8}, "dir/file", ""},
		{Event{Path: "/f"}, "/", "f"},
		{Event{}, "", ""},
	} {
		if watched, name := tt.ev.Split(); watched != tt.watched || name != tt.name {
			t.Errorf("%+v: %q, %q, want %q, %q", tt.ev, watched, name, tt.watched, tt.name)
		}
	}
	if watched, name := (Event{Path: "r/b", From: "r/a/old"}).SplitFrom(); watched != "r/a/" || name != "old" {
		t.Errorf("from %q, %q", watched, name)
	}
}

func TestSplitOfWhatIsTold(t *testing.T) {
	root := mustTemp(t)
	d, f := filepath.Join(root, "d"), filepath.Join(root, "f")
	mustMkdir(t, filepath.Join(d, "a"))
	mustWrite(t, f)
	w := mustAsIs(t, quietMask, d)
	if err := w.AddFile(f, inotify.DeleteSelf); err != nil {
		t.Fatal(err)
	}
	mustRename(t, filepath.Join(d, "a"), filepath.Join(d, "b"))
	mustRemove(t, filepath.Join(d, "b"), f)
	var got []string
	for ev := range w.EventsUntilIdle(context.Background(), 0) {
		watched, name := ev.Split()
		line := ev.Mask.String() + " " + strings.TrimPrefix(watched, root+"/") + " " + name
		if ev.From != "" {
			watched, name := ev.SplitFrom()
			line += " " + strings.TrimPrefix(watched, root+"/") + " " + name
		}
		got = append(got, line)
	}
	want := []string{
		"MOVED_TO|ISDIR d/ b d/ a", "MOVE_SELF d/b/ ", "DELETE_SELF d/b/ ", "IGNORED d/b/ ", "DELETE|ISDIR d/ b", "DELETE_SELF f ", "IGNORED f ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("told\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
