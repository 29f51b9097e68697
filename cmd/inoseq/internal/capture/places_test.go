package capture

// This file tests where watches stand after what the kernel tells of renames. The same against the
// kernel itself is in record_test.go of the tool.

import (
	"slices"
	"testing"

	"github.com/inoseq/inoseq/inotify"
)

const (
	fromDir = inotify.MovedFrom | inotify.IsDir
	toDir   = inotify.MovedTo | inotify.IsDir
)

// told applies records: wd, mask, cookie and name of each.
func told(p *Places, records ...any) (paths []string) {
	for i := 0; i < len(records); i += 4 {
		rec := inotify.Record{
			WD: int32(records[i].(int)), Mask: records[i+1].(inotify.Mask), Cookie: uint32(records[i+2].(int)),
			Name: []byte(records[i+3].(string)),
		}
		path, known := p.Tell(rec)
		if !known {
			path = "?" + path
		}
		paths = append(paths, path)
	}
	return paths
}

// tree is d with d/a, d/a/b and d/c.
func tree() *Places {
	p := NewPlaces()
	p.Set(Watch{WD: 1, Path: "d"})
	p.Set(Watch{WD: 2, In: 1, Path: "d/a"})
	p.Set(Watch{WD: 3, In: 2, Path: "d/a/b"})
	p.Set(Watch{WD: 4, In: 1, Path: "d/c"})
	return p
}

func TestPathsFollowRenames(t *testing.T) {
	for name, c := range map[string]struct {
		records []any
		paths   []string // as told
		after   []string // of the watches 1 to 4
	}{
		"into another": {
			[]any{1, fromDir, 7, "a", 4, toDir, 7, "x", 2, inotify.MoveSelf, 0, "", 3, inotify.Create, 0, "f"},
			[]string{"d/a", "d/c/x", "d/c/x", "d/c/x/b/f"},
			[]string{"d", "d/c/x", "d/c/x/b", "d/c"},
		},
		"with another rename between": {
			[]any{1, fromDir, 7, "a", 1, fromDir, 8, "c", 1, toDir, 8, "y", 4, inotify.MoveSelf, 0, "", 1, toDir, 7, "x", 2, inotify.MoveSelf, 0, ""},
			[]string{"d/a", "d/c", "d/y", "d/y", "d/x", "d/x"},
			[]string{"d", "d/x", "d/x/b", "d/y"},
		},
		"an exchange": {
			[]any{1, fromDir, 7, "a", 1, toDir, 7, "c", 2, inotify.MoveSelf, 0, "", 1, fromDir, 8, "c", 1, toDir, 8, "a", 4, inotify.MoveSelf, 0, ""},
			[]string{"d/a", "d/c", "d/c", "d/c", "d/a", "d/a"},
			[]string{"d", "d/c", "d/c/b", "d/a"},
		},
		"a file of the same name": {
			[]any{1, inotify.MovedFrom, 7, "a", 1, inotify.MovedTo, 7, "z", 2, inotify.Create, 0, "f"},
			[]string{"d/a", "d/z", "d/a/f"},
			[]string{"d", "d/a", "d/a/b", "d/c"},
		},
		"out of all": {
			[]any{1, fromDir, 7, "a", 2, inotify.MoveSelf, 0, "", 3, inotify.Create, 0, "f", 3, inotify.Ignored, 0, ""},
			[]string{"d/a", "?", "?f", "?"},
			[]string{"d", "", "", "d/c"},
		},
		"what is above all": {
			[]any{1, inotify.MoveSelf, 0, "", 1, inotify.Create, 0, "f"},
			[]string{"d", "d/f"},
			[]string{"d", "d/a", "d/a/b", "d/c"},
		},
		"what is gone": {
			[]any{4, inotify.DeleteSelf, 0, "", 4, inotify.Ignored, 0, "", 4, inotify.Create, 0, "f"},
			[]string{"d/c", "d/c", "?f"},
			[]string{"d", "d/a", "d/a/b", ""},
		},
	} {
		p := tree()
		if got := told(p, c.records...); !slices.Equal(got, c.paths) {
			t.Errorf("%s: told %q, want %q", name, got, c.paths)
		}
		for i, want := range c.after {
			if got, _ := p.Path(int32(i + 1)); got != want {
				t.Errorf("%s: watch %d is at %q, want %q", name, i+1, got, want)
			}
		}
	}
}

func TestWhatWasLostIsFoundAgain(t *testing.T) {
	p := tree()
	told(p, 1, fromDir, 7, "a", 2, inotify.MoveSelf, 0, "")
	lost := p.Lost()
	if slices.Sort(lost); !slices.Equal(lost, []int32{2, 3}) {
		t.Errorf("lost are %d", lost)
	}
	p.Set(Watch{WD: 2, In: 4, Path: "d/c/x"})
	if path, _ := p.Path(3); path != "d/c/x/b" || len(p.Lost()) != 0 || !p.At(2, 4, "x") || p.At(2, 1, "x") {
		t.Errorf("the watch below is at %q", path)
	}
}

func TestADamagedCaptureMakesNoCircle(t *testing.T) {
	p := tree()
	p.Set(Watch{WD: 2, In: 3, Path: "x"})
	told(p, 2, fromDir, 7, "b", 3, toDir, 7, "b", 3, inotify.MoveSelf, 0, "")
	for wd := range int32(5) {
		p.Path(wd)
	}
}

func TestARootWithASlashJoinsWithOne(t *testing.T) {
	p := NewPlaces()
	p.Set(Watch{WD: 1, Path: "/"})
	p.Set(Watch{WD: 2, In: 1, Path: "/etc"})
	if got := told(p, 2, inotify.Create, 0, "f", 1, inotify.Create, 0, "f"); !slices.Equal(got, []string{"/etc/f", "/f"}) {
		t.Errorf("told %q", got)
	}
}
