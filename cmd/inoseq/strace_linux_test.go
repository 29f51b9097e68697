package main

// This file runs strace on a program that watches, and decodes what it wrote.

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDecodeTellsWhatATracedProgramWasTold(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace: ", err)
	}
	if out, err := exec.Command(strace, "-f", "-e", "trace=read", "-o", filepath.Join(t.TempDir(), "x"), "true").CombinedOutput(); err != nil {
		t.Skipf("needs strace: it cannot trace here: %v: %.200q", err, out)
	}
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	want := mustTrace(t, strace, dir, trace)

	var out, errs bytes.Buffer
	if status := run(context.Background(), []string{"decode", "--strace", trace}, nil, &out, &errs); status != 0 {
		t.Errorf("status %d: %s", status, &errs)
	}
	if got := out.String(); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	out.Reset()
	if status := run(context.Background(), []string{"decode", "--strace", "--json", "--who", trace}, nil, &out, &errs); status != 0 {
		t.Errorf("status %d: %s", status, &errs)
	}
	if !strings.HasPrefix(out.String(), `{"time":"20`) || !strings.Contains(out.String(), `"pid":`) {
		t.Errorf("got %s", &out)
	}
}

// mustTrace runs this program's watch under strace, which writes to trace, and returns what it printed.
func mustTrace(t *testing.T, strace, dir, trace string) (printed string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link, watched := filepath.Join(dir, "inoseq"), filepath.Join(dir, "watched")
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(watched, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strace, "-f", "-xx", "-s", "65536", "-ttt", "-o", trace,
		"-e", "trace=inotify_init1,inotify_add_watch,inotify_rm_watch,read,close,dup,clone",
		link, "watch", "-e", "create,close_write", watched)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(timeout, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer hung.Stop()
	if line, err := bufio.NewReader(stderr).ReadString('\n'); !strings.Contains(line, "watching 1 path") {
		t.Fatalf("%q, %v", line, err)
	}
	for _, name := range []string{"one", "two"} {
		if err := os.WriteFile(filepath.Join(watched, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	told := bufio.NewReader(stdout)
	var want strings.Builder
	for range 4 { // as the program itself prints them
		line, err := told.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		want.WriteString(line)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, told)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return want.String()
}
