//go:build linux

package compat

// This file does one case with one program: it starts it, waits until it watches, changes what the case
// changes, and ends it. It waits for what the program says, or for its watches in /proc, never for time.

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is for what never comes.
const patience = time.Minute

func (c *diffCase) mustHaveWhatItNeeds(t *testing.T) {
	t.Helper()
	switch c.get("needs") {
	case "user":
		if os.Getuid() == 0 {
			t.Skip("needs an ordinary user: root may read everything")
		}
	case "namespaces":
		if out, err := exec.Command("unshare", "-Ur", "true").CombinedOutput(); err != nil {
			t.Skipf("needs user and mount namespaces: unshare: %v %s", err, out)
		}
	}
}

// running is a program at work.
type running struct {
	t    *testing.T
	c    *diffCase
	dir  string
	cmd  *exec.Cmd
	outs [2]*os.File // what we read of standard output and standard error
	errs bytes.Buffer
	out  bytes.Buffer
}

// mustDo does c with the program in the directory bin.
func mustDo(t *testing.T, c *diffCase, program, bin string) result {
	t.Helper()
	r := &running{t: t, c: c, dir: t.TempDir()}
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC", "PROGRAM="+program,
		"GORACE=atexit_sleep_ms=0")
	for _, command := range c.values["before"] {
		r.mustShell(env, command)
	}
	args, watchesMark := c.get("run"), c.get("alone") == ""
	command := "exec " + program + " " + args
	if c.get("sh") != "" {
		command, watchesMark = c.get("sh"), false
	}
	if watchesMark {
		r.mustShell(env, "mkdir "+mark)
		command += " " + mark
	}
	r.start(env, command)
	defer r.cmd.Process.Kill()
	ready := r.waitUntilReady()
	for _, command := range c.values["do"] {
		r.mustShell(env, command)
	}
	if watchesMark && ready {
		r.end(env)
	}
	return r.result(bin)
}

// mustShell runs a command in the case's directory.
func (r *running) mustShell(env []string, command string) {
	r.t.Helper()
	if names, ok := strings.CutPrefix(command, "exchange "); ok {
		a, b, _ := strings.Cut(names, " ")
		err := unix.Renameat2(unix.AT_FDCWD, filepath.Join(r.dir, a), unix.AT_FDCWD, filepath.Join(r.dir, b), unix.RENAME_EXCHANGE)
		if err != nil {
			r.t.Fatalf("exchange %s: %v", names, err)
		}
		return
	}
	cmd := exec.Command("sh", "-e", "-c", command)
	cmd.Dir, cmd.Env = r.dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// start starts the program.
func (r *running) start(env []string, command string) {
	r.t.Helper()
	r.cmd = exec.Command("sh", "-c", command)
	r.cmd.Dir, r.cmd.Env = r.dir, env
	var writers [2]*os.File
	for i := range r.outs {
		reader, writer, err := os.Pipe()
		if err != nil {
			r.t.Fatal(err)
		}
		r.outs[i], writers[i] = reader, writer
		r.t.Cleanup(func() { reader.Close() })
	}
	r.cmd.Stdout, r.cmd.Stderr = writers[0], writers[1]
	err := r.cmd.Start()
	for _, w := range writers {
		w.Close()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	for _, reader := range r.outs {
		if err := reader.SetReadDeadline(time.Now().Add(patience)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// waitUntilReady waits until the watches are established. It reports false if the program has ended
// without that.
func (r *running) waitUntilReady() bool {
	r.t.Helper()
	if n, err := strconv.Atoi(r.c.get("ready")); err == nil {
		return r.waitForWatches(n)
	}
	lines := bufio.NewReader(io.TeeReader(r.outs[1], &r.errs))
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return false
		} else if err != nil {
			r.t.Fatalf("waiting for the watches: %v; standard error: %q", err, &r.errs)
		}
		if line == "Watches established.\n" || strings.HasPrefix(line, "Finished establishing watches") {
			return true
		}
	}
}

// waitForWatches waits until the process has n watches, or has ended.
func (r *running) waitForWatches(n int) bool {
	proc := "/proc/" + strconv.Itoa(r.cmd.Process.Pid)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		infos, _ := filepath.Glob(proc + "/fdinfo/*")
		for _, info := range infos {
			text, _ := os.ReadFile(info)
			if bytes.Count(text, []byte("inotify wd:")) >= n {
				return true
			}
		}
		stat, err := os.ReadFile(proc + "/stat")
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return false
		}
	}
	r.t.Fatalf("waited %v for %d watches", patience, n)
	return false
}

// changeMark makes each kind of event in the marked directory.
const changeMark = "cd " + mark + "; echo > a; cat a >/dev/null; chmod 600 a; mv a b; rm b"

// end has the program print the mark, and ends it.
func (r *running) end(env []string) {
	r.t.Helper()
	last := r.c.get("last")
	if last == "" {
		last = changeMark
	}
	r.mustShell(env, last)
	buf := make([]byte, 64<<10)
	for !bytes.Contains(r.out.Bytes(), []byte(mark)) {
		n, err := r.outs[0].Read(buf)
		r.out.Write(buf[:n])
		if err == io.EOF {
			break
		} else if err != nil {
			r.t.Fatalf("waiting for %s: %v; standard output: %q", mark, err, &r.out)
		}
	}
	sig := map[string]syscall.Signal{
		"": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "ALRM": syscall.SIGALRM,
		"USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "PWR": syscall.SIGPWR, "RT": syscall.Signal(firstRealtime),
	}[r.c.get("end")]
	if err := r.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.t.Fatal(err)
	}
}

// result waits for the end, and returns what is compared.
func (r *running) result(bin string) (res result) {
	r.t.Helper()
	for i, to := range []*bytes.Buffer{&r.out, &r.errs} {
		if _, err := io.Copy(to, r.outs[i]); err != nil {
			r.t.Fatalf("waiting for the end: %v; it printed %q, %q", err, &r.out, &r.errs)
		}
	}
	_ = r.cmd.Wait() // the status says it
	res.status = r.cmd.ProcessState.String()
	clean := func(text []byte) string {
		return r.c.clean(strings.ReplaceAll(string(text), bin, "BIN"), r.dir)
	}
	res.stdout, res.stderr = clean(beforeMark(r.out.Bytes())), clean(r.errs.Bytes())
	for _, name := range r.c.values["show"] {
		text, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			res.shown += err.Error()
		}
		res.shown += clean(beforeMark(text))
	}
	return res
}
