package main

// This file tests the option --skip where no tree is needed.

import "testing"

func TestAGlobMatchesAllOfWhatIsBelowTheRoot(t *testing.T) {
	for _, tt := range []struct {
		glob, rel string
		isDir     bool
		want      bool
	}{
		{"name", "name", false, true},
		{"name", "sub/name", false, false},
		{"**/name", "name", false, true},
		{"**/name", "a/b/name", true, true},
		{"**/name/", "a/b/name", true, true},
		{"**/name/", "a/b/name", false, false},
		{"sub/**", "sub", true, true},
		{"sub/*", "sub", true, false},
		{"*.{o,tmp}", "x.tmp", false, true},
		{"*.{o,tmp}", "sub/x.tmp", false, false},
		{"[a-c]?", "b\xff", false, true},
		{`\*`, "*", false, true},
		{`\*`, "x", false, false},
	} {
		gs, err := parseGlobs([]string{"other", tt.glob})
		if err != nil {
			t.Errorf("%q: %v", tt.glob, err)
		} else if got := gs.match(tt.rel, tt.isDir); got != tt.want {
			t.Errorf("%q matches %q: %t", tt.glob, tt.rel, got)
		}
	}
}

func TestAPathIsSplitAtTheLongestRoot(t *testing.T) {
	for _, tt := range []struct {
		roots     roots
		path      string
		root, rel string
	}{
		{roots{"."}, "./a/b", ".", "a/b"},
		{roots{"/"}, "/a/b", "/", "a/b"},
		{roots{"a/"}, "a/b", "a/", "b"},
		{roots{"a", "a/../b"}, "a/../b/x", "a/../b", "x"},
		{roots{"a/../b", "a"}, "a/../b/x", "a/../b", "x"},
		{roots{"a", "ab"}, "ab/x", "ab", "x"},
	} {
		if root, rel := tt.roots.split(tt.path); root != tt.root || rel != tt.rel {
			t.Errorf("%q: %q and %q, want %q and %q", tt.path, root, rel, tt.root, tt.rel)
		}
	}
}
