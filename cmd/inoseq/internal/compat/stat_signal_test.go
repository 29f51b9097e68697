//go:build linux

package compat

// This file tests what inotifywatch does at signals: at SIGUSR1 it prints its table and goes on, and at its end
// all that has happened before counts.

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mustStat starts a program that watches when this returns, and returns its standard output.
func mustStat(t *testing.T, name string, args ...string) (p *os.Process, stdout *os.File, wait func() error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	stdout = mustEstablish(t, cmd, "Finished establishing watches")
	if err := stdout.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return cmd.Process, stdout, cmd.Wait
}

// mustEstablish starts a program that has said a line that begins with ready when this returns, and returns
// its standard output. What it says after that is not read by others.
func mustEstablish(t *testing.T, cmd *exec.Cmd, ready string) (stdout *os.File) {
	t.Helper()
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	cmd.Stdout = writer
	messages, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Start()
	writer.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	said := bufio.NewReader(messages)
	for line := ""; !strings.HasPrefix(line, ready); {
		if line, err = said.ReadString('\n'); err != nil {
			t.Fatalf("waiting for the watches: %q, %v", line, err)
		}
	}
	go io.Copy(io.Discard, messages) // of stat: that there were no events, once for each SIGUSR1 that came too early
	return reader
}

func mustSignal(t *testing.T, p *os.Process, sig os.Signal) {
	t.Helper()
	if err := p.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

func mustMkdir(t *testing.T, path ...string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(path...), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestStatPrintsItsTableAtSIGUSR1(t *testing.T) {
	bin, dir := mustHaveOurs(t, "inotifywatch"), t.TempDir()
	p, stdout, wait := mustStat(t, filepath.Join(bin, "inotifywatch"), "-e", "create", dir)
	mustMkdir(t, dir, "a")
	mustMkdir(t, dir, "b")
	want := "total  create  filename\n2      2       " + dir + "/\n"
	out := bufio.NewReader(stdout)
	// What has happened need not have been counted when the signal comes.
	for table := ""; table != want; {
		mustSignal(t, p, syscall.SIGUSR1)
		table = ""
		for line, err := "", error(nil); line != "\n"; table += strings.TrimPrefix(line, "\n") {
			if line, err = out.ReadString('\n'); err != nil {
				t.Fatalf("waiting for the table %q: %q, %v", want, table, err)
			}
		}
	}
	mustSignal(t, p, syscall.SIGTERM)
	if rest, err := io.ReadAll(out); string(rest) != want || err != nil {
		t.Errorf("at the end it prints %q, %v, want %q", rest, err, want)
	}
	if err := wait(); err != nil {
		t.Error(err)
	}
}

// Also with --live, which is for terminals.
func TestStatCountsWhatHappenedBeforeTheSignalThatEndsIt(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM} {
		for _, args := range [][]string{{"stat"}, {"stat", "-r"}, {"stat", "--live"}} {
			dir := t.TempDir()
			p, stdout, wait := mustStat(t, self, append(args, "-e", "create", dir)...)
			mustSignal(t, p, syscall.SIGSTOP)
			if err := unix.Waitid(unix.P_PID, p.Pid, nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil); err != nil {
				t.Fatal(err)
			}
			mustMkdir(t, dir, "a")
			mustSignal(t, p, sig)
			mustSignal(t, p, syscall.SIGCONT)
			want := "total  create  filename\n1      1       " + dir + "/\n"
			if text, err := io.ReadAll(stdout); string(text) != want || err != nil {
				t.Errorf("%v, %v: it prints %q, %v, want %q", args, sig, text, err, want)
			}
			if err := wait(); err != nil {
				t.Errorf("%v, %v: %v", args, sig, err)
			}
		}
	}
}
