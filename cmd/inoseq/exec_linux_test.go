package main

// This file tests how the command of --exec is ended.

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestAnEndDoesNotWaitForZombies(t *testing.T) {
	// What the command leaves behind becomes ours, and we do not listen, like many an init.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	began, told, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer began.Close()
	r, err := startRun(sleep+" 1000 & echo began; wait", nil, told, nil)
	told.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := began.Read(make([]byte, len("began\n"))); err != nil {
		t.Fatal(err)
	}
	r.end(time.Hour)
	select {
	case <-r.done:
	case <-time.After(timeout):
		t.Error("it waits for what has ended")
	}
	for { // now we do
		if pid, err := unix.Wait4(-r.cmd.Process.Pid, nil, 0, nil); err != unix.EINTR && (err != nil || pid <= 0) {
			return
		}
	}
}
