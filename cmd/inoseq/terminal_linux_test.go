package main

// This file tests what a terminal shows.

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patient reads, and waits no longer than timeout.
type patient struct{ *os.File }

func (p patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	return p.File.Read(b)
}

// mustPTY opens a pseudo-terminal.
func mustPTY(t *testing.T) (master patient, tty *os.File) {
	t.Helper()
	file, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close(); tty.Close() })
	// Package pty makes it blocking, and a read that blocks knows no deadline.
	conn, err := file.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) { err = unix.SetNonblock(int(fd), true) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return patient{file}, tty
}

// screen is a pseudo-terminal: the program writes to tty, and the test reads what a terminal gets.
type screen struct {
	tty  *os.File
	text *bufio.Reader
}

func mustScreen(t *testing.T) *screen {
	t.Helper()
	master, tty := mustPTY(t)
	return &screen{tty, bufio.NewReader(master)}
}

// mustLine reads up to the end of a line.
func (s *screen) mustLine(t *testing.T) string {
	t.Helper()
	text, err := s.text.ReadString('\n')
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return text
}

func mustMkdir(t testing.TB, names ...string) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "inoseq") // tmpfs, if it is there
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// watchOn runs the command watch until it ends, or end is called.
func watchOn(t *testing.T, stdout io.Writer, stderr *os.File, after time.Duration, args ...string) (end func() (status int)) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	p := &program{stdin: strings.NewReader(""), stdout: &output{w: stdout}, stderr: stderr, progressAfter: after}
	done := make(chan int, 1)
	go func() { done <- p.run(ctx, append([]string{"watch"}, args...), grace) }()
	return func() int {
		cancel()
		return <-done
	}
}

func TestATerminalShowsHowFarALargeTreeIsAndNothingOfItIsLeft(t *testing.T) {
	dir := mustMkdir(t, "a/b", "c")
	screen := mustScreen(t)
	end := watchOn(t, io.Discard, screen.tty, 0, "-r", dir)
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
	screen := mustScreen(t)
	end := watchOn(t, io.Discard, screen.tty, time.Hour, "-r", dir)
	if text := screen.mustLine(t); text != "inoseq: watching 1 path, 4 directories\r\n" {
		t.Errorf("a small tree: the terminal got %q", text)
	}
	end()

	end = watchOn(t, io.Discard, screen.tty, 0, "-r", "-q", dir, filepath.Join(dir, "missing"))
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
	end = watchOn(t, io.Discard, w, 0, "-r", dir)
	if text, err := bufio.NewReader(patient{r}).ReadString('\n'); err != nil || text != "inoseq: watching 1 path, 4 directories\n" {
		t.Errorf("a pipe got %q, %v", text, err)
	}
	end()
}

func TestColorIsForTerminalsAndForThoseWhoAskForIt(t *testing.T) {
	for _, tt := range []struct {
		name     string
		args     []string
		env      [2]string
		terminal bool
		want     string
	}{
		{"on a terminal", nil, [2]string{"NO_COLOR", ""}, true, "\x1b[32mCREATE\x1b[0m"},
		{"NO_COLOR", nil, [2]string{"NO_COLOR", "1"}, true, "CREATE"},
		{"a dumb terminal", nil, [2]string{"TERM", "dumb"}, true, "CREATE"},
		{"never", []string{"--color=never"}, [2]string{}, true, "CREATE"},
		{"a pipe", nil, [2]string{}, false, "CREATE"},
		{"always", []string{"--color=always"}, [2]string{"NO_COLOR", "1"}, false, "\x1b[32mCREATE\x1b[0m"},
		{"JSON has none", []string{"--color=always", "--json"}, [2]string{}, true, `"op":["CREATE"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", "")
			t.Setenv("TERM", "xterm")
			if tt.env[0] != "" {
				t.Setenv(tt.env[0], tt.env[1])
			}
			dir := mustMkdir(t)
			screen, errs := mustScreen(t), mustScreen(t)
			out, read := screen.tty, screen.text
			if !tt.terminal {
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				defer w.Close()
				out, read = w, bufio.NewReader(patient{r})
			}
			end := watchOn(t, out, errs.tty, time.Hour, append(tt.args, "-e", "create", dir)...)
			defer end()
			errs.mustLine(t)
			name := filepath.Join(dir, "name")
			if err := os.WriteFile(name, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			text, err := read.ReadString('\n')
			rest, ok := strings.CutPrefix(strings.TrimRight(text, "\r\n"), tt.want)
			if err != nil || !ok && !strings.Contains(text, tt.want) || strings.Contains(rest, "\x1b") {
				t.Errorf("printed %q, %v; want %q", text, err, tt.want)
			}
		})
	}
}
