//go:build linux

package compat

// This file is the differential test: each case is done by the program of inotify-tools and by ours, in
// directories of their own, and what they print, their errors and their exit statuses are compared.

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	restTime = time.Hour // on a machine however slow
	if status, ok := Main(os.Args); ok {
		os.Exit(status)
	}
	// What this process ignores, as nohup(1) and a shell's & have it, its children would, too.
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
	os.Exit(m.Run())
}

func TestWaitDoesWhatInotifywaitDoes(t *testing.T) { differential(t, "inotifywait", "wait*.cases") }

func TestStatDoesWhatInotifywatchDoes(t *testing.T) { differential(t, "inotifywatch", "stat*.cases") }

// mustHaveOriginal returns the directory that the original program is in.
func mustHaveOriginal(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("needs %s %s: %v", program, Version, err)
	}
	help, _ := exec.Command(path, "-h").Output() // its status is 1
	if first, _, _ := strings.Cut(string(help), "\n"); first != program+" "+Version {
		t.Skipf("needs %s %s: %s is %q", program, Version, path, first)
	}
	return filepath.Dir(path)
}

// mustHaveOurs returns a directory in which program is ours: this process's own file by another name.
func mustHaveOurs(t *testing.T, program string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, program)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// running bounds how many cases run at once, whatever the number of processors: a user may have 128 instances
// of inotify(7) by default.
var running = make(chan struct{}, 8)

func differential(t *testing.T, program, pattern string) {
	if testing.Short() {
		t.Skip("needs most of a minute: not with -short")
	}
	original, ours := mustHaveOriginal(t, program), mustHaveOurs(t, program)
	if _, err := os.Stat("/proc/self/syscall"); err != nil {
		t.Skip("needs to see where a process sleeps: ", err)
	}
	for _, c := range mustReadCases(t, pattern) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.mustHaveWhatItNeeds(t)
			running <- struct{}{}
			defer func() { <-running }()
			a := mustDo(t, c, program, original, true)
			b := mustDo(t, c, program, ours, false)
			c.compare(t, a, b)
		})
	}
}

// result is what a program left behind, made comparable.
type result struct {
	stdout, stderr, status string
	shown                  string
}

func (r result) String() string {
	text := fmt.Sprintf("standard output:\n%sstandard error:\n%sstatus: %s\n", quoted(r.stdout), quoted(r.stderr), r.status)
	if r.shown != "" {
		text += "shown:\n" + quoted(r.shown)
	}
	return text
}

func quoted(text string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(text, "\n") {
		if line != "" {
			fmt.Fprintf(&b, "\t%q\n", line)
		}
	}
	return b.String()
}

// compare compares the original's result a with ours.
func (c *diffCase) compare(t *testing.T, a, b result) {
	t.Helper()
	difference := c.get("differs")
	switch {
	case difference == "" && a != b:
		t.Errorf("%s: they differ\n--- the original\n%s--- ours\n%s", c.file, a, b)
	case difference != "" && a == b:
		t.Errorf("%s: the difference %q is gone: take it off the case\n%s", c.file, difference, a)
	}
	if want := c.values["want"]; len(want) > 0 {
		text := strings.Join(want, "\n") + "\n"
		if want[0] == "none" {
			text = ""
		}
		if b.stdout != text {
			t.Errorf("%s: ours prints\n%swant\n%s--- the original\n%s", c.file, quoted(b.stdout), quoted(text), a)
		}
	}
}

// mark is where the comparison of what a program prints ends.
const mark = "zz-end"

// clean takes out of text what cannot be equal.
func (c *diffCase) clean(text, dir string) string {
	text = strings.ReplaceAll(text, dir, "DIR")
	if c.has("hide", "times") {
		text = regexp.MustCompile(`[0-9]`).ReplaceAllString(text, "#")
	}
	if c.has("hide", "cookies") {
		seen := []string{"c=0"}
		text = regexp.MustCompile(`c=[0-9a-f]+`).ReplaceAllStringFunc(text, func(cookie string) string {
			if !slices.Contains(seen, cookie) {
				seen = append(seen, cookie)
			}
			return fmt.Sprintf("c=%d", slices.Index(seen, cookie))
		})
	}
	if c.has("hide", "order") {
		lines := strings.SplitAfter(text, "\n")
		slices.Sort(lines)
		text = strings.Join(lines, "")
	}
	return text
}

// beforeMark is the part of text before the line, or the field, with the mark.
func beforeMark(text []byte) []byte {
	at := bytes.Index(text, []byte(mark))
	if at < 0 {
		return text
	}
	text = text[:at]
	return text[:bytes.LastIndexAny(text, "\n\x00")+1]
}

// TestAllowedDifferencesAreThoseOfTheCases holds the one list of what may differ.
func TestAllowedDifferencesAreThoseOfTheCases(t *testing.T) {
	allowed := mustReadAllowed(t)
	used := make(map[string]bool)
	for _, c := range mustReadCases(t, "*.cases") {
		name := c.get("differs")
		if _, ok := allowed[name]; name != "" && !ok {
			t.Errorf("%s: case %q: no difference %q is allowed", c.file, c.name, name)
		}
		used[name] = true
	}
	for name := range allowed {
		if !used[name] {
			t.Errorf("allowed.txt: no case shows the difference %q", name)
		}
	}
}
