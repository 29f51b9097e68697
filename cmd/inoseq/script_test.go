//go:build linux

package main

// This file runs the scripts in testdata, which use the program from the outside. Beside the
// commands of package testscript they have these:
//
//	start NAME PROGRAM ARG...       starts a program; its output is not read until somebody asks
//	socket NAME PROGRAM ARG...      the same, with a socket as its standard output
//	line NAME STREAM REGEXP         waits for the next line, which must match
//	skipto NAME STREAM REGEXP       waits for the next line that matches
//	text NAME STREAM TEXT           waits for the next bytes, which must be TEXT, quoted as in Go
//	signal NAME SIGNAL              INT, TERM, STOP or CONT; STOP waits until it has stopped
//	close NAME                      nobody reads its standard output from now on
//	end NAME STATUS                 waits for its end; no line must be left
//	touch FILE...                   makes files; a name can be quoted as in Go
//	remove DIR...                   removes directories with all that is in them
//	exchange A B                    has two files or directories change places
//	overflow DIR                    makes more changes than the kernel's queue can hold
//
// Nothing sleeps: what takes time is waited for, and timeout is for what never comes.

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/inoseq/inoseq/inotify"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"inoseq": main, "hasty": hasty, "raise-events": raiseEvents})
}

// hasty is inoseq which ends commands by force at once.
func hasty() {
	endGrace = time.Millisecond
	main()
}

// timeout is for what never comes, on a machine that is slow and busy.
const timeout = 5 * time.Minute

// running bounds how many scripts run at once, whatever the number of processors: a user may have 128
// instances of inotify(7) by default.
var running = make(chan struct{}, 8)

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			all := &processes{env: env, byName: make(map[string]*process)}
			env.Values[processesKey{}] = all
			running <- struct{}{}
			env.Defer(func() { <-running })
			env.Defer(all.kill)
			// The race detector's runtime sleeps for a second before every exit.
			env.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start":    withProcesses(2, (*processes).start),
			"socket":   withProcesses(2, (*processes).startOnSocket),
			"line":     withProcesses(3, (*processes).line),
			"skipto":   withProcesses(3, (*processes).skipTo),
			"text":     withProcesses(3, (*processes).text),
			"signal":   withProcesses(2, (*processes).signal),
			"close":    withProcesses(1, (*processes).close),
			"end":      withProcesses(2, (*processes).end),
			"touch":    touch,
			"remove":   remove,
			"exchange": exchange,
			"overflow": overflow,
		},
	})
}

// process is a program that runs beside the script.
type process struct {
	cmd     *exec.Cmd
	streams map[string]*stream // "stdout" and "stderr"
	ended   bool
}

type stream struct {
	file *os.File
	buf  *bufio.Reader
}

// next returns the next line without its end, or io.EOF.
func (s *stream) next() (string, error) {
	text, err := s.buf.ReadString('\n')
	if err == io.EOF && text != "" {
		err = io.ErrUnexpectedEOF
	}
	return strings.TrimSuffix(text, "\n"), err
}

type processes struct {
	env    *testscript.Env
	byName map[string]*process
}

type processesKey struct{}

// withProcesses makes a script command of f, which has at least min arguments.
func withProcesses(min int, f func(*processes, *testscript.TestScript, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < min {
			ts.Fatalf("wrong use: see the list of commands in script_test.go")
		}
		f(ts.Value(processesKey{}).(*processes), ts, args)
	}
}

func (ps *processes) kill() {
	for _, p := range ps.byName {
		if !p.ended {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
		for _, s := range p.streams {
			s.file.Close()
		}
	}
}

func (ps *processes) named(ts *testscript.TestScript, name string) *process {
	p := ps.byName[name]
	if p == nil {
		ts.Fatalf("no process was started as %q", name)
	}
	return p
}

func (ps *processes) stream(ts *testscript.TestScript, name, stream string) *stream {
	s := ps.named(ts, name).streams[stream]
	if s == nil {
		ts.Fatalf("no stream %q, only stdout and stderr", stream)
	}
	return s
}

func (ps *processes) start(ts *testscript.TestScript, args []string) {
	r, w, err := os.Pipe()
	ts.Check(err)
	ps.startOn(ts, args, r, w)
}

func (ps *processes) startOnSocket(ts *testscript.TestScript, args []string) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	ts.Check(err)
	ts.Check(unix.SetNonblock(fds[1], false))
	ps.startOn(ts, args, os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket"))
}

// startOn starts a program that writes to stdout, which it closes, and is read from r.
func (ps *processes) startOn(ts *testscript.TestScript, args []string, r, stdout *os.File) {
	defer stdout.Close()
	errors, stderr, err := os.Pipe()
	ts.Check(err)
	defer stderr.Close()
	p := &process{
		cmd: exec.Command(args[1], args[2:]...),
		streams: map[string]*stream{
			"stdout": {r, bufio.NewReader(patient{r})},
			"stderr": {errors, bufio.NewReader(patient{errors})},
		},
	}
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = ps.env.Vars
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	ts.Check(p.cmd.Start())
	ps.byName[args[0]] = p
}

func (ps *processes) line(ts *testscript.TestScript, args []string) {
	text, err := ps.stream(ts, args[0], args[1]).next()
	if err != nil {
		ts.Fatalf("waiting for a line of %s: %v", args[1], err)
	}
	ts.Logf("[%s %s] %s", args[0], args[1], text)
	if !pattern(ts, args[2]).MatchString(text) {
		ts.Fatalf("the line does not match %s", args[2])
	}
}

func (ps *processes) skipTo(ts *testscript.TestScript, args []string) {
	want := pattern(ts, args[2])
	for skipped := 0; ; skipped++ {
		text, err := ps.stream(ts, args[0], args[1]).next()
		if err != nil {
			ts.Fatalf("%v after %d lines of %s, none of which matches %s", err, skipped, args[1], args[2])
		}
		if want.MatchString(text) {
			ts.Logf("[%s %s] after %d others: %s", args[0], args[1], skipped, text)
			return
		}
	}
}

func (ps *processes) text(ts *testscript.TestScript, args []string) {
	want, err := strconv.Unquote(args[2])
	ts.Check(err)
	s := ps.stream(ts, args[0], args[1])
	got := make([]byte, len(want))
	if n, err := io.ReadFull(s.buf, got); err != nil || string(got) != want {
		ts.Fatalf("the next bytes are %q, %v", got[:n], err)
	}
}

func pattern(ts *testscript.TestScript, expr string) *regexp.Regexp {
	re, err := regexp.Compile(expr)
	ts.Check(err)
	return re
}

func (ps *processes) signal(ts *testscript.TestScript, args []string) {
	sig, ok := map[string]syscall.Signal{
		"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT,
	}[args[1]]
	if !ok {
		ts.Fatalf("no signal %q, only INT, TERM, STOP and CONT", args[1])
	}
	p := ps.named(ts, args[0]).cmd.Process
	ts.Check(p.Signal(sig))
	if sig != syscall.SIGSTOP {
		return
	}
	for { // all its threads have stopped when waitid(2) says so
		err := unix.Waitid(unix.P_PID, p.Pid, nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			ts.Check(err)
			return
		}
	}
}

func (ps *processes) close(ts *testscript.TestScript, args []string) {
	p := ps.named(ts, args[0])
	stdout := p.streams["stdout"].file
	// A process that another script is just starting has a copy of every descriptor until its exec,
	// so that a close alone does not end a socket for the writer. A pipe's end is told when it comes.
	conn, err := stdout.SyscallConn()
	ts.Check(err)
	ts.Check(conn.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) }))
	ts.Check(stdout.Close())
	delete(p.streams, "stdout")
}

func (ps *processes) end(ts *testscript.TestScript, args []string) {
	p := ps.named(ts, args[0])
	for name, s := range p.streams {
		if text, err := s.next(); err != io.EOF {
			ts.Fatalf("%s has a line left: %q, %v", name, text, err)
		}
	}
	hung := time.AfterFunc(timeout, func() { _ = p.cmd.Process.Kill() })
	defer hung.Stop()
	err := p.cmd.Wait()
	p.ended = true
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if got := strconv.Itoa(p.cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("%v, want exit status %s", p.cmd.ProcessState, args[1])
	}
}

func touch(ts *testscript.TestScript, neg bool, names []string) {
	for _, name := range names {
		if strings.HasPrefix(name, `"`) {
			plain, err := strconv.Unquote(name)
			ts.Check(err)
			name = plain
		}
		ts.Check(whileNothingStarts(func() error {
			f, err := os.Create(ts.MkAbs(name))
			if err != nil {
				return err
			}
			return f.Close()
		}))
	}
}

func remove(ts *testscript.TestScript, neg bool, names []string) {
	for _, name := range names {
		ts.Check(whileNothingStarts(func() error { return os.RemoveAll(ts.MkAbs(name)) }))
	}
}

// whileNothingStarts calls f while no process is between fork(2) and exec(2): it would have a copy of what f
// opens, and CLOSE_WRITE or DELETE_SELF would come when it closes that.
func whileNothingStarts(f func() error) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return f()
}

func exchange(ts *testscript.TestScript, neg bool, names []string) {
	if neg || len(names) != 2 {
		ts.Fatalf("usage: exchange A B")
	}
	ts.Check(unix.Renameat2(unix.AT_FDCWD, ts.MkAbs(names[0]), unix.AT_FDCWD, ts.MkAbs(names[1]), unix.RENAME_EXCHANGE))
}

// overflow changes the modes of two files in turn: equal events in a row would be merged into one.
func overflow(ts *testscript.TestScript, neg bool, args []string) {
	limits, err := inotify.ReadLimits()
	ts.Check(err)
	if limits.MaxQueuedEvents > 1_000_000 {
		ts.Fatalf("fs.inotify.max_queued_events is %d: it would take minutes to fill such a queue", limits.MaxQueuedEvents)
	}
	names := []string{filepath.Join(ts.MkAbs(args[0]), "one"), filepath.Join(ts.MkAbs(args[0]), "two")}
	touch(ts, false, names)
	for i := range limits.MaxQueuedEvents + 1000 { // the program is to stand still
		ts.Check(os.Chmod(names[i%2], 0o600))
	}
}
