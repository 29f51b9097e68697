package main

// This file tests, on every operating system, what scripts cannot reach: outputs that fail or hang.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// failing is an output whose writes fail.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestFailedWriteIsToldUnlessNobodyReads(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		stderr string
	}{
		{&fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}, 0, ""},
		{errors.New("disk on fire"), 1, "inoseq: writing to standard output: disk on fire\n"},
	} {
		var stderr bytes.Buffer
		status := run(context.Background(), []string{"help"}, strings.NewReader(""), failing{test.err}, &stderr)
		if status != test.status || stderr.String() != test.stderr {
			t.Errorf("%v: status %d, standard error %q; want %d, %q", test.err, status, &stderr, test.status, test.stderr)
		}
	}
}

// hanging is an output whose writes take until it is closed.
type hanging chan struct{}

func (h hanging) Write([]byte) (int, error) {
	<-h
	return 0, io.ErrClosedPipe
}

func TestHangingWriteIsGivenUpAfterASignal(t *testing.T) {
	stdout := make(hanging)
	defer close(stdout)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stderr bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &output{w: stdout}, stderr: &stderr}
	if status := p.run(ctx, []string{"help"}, time.Millisecond); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	if want := "inoseq: gave up after 1ms"; !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("standard error is %q, want %q and more", &stderr, want)
	}
}

func TestWatchIsUnsupportedBesideLinux(t *testing.T) {
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	status := run(ctx, []string{"watch", "-q", t.TempDir()}, strings.NewReader(""), &stdout, &stderr)
	want, text := 1, "inoseq: cannot watch on "+runtime.GOOS
	if runtime.GOOS == "linux" {
		want, text = 0, ""
	}
	if status != want || !strings.HasPrefix(stderr.String(), text) || text == "" && stderr.Len() > 0 {
		t.Errorf("status %d, standard error %q; want %d, %q", status, &stderr, want, text)
	}
}

func TestHelpNamesEveryWordOfEvents(t *testing.T) {
	for word := range (inotify.AllEvents | howToWatch).Flags() {
		name := strings.ToLower(word.String())
		if !strings.Contains(watchHelp, name) {
			t.Errorf("the help of watch lacks %s", name)
		}
	}
}
