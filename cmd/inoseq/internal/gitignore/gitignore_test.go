//go:build unix

package gitignore

// This file tests the rules of gitignore(5), by examples and by asking git.

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustWrite(t interface{ Fatal(...any) }, name, content string) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ignored asks about path as one does who goes down from the root.
func ignored(tr *Tree, path string, isDir bool) bool {
	for i, c := range path {
		if c == '/' && tr.Ignored(path[:i], true) {
			return true
		}
	}
	return tr.Ignored(path, isDir)
}

func TestRulesOfTheManualPage(t *testing.T) {
	for _, tt := range []struct {
		lines string
		yes   []string // a slash at the end: a directory
		no    []string
	}{
		{"hello.*", []string{"hello.c", "a/hello.java", "hello."}, []string{"hello", "xhello.c"}},
		{"/hello.*", []string{"hello.c"}, []string{"a/hello.java"}},
		{"foo/", []string{"foo/", "a/foo/", "foo/x"}, []string{"foo", "a/foo"}},
		{"doc/frotz", []string{"doc/frotz", "doc/frotz/", "doc/frotz/x"}, []string{"a/doc/frotz"}},
		{"doc/frotz/", []string{"doc/frotz/"}, []string{"doc/frotz", "a/doc/frotz/"}},
		{"**/foo", []string{"foo", "a/foo", "a/b/foo/"}, []string{"afoo"}},
		{"**/foo/bar", []string{"foo/bar", "a/foo/bar"}, []string{"foo/a/bar"}},
		{"abc/**", []string{"abc/x", "abc/x/y"}, []string{"abc/", "abc", "a/abc/x"}},
		{"a/**/b", []string{"a/b", "a/x/b", "a/x/y/b"}, []string{"ab", "x/a/b"}},
		{"foo/*", []string{"foo/test.json", "foo/bar/", "foo/bar/hello.c"}, []string{"foo/", "a/foo/x"}},
		{"*.o\n!keep.o", []string{"a.o"}, []string{"keep.o", "a/keep.o"}},
		{"!keep.o\n*.o", []string{"keep.o"}, nil},
		{"/*\n!/foo\n/foo/*\n!/foo/bar", []string{"x", "foo/x", "foo/barx"}, []string{"foo/", "foo/bar/", "foo/bar/x"}},
		{"# comment\n\\#name\n\\!bang\n\n", []string{"#name", "!bang"}, []string{"# comment", "comment"}},
		{"trail  \nkept\\ \r\nback\\\\ ", []string{"trail", "kept ", "back\\"}, []string{"trail  ", "kept", "back\\ "}},
		{"{a,b}", []string{"{a,b}"}, []string{"a", "b"}},
		{"[a-c]?.{x}", []string{"bz.{x}"}, []string{"dz.{x}", "b.x"}},
		{"[!a]b", []string{"xb"}, []string{"ab"}},
		{"[[:digit:][:upper:]_]x", []string{"1x", "Ax", "_x"}, []string{"ax", ":x"}},
		{"a[/]b\nc[^/]d", []string{"cxd"}, []string{"a/b", "a/b/", "c/d"}},
		{"x[]-]y", []string{"x]y", "x-y"}, []string{"xay"}},
		{"broken[", nil, []string{"broken[", "broken"}},
		{"a**b", []string{"axxb"}, []string{"a/b", "ax/xb"}},
		{"", []string{".git", ".git/", "a/.git", ".git/x"}, []string{".gitignore", "git"}},
	} {
		dir := t.TempDir()
		mustWrite(t, filepath.Join(dir, Name), tt.lines)
		for _, root := range []string{dir, dir + "/"} {
			tr := New(root)
			for _, list := range [][]string{tt.yes, tt.no} {
				for _, path := range list {
					name, isDir := strings.CutSuffix(path, "/")
					want := slices.Contains(tt.yes, path)
					if got := ignored(tr, name, isDir); got != want {
						t.Errorf("%q: %q is ignored: %t", tt.lines, path, got)
					}
				}
			}
		}
	}
}

func TestFilesOfSeveralDirectoriesCountUpToTheTopOfTheRepository(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, filepath.Join(dir, Name), "outside")
	mustWrite(t, filepath.Join(dir, "repo", ".git", "info", "exclude"), "excluded\n/top/excluded2\n")
	mustWrite(t, filepath.Join(dir, "repo", Name), "*.o\n/top/anchored\n!excluded3")
	mustWrite(t, filepath.Join(dir, "repo", "top", Name), "!keep.o\n/sub/here")
	mustWrite(t, filepath.Join(dir, "repo", "top", "sub", Name), "keep.o\n!x.o")
	mustWrite(t, filepath.Join(dir, "repo", "top", "module", ".git"), "gitdir: elsewhere")
	mustWrite(t, filepath.Join(dir, "repo", "top", "module", Name), "own")
	if err := os.Symlink("sub/"+Name, filepath.Join(dir, "repo", "linked")); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, filepath.Join(dir, "repo", "top", "linked", "x"), "")
	if err := os.Symlink("../sub/"+Name, filepath.Join(dir, "repo", "top", "linked", Name)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"repo/top/outside": false, "repo/top/excluded": true, "repo/top/excluded2": true, "repo/excluded2": false,
		"repo/top/a.o": true, "repo/top/anchored": true, "repo/top/sub/anchored": false,
		"repo/top/keep.o": false, "repo/top/sub/keep.o": true, "repo/top/sub/x.o": false, "repo/top/sub/here": true,
		"repo/top/module/a.o": false, "repo/top/module/own": true, "repo/top/linked/x.o": true,
	} {
		for _, root := range []string{"repo", "repo/top", "repo/top/sub", "repo/top/module"} {
			rel, ok := strings.CutPrefix(path, root+"/")
			if !ok {
				continue
			}
			if got := New(filepath.Join(dir, root)).Ignored(rel, false); got != want {
				t.Errorf("from %s, %s is ignored: %t", root, rel, got)
			}
		}
	}
}

func TestTheAnswersAreThoseOfTheRootWhateverTheWorkingDirectoryIs(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, filepath.Join(dir, Name), "one")
	mustWrite(t, filepath.Join(dir, "a", Name), "two")
	was, err := os.Getwd()
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	trees := []*Tree{New("."), New("./"), New("a/..")}
	if err := os.Chdir(was); err != nil {
		t.Fatal(err)
	}
	for i, tr := range trees {
		if !tr.Ignored("one", false) || !tr.Ignored("a/two", false) || tr.Ignored("two", false) {
			t.Errorf("root %d: the files that count are not those of the root", i)
		}
	}
}

func TestADirectoryThatGoesIsForgottenWithAllBelowIt(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, filepath.Join(dir, "a", "b", Name), "x")
	tr := New(dir)
	tr.Ignored("a/b/x", false)
	tr.Ignored("ab/x", false)
	mustWrite(t, filepath.Join(dir, "a", "b", Name), "y")
	if tr.ForgetDir("a", false) || tr.Ignored("a/b/y", false) {
		t.Error("more was forgotten than the directory")
	}
	if !tr.ForgetDir("a", true) || !tr.Ignored("a/b/y", false) {
		t.Error("what is below was kept")
	}
	if !tr.ForgetDir("a/b", false) || tr.ForgetDir("ab", true) {
		t.Error("it does not know which directories have rules")
	}
}

func TestWhatWasReadIsKeptUntilForget(t *testing.T) {
	dir := t.TempDir()
	tr := New(dir)
	if tr.Ignored("a/x", false) {
		t.Error("ignored without a file")
	}
	mustWrite(t, filepath.Join(dir, "a", Name), "x")
	if tr.Ignored("a/x", false) {
		t.Error("the answer has changed")
	}
	tr.Forget()
	if !tr.Ignored("a/x", false) {
		t.Error("the file was not read again")
	}
}

// TestGitSaysTheSame makes random files and asks git about all paths. (One thing is left out: in "a**/b"
// git takes the two stars for those of "**/b", which its manual page does not say.)
func TestGitSaysTheSame(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	dir := t.TempDir()
	git := func(stdin string, args ...string) (string, error) {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "XDG_CONFIG_HOME=/nonexistent", "LC_ALL=C")
		out, err := cmd.Output()
		return string(out), err
	}
	if _, err := git("", "init", "-q"); err != nil {
		t.Fatal(err)
	}
	names := []string{"a", "b", "ab", "a.o", "{a}"}
	part := rapid.SampledFrom([]string{"a", "b", "ab", "a.o", "{a}", "*", "?", "*.o", "a*", "**", "[ab]", "[!a]", `\a`, "[a", "x ",
		"?[[:digit:]]", "[[:alpha:].{]?*", "[]a]", "[]-a]", "[^]b]*", "[!-a]?", `[\]a-]`, "[b-a]", "[[:a]*", "[[:none:]a]", `[a\`, "*[[:punct:]]", "a[.-0]o", "a[/]b", "[^/][^/]", "a[/b]1", "[a-c-z]1"})
	lineOf := rapid.Custom(func(t *rapid.T) string {
		text := strings.Join(rapid.SliceOfN(part, 1, 3).Draw(t, "parts"), "/")
		return rapid.SampledFrom([]string{"", "", "!", "/", "!/", "#"}).Draw(t, "before") + text +
			rapid.SampledFrom([]string{"", "", "/", " ", "\r"}).Draw(t, "behind")
	})
	var paths []string // files, of all names in three levels, in directories of the other names
	for _, one := range names {
		paths = append(paths, one+"1")
		for _, two := range names {
			paths = append(paths, one+"/"+two+"1")
			for _, three := range names {
				paths = append(paths, one+"/"+two+"/"+three)
			}
		}
	}
	for _, path := range paths {
		mustWrite(t, filepath.Join(dir, path), "")
	}
	rapid.Check(t, func(t *rapid.T) {
		for _, at := range []string{"", "a", "a/b"} {
			text := strings.Join(rapid.SliceOfN(lineOf, 0, 4).Draw(t, "lines of "+at), "\n")
			mustWrite(t, filepath.Join(dir, at, Name), text)
		}
		out, err := git(strings.Join(paths, "\x00"), "check-ignore", "--no-index", "-z", "--stdin")
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
			t.Fatal(err)
		}
		said := make(map[string]bool)
		for _, path := range bytes.Split([]byte(out), []byte{0}) {
			said[string(path)] = true
		}
		tr := New(dir)
		for _, path := range paths {
			if got := ignored(tr, path, false); got != said[path] {
				t.Fatalf("%q is ignored: %t, git says %t", path, got, said[path])
			}
		}
	})
}
