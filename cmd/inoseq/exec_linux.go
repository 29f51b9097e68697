package main

// This file starts the command of --exec, and ends it: with all the processes that it has started,
// which are a process group of their own.

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// started is a command on its way.
type started struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended, and, if end was called, all that belongs to it
	err  error         // after that

	mu     sync.Mutex
	reaped bool            // its process group may be another's
	ending []chan struct{} // closed when an end has come
}

// startRun starts a command whose standard input is input.
func startRun(command string, input []byte, stdout, stderr io.Writer) (*started, error) {
	stdin, err := inMemory(input)
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	r := &started{cmd: exec.Command("sh", "-c", command), done: make(chan struct{})}
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = stdin, stdout, stderr
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		r.err = r.cmd.Wait()
		r.mu.Lock()
		r.reaped = true
		ending := r.ending
		r.mu.Unlock()
		for _, ended := range ending {
			<-ended
		}
		close(r.done)
	}()
	return r, nil
}

// inMemory is a file: whether the command reads it, and how much of it, holds nobody up.
func inMemory(content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("changes", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "changes")
	if _, err = io.Copy(f, bytes.NewReader(content)); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("handing over the changed paths: %w", err)
	}
	return f, nil
}

// end has the command and all that belongs to it end: decently, and after a grace by force. It does
// not wait for that.
func (r *started) end(grace time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reaped {
		return
	}
	ended := make(chan struct{})
	r.ending = append(r.ending, ended)
	go func() {
		defer close(ended)
		group := -r.cmd.Process.Pid
		hung, pause := time.Now().Add(grace), 5*time.Millisecond
		// Signal 0 only asks whether somebody is left; there is no way to wait for a group. Those that
		// have ended are left, too, until their parent has heard of it, and that may be an init that
		// does not listen, as in many a container.
		for signal := unix.SIGTERM; unix.Kill(group, signal) != unix.ESRCH; signal = 0 {
			if time.Now().After(hung) || r.isReaped() && haveEnded(r.cmd.Process.Pid) {
				_ = unix.Kill(group, unix.SIGKILL)
				return
			}
			time.Sleep(pause)
			pause = min(2*pause, 80*time.Millisecond)
		}
	}()
}

func (r *started) isReaped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reaped
}

// haveEnded reports whether all processes of a group are zombies, by proc_pid_stat(5).
func haveEnded(group int) bool {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	found := false
	for _, name := range stats {
		text, _ := os.ReadFile(name) // it may be gone by now
		// The name of the program, in parentheses, can hold anything.
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) < 3 || string(fields[2]) != strconv.Itoa(group) {
			continue
		}
		if found = true; string(fields[0]) != "Z" && string(fields[0]) != "X" {
			return false
		}
	}
	return found && err == nil
}
