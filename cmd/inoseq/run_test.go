package main

// This file tests, on every operating system, what scripts cannot reach: outputs that fail or hang.

import (
	"bufio"
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

func init() {
	// However slow the machine is, nothing is given up. This is also the programs' that tests start.
	grace, restTime, restartGrace, endGrace = time.Hour, time.Hour, time.Hour, time.Hour
}

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

func TestDecodeWorksEverywhereAndWhatNeedsInotifySaysSo(t *testing.T) {
	const capture = `{"capture":1,"order":"little","kernel":"","events":"CREATE"}` + "\n" + `{"wd":1,"path":"d","mask":"CREATE"}` + "\n" +
		`{"time":"2026-11-23T18:40:16Z","raw":"AQAAAAABAAAAAAAAEAAAAG4AAAAAAAAAAAAAAAAAAAA="}` + "\n"
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), []string{"decode", "-"}, strings.NewReader(capture), &stdout, &stderr)
	if want := "CREATE \"d/n\"\n"; status != 0 || stdout.String() != want || stderr.Len() > 0 {
		t.Errorf("status %d, output %q, standard error %q", status, &stdout, &stderr)
	}
	if runtime.GOOS == "linux" {
		return
	}
	for _, args := range [][]string{{"record", "-o", "-", "."}, {"usage"}} {
		stderr.Reset()
		status := run(context.Background(), args, strings.NewReader(""), &stdout, &stderr)
		if status != 1 || !strings.Contains(stderr.String(), runtime.GOOS) {
			t.Errorf("%v: status %d, standard error %q", args, status, &stderr)
		}
	}
}

func TestWhatWasDecodedIsPrintedBeforeMoreIsRead(t *testing.T) {
	in, dump := io.Pipe()
	lines, stdout := io.Pipe()
	done := make(chan int)
	go func() {
		status := run(context.Background(), []string{"decode", "--hex", "--order", "little", "-"}, in, stdout, io.Discard)
		stdout.Close()
		done <- status
	}()
	got := bufio.NewReader(lines)
	for range 3 {
		if _, err := io.WriteString(dump, "01000000000100000000000000000000\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := got.ReadString('\n'); line != "CREATE wd 1\n" {
			t.Fatalf("%q, %v", line, err)
		}
	}
	dump.Close()
	if status := <-done; status != 0 {
		t.Errorf("status %d", status)
	}
}
