package main

// This file tests stat --live, on a pseudo-terminal that is the controlling one of the program.

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/compat"
)

// liveRun is a program on a terminal.
type liveRun struct {
	cmd    *exec.Cmd
	master patient
	tty    *os.File
	before unix.Termios
	got    []byte // what came since the last mustSee
}

// mustLive starts stat --live on a terminal of some columns and rows.
func mustLive(t *testing.T, as *syscall.SysProcAttr, columns, rows uint16, args ...string) *liveRun {
	t.Helper()
	master, tty := mustPTY(t)
	l := &liveRun{master: master, tty: tty, cmd: exec.Command("inoseq", append([]string{"stat", "--live"}, args...)...)}
	if err := pty.Setsize(tty, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		t.Fatal(err)
	}
	l.before = l.mustSettings(t)
	l.cmd.Env = append(os.Environ(), "TERM=xterm", "GORACE=atexit_sleep_ms=0")
	l.cmd.Stdin, l.cmd.Stdout, l.cmd.Stderr = tty, tty, tty
	l.cmd.SysProcAttr = as
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if l.cmd.ProcessState == nil {
			_ = l.cmd.Process.Kill()
			_ = l.cmd.Wait()
		}
	})
	return l
}

// ownSession makes the terminal the controlling one: its keys become signals.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true, Setctty: true} }

func (l *liveRun) mustSettings(t *testing.T) unix.Termios {
	t.Helper()
	settings, err := unix.IoctlGetTermios(int(l.tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *settings
}

// mustSee reads until what came since the last time matches, and returns it up to the end of the match.
func (l *liveRun) mustSee(t *testing.T, expr string) string {
	t.Helper()
	re := regexp.MustCompile(expr)
	buf := make([]byte, 4096)
	for {
		if at := re.FindIndex(l.got); at != nil {
			seen := string(l.got[:at[1]])
			l.got = bytes.Clone(l.got[at[1]:])
			return seen
		}
		n, err := l.master.Read(buf)
		l.got = append(l.got, buf[:n]...)
		if err != nil {
			t.Fatalf("waiting for %s: %v; the terminal got %q", expr, err, l.got)
		}
	}
}

func (l *liveRun) mustType(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(l.master, keys); err != nil {
		t.Fatal(err)
	}
}

// mustEnd waits for the end of the program, which must be fine, and have left the terminal as it was.
func (l *liveRun) mustEnd(t *testing.T) {
	t.Helper()
	hung := time.AfterFunc(timeout, func() { _ = l.cmd.Process.Kill() })
	defer hung.Stop()
	if err := l.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if after := l.mustSettings(t); after != l.before {
		t.Errorf("the terminal's settings are %+v, and were %+v", after, l.before)
	}
}

func mustWrite(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	screenBegins = `\x1b\[\?1049h\x1b\[\?7l\x1b\[\?25l`
	screenEnds   = `\x1b\[\?25h\x1b\[\?7h\x1b\[\?1049l`
)

func TestALiveTableGrowsAndItsLastStateIsLeft(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *liveRun){
		"q":       func(t *testing.T, l *liveRun) { l.mustType(t, "xq") },
		"^C":      func(t *testing.T, l *liveRun) { l.mustType(t, "\x03") },
		"^\\":     func(t *testing.T, l *liveRun) { l.mustType(t, "\x1c") },
		"SIGINT":  func(t *testing.T, l *liveRun) { _ = l.cmd.Process.Signal(syscall.SIGINT) },
		"SIGTERM": func(t *testing.T, l *liveRun) { _ = l.cmd.Process.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := mustMkdir(t, "a", "b")
			l := mustLive(t, ownSession(), 120, 20, "-r", "-e", "create,delete", dir)
			l.mustSee(t, screenBegins+`\x1b\[H0 events, 0\.0/s; q ends\x1b\[K\r+\ntotal +events/s +filename\x1b\[K\x1b\[J`)
			if during := l.mustSettings(t); during.Lflag&(unix.ICANON|unix.ECHO) != 0 {
				t.Errorf("keys come by the line or are shown: %#x", during.Lflag)
			}
			mustWrite(t, filepath.Join(dir, "a", "one"))
			l.mustSee(t, `\x1b\[H1 event, [^\n]*\ntotal +events/s +create  filename[^\n]*\n1 +[\d.]+ +#{16} +1 +\S+/a/\x1b\[K\x1b\[J`)
			for _, name := range []string{"one", "two", "three"} {
				mustWrite(t, filepath.Join(dir, "b", name))
			}
			l.mustSee(t, `\x1b\[H4 events, [^\n]*\n[^\n]*\n3 +[\d.]+ +#{16} +3 +\S+/b/\x1b\[K\r+\n1 +[\d.]+ +#{6} +1 +\S+/a/\x1b\[K\x1b\[J`)
			end(t, l)
			l.mustSee(t, screenEnds+`4 events in \d+\.\d s, [\d.]+/s\r\ntotal +events/s +create  filename\r\n`+
				`3 +[\d.]+ +#{16} +3 +\S+/b/\r\n1 +[\d.]+ +#{6} +1 +\S+/a/\r\n$`)
			l.mustEnd(t)
		})
	}
}

func TestTheRatesOfALiveTableFallBackToZero(t *testing.T) {
	t.Parallel()
	dir := mustMkdir(t)
	l := mustLive(t, ownSession(), 80, 24, "-e", "create", dir)
	l.mustSee(t, screenBegins)
	for i := range 200 { // however late a rate is taken, it is not 0.0
		mustWrite(t, filepath.Join(dir, fmt.Sprint(i)))
	}
	l.mustSee(t, `\x1b\[H\d+ events?, (0\.[1-9]|[1-9]\d*\.\d)/s`)
	l.mustSee(t, `\x1b\[H200 events, 0\.0/s`)
	l.mustType(t, "q")
	l.mustSee(t, screenEnds)
	l.mustEnd(t)
}

func TestALiveTableFollowsTheSizeOfItsTerminal(t *testing.T) {
	t.Parallel()
	dirs := strings.Split("abcdefgh", "")
	dir := mustMkdir(t, dirs...)
	l := mustLive(t, ownSession(), 60, 5, "-r", dir)
	l.mustSee(t, screenBegins)
	for _, name := range dirs {
		mustWrite(t, filepath.Join(dir, name, "file"))
	}
	text := l.mustSee(t, `\x1b\[H32 events[^\n]*\n(?:[^\n]*\n){3}and 6 more\x1b\[K\x1b\[J`)
	for _, line := range strings.Split(text[strings.LastIndex(text, "\x1b[H"):], "\n") {
		line = strings.TrimRight(regexp.MustCompile(`\x1b\[\w`).ReplaceAllString(line, ""), "\r")
		if len(line) > 60 {
			t.Errorf("a line has %d columns: %q", len(line), line)
		}
	}
	if err := pty.Setsize(l.tty, &pty.Winsize{Cols: 100, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	l.mustSee(t, `\x1b\[H32 events[^\n]*\n[^\n]*\n(?:4 [^\n]*\n){7}4 [^\n]*\x1b\[K\x1b\[J`)
	l.mustType(t, "q")
	l.mustSee(t, screenEnds+`32 events[^\n]*\n[^\n]*\n(?:4 [^\n]*\n){8}$`)
	l.mustEnd(t)
}

func TestNoNameOfALiveTableReachesTheTerminalAsItIs(t *testing.T) {
	t.Parallel()
	dir := mustMkdir(t, "bad\x1b]0;title\a\nname")
	l := mustLive(t, ownSession(), 120, 24, "-r", dir)
	l.mustSee(t, screenBegins)
	mustWrite(t, filepath.Join(dir, "bad\x1b]0;title\a\nname", "file"))
	l.mustSee(t, `\\x1b\]0;title\\a\\nname/"\x1b\[K`)
	l.mustType(t, "q")
	if text := l.mustSee(t, screenEnds+`[^\n]*\n[^\n]*\n[^\n]*"\r\n$`); strings.Contains(text, "\x1b]") {
		t.Errorf("the terminal got %q", text)
	}
	l.mustEnd(t)
}

func TestALiveTableGivesTheTerminalBackBeforeItIsStopped(t *testing.T) {
	t.Parallel()
	l := mustLive(t, &syscall.SysProcAttr{Setpgid: true}, 80, 24, mustMkdir(t)) // as a shell does it
	l.mustSee(t, screenBegins+`\x1b\[H0 events`)
	if err := l.cmd.Process.Signal(syscall.SIGTSTP); err != nil {
		t.Fatal(err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(l.cmd.Process.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("it is not stopped: %#x, %v", status, err)
	}
	if stopped := l.mustSettings(t); stopped != l.before {
		t.Errorf("the terminal's settings are %+v, and were %+v", stopped, l.before)
	}
	if err := l.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	l.mustSee(t, screenEnds+screenBegins+`\x1b\[H0 events`)
	l.mustType(t, "q")
	l.mustSee(t, screenEnds)
	l.mustEnd(t)
}

func TestALiveTableWithoutAShellIsNotStopped(t *testing.T) {
	t.Parallel()
	l := mustLive(t, ownSession(), 80, 24, mustMkdir(t))
	l.mustSee(t, screenBegins+`\x1b\[H0 events`)
	l.mustType(t, "\x1a")
	l.mustSee(t, screenEnds+screenBegins+`\x1b\[H0 events`)
	l.mustType(t, "q")
	l.mustSee(t, screenEnds+"No events occurred.\r\n$")
	l.mustEnd(t)
}

func TestOnlyTheCommandStatTakesLive(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	link := compat.Env{Name: "inotifywatch", Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &stderr}
	status := compat.Stat(link, []string{"--live", "."})
	if want := "inotifywatch: unrecognized option '--live'\n"; status != 1 || stderr.String() != want {
		t.Errorf("status %d, it said %q; want 1 and %q", status, &stderr, want)
	}
}
