//go:build unix

package compat

// This file is inotifywait -d. A Go program cannot fork: the daemon is this program again, in a session
// of its own, with what is left to do on descriptor 3.

import (
	"encoding/gob"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// daemonEnv says that the process is a daemon.
const daemonEnv = "INOSEQ_INOTIFYWAIT_DAEMON"

const daemonFD = 3

// daemonize starts the daemon.
func (r *waitRun) daemonize() int {
	name := *r.o.OutFile
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		fmt.Fprintf(r.env.Stderr, "%s: %s\n", reason(err), name)
		return statusFailed
	}
	if err := r.startDaemon(real); err != nil {
		fmt.Fprintf(r.env.Stderr, "Failed to daemonize!\n%v\n", err)
		return statusFailed
	}
	return statusFine
}

func (r *waitRun) startDaemon(outFile string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := openOut(outFile)
	if err != nil {
		return err
	}
	defer out.Close()
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ours.Close()
	cmd := exec.Command(self)
	cmd.Args = os.Args // as pgrep(1) and ps(1) show it: a fork keeps them
	cmd.Env = append(os.Environ(), daemonEnv+"=1")
	cmd.Stdout = out // standard input and standard error are /dev/null
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return err
	}
	return gob.NewEncoder(ours).Encode(r.o)
}

// Daemon is the daemon, if this process was started as one.
func Daemon() (status int, isDaemon bool) {
	if os.Getenv(daemonEnv) == "" {
		return 0, false
	}
	os.Unsetenv(daemonEnv)
	// The name that killall(1) knows a process by is that of its file, which a link does not change.
	// Where there is no such file, that has to do.
	_ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0)
	defaultSignals()
	in := os.NewFile(daemonFD, "options")
	r := waitRun{out: os.Stdout, env: Env{Name: "inotifywait", Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}}
	if err := gob.NewDecoder(in).Decode(&r.o); err != nil {
		return statusFailed, true
	}
	in.Close()
	var ok bool
	if r.filter, ok = r.o.Expr.compile(r.env.Stderr); !ok {
		return statusFailed, true
	}
	return r.watchAndTell(), true
}
