//go:build linux

package compat

// This file tests what inotifywatch does at SIGUSR1: it prints its table and goes on.

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
)

func TestStatPrintsItsTableAtSIGUSR1(t *testing.T) {
	bin, dir := mustHaveOurs(t, "inotifywatch"), t.TempDir()
	cmd := exec.Command(filepath.Join(bin, "inotifywatch"), "-e", "create", dir)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd.Stdout = writer
	messages, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	writer.Close()
	if err := reader.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(messages)
	for line := ""; !strings.HasPrefix(line, "Finished establishing watches"); {
		if line, err = said.ReadString('\n'); err != nil {
			t.Fatalf("waiting for the watches: %q, %v", line, err)
		}
	}
	go io.Copy(io.Discard, messages) // that there were no events, once for each signal that came too early
	for _, name := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := "total  create  filename\n2      2       " + dir + "/\n"
	out := bufio.NewReader(reader)
	// What has happened need not have been counted when the signal comes.
	for table := ""; table != want; {
		if err := cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		table = ""
		for line := ""; line != "\n"; table += strings.TrimPrefix(line, "\n") {
			if line, err = out.ReadString('\n'); err != nil {
				t.Fatalf("waiting for the table %q: %q, %v", want, table, err)
			}
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(out); string(rest) != want || err != nil {
		t.Errorf("at the end it prints %q, %v, want %q", rest, err, want)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
