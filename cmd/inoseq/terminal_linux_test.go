package main

// This file tests what a terminal shows.

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is a pseudo-terminal: the program writes to tty, and the test reads what a terminal gets.
type terminal struct {
	tty    *os.File
	screen *bufio.Reader
}

func mustTerminal(t *testing.T) *terminal {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close(); tty.Close() })
	if err := master.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		t.Fatal(err)
	}
	return &terminal{tty, bufio.NewReader(master)}
}

// mustLine reads up to the end of a line.
func (s *terminal) mustLine(t *testing.T) string {
	t.Helper()
	text, err := s.screen.ReadString('\n')
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return text
}

func mustMkdir(t *testing.T, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// watchOn runs the command watch until it has ended, or, after begun, cancel was called.
func watchOn(t *testing.T, stderr *os.File, after time.Duration, args ...string) (end func() (status int)) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	var stdout bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &output{w: &stdout}, stderr: stderr, progressAfter: after}
	done := make(chan int, 1)
	go func() { done <- p.run(ctx, append([]string{"watch"}, args...), grace) }()
	return func() int {
		cancel()
		return <-done
	}
}

func TestATerminalShowsHowFarALargeTreeIsAndNothingOfItIsLeft(t *testing.T) {
	dir := mustMkdir(t, "a/b", "c")
	screen := mustTerminal(t)
	end := watchOn(t, screen.tty, 0, "-r", dir)
	text := screen.mustLine(t)
	want := regexp.MustCompile(`^(\r\x1b\[Kinoseq: taking in the tree: \d+ director(y|ies), \d+ entr(y|ies))+\r\x1b\[K` +
		`inoseq: watching 1 path, 4 directories\r\n$`)
	if !want.MatchString(text) {
		t.Errorf("the terminal got %q", text)
	}
	if status := end(); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestProgressIsNotShownOfASmallTreeWhenQuietOrWhenNobodyLooks(t *testing.T) {
	dir := mustMkdir(t, "a/b", "c")
	screen := mustTerminal(t)
	end := watchOn(t, screen.tty, time.Hour, "-r", dir)
	if text := screen.mustLine(t); text != "inoseq: watching 1 path, 4 directories\r\n" {
		t.Errorf("a small tree: the terminal got %q", text)
	}
	end()

	end = watchOn(t, screen.tty, 0, "-r", "-q", dir, filepath.Join(dir, "missing"))
	if text := screen.mustLine(t); !strings.HasPrefix(text, "inoseq: cannot watch") {
		t.Errorf("quiet: the terminal got %q", text)
	}
	end()

	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	end = watchOn(t, w, 0, "-r", dir)
	if text, err := bufio.NewReader(r).ReadString('\n'); err != nil || text != "inoseq: watching 1 path, 4 directories\n" {
		t.Errorf("a pipe got %q, %v", text, err)
	}
	end()
}
