//go:build linux

package compat

// This file does one case with one program: it starts it, waits until it watches, changes what the case
// changes, and ends it. It waits for what the program says, or for its watches in /proc, never for time.

import (
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

// patience is for what never comes, on a machine that is slow and busy.
const patience = 5 * time.Minute

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

// caseRun is a program at work.
type caseRun struct {
	t        *testing.T
	c        *diffCase
	original bool
	dir      string
	cmd      *exec.Cmd
	outs     [2]*os.File // what we read of standard output and standard error
	errs     bytes.Buffer
	out      bytes.Buffer
}

// mustDo does c with the program in the directory bin.
func mustDo(t *testing.T, c *diffCase, program, bin string, original bool) result {
	t.Helper()
	r := &caseRun{t: t, c: c, original: original, dir: t.TempDir()}
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC", "PROGRAM="+program,
		"GORACE=atexit_sleep_ms=0")
	for _, command := range c.values["before"] {
		r.mustShell(env, command)
	}
	args, watchesMark := c.get("run"), c.get("alone") == "" && c.get("counts") == ""
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
	for c.get("again") != "" && !r.hasEnded() {
		r.mustShell(env, c.get("again"))
	}
	switch {
	case watchesMark && ready:
		r.end(env)
	case c.get("counts") != "" && ready:
		r.waitUntilAsleep()
		r.signal(c.get("counts"))
	}
	return r.result(bin)
}

// mustShell runs a command in the case's directory.
func (r *caseRun) mustShell(env []string, command string) {
	r.t.Helper()
	if names, ok := strings.CutPrefix(command, "exchange "); ok {
		a, b, _ := strings.Cut(names, " ")
		err := unix.Renameat2(unix.AT_FDCWD, filepath.Join(r.dir, a), unix.AT_FDCWD, filepath.Join(r.dir, b), unix.RENAME_EXCHANGE)
		if err != nil {
			r.t.Fatalf("exchange %s: %v", names, err)
		}
		return
	}
	if who, n, ok := strings.Cut(strings.TrimSuffix(command, " watches"), " has "); ok && (who == "original" || who == "ours") {
		n, err := strconv.Atoi(n)
		if err != nil {
			r.t.Fatal(err)
		}
		if r.original == (who == "original") && !r.waitForWatches(n) {
			r.t.Fatalf("%s has ended before it had %d watches", who, n)
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
func (r *caseRun) start(env []string, command string) {
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
}

// mustRead reads from standard output or standard error.
func (r *caseRun) mustRead(from int, buf []byte) (n int, err error) {
	r.t.Helper()
	if err := r.outs[from].SetReadDeadline(time.Now().Add(patience)); err != nil {
		r.t.Fatal(err)
	}
	if n, err = r.outs[from].Read(buf); err != nil && err != io.EOF {
		r.t.Fatalf("%v; it printed %q, %q", err, &r.out, &r.errs)
	}
	return n, err
}

// waitUntilReady waits until the watches are established. It reports false if the program has ended
// without that.
func (r *caseRun) waitUntilReady() bool {
	r.t.Helper()
	if n, err := strconv.Atoi(r.c.get("ready")); err == nil {
		return r.waitForWatches(n)
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := r.mustRead(1, buf)
		r.errs.Write(buf[:n])
		if bytes.Contains(r.errs.Bytes(), []byte("Watches established.\n")) ||
			bytes.Contains(r.errs.Bytes(), []byte("Finished establishing watches, now collecting statistics.\n")) {
			return true
		}
		if err == io.EOF {
			return false
		}
	}
}

// waitForWatches waits until the process has n watches, no more and no less, or has ended.
func (r *caseRun) waitForWatches(n int) bool {
	proc := "/proc/" + strconv.Itoa(r.cmd.Process.Pid)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		fds, _ := filepath.Glob(proc + "/fd/*")
		for _, fd := range fds {
			if name, _ := os.Readlink(fd); name != "anon_inode:inotify" {
				continue
			}
			text, err := os.ReadFile(proc + "/fdinfo/" + filepath.Base(fd))
			if err == nil && bytes.Count(text, []byte("inotify wd:")) == n {
				return true
			}
		}
		if r.hasEnded() {
			return false
		}
	}
	r.t.Fatalf("waited %v for %d watches", patience, n)
	return false
}

func (r *caseRun) hasEnded() bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(r.cmd.Process.Pid) + "/stat")
	return err != nil || bytes.Contains(stat, []byte(") Z "))
}

// waitUntilAsleep waits until all threads of the process sleep, or it has ended: then it has done all that
// there was to do. What is queued for a process has it run before the one who queues it goes on.
func (r *caseRun) waitUntilAsleep() {
	r.t.Helper()
	tasks := "/proc/" + strconv.Itoa(r.cmd.Process.Pid) + "/task/*"
	for end := time.Now().Add(patience); time.Now().Before(end); {
		// That it sleeps can also be said of a thread that is about to, and that looks for events before. So the
		// kernel is asked where it sleeps: for that it waits until a processor has let the thread go.
		before := r.switches(tasks)
		if before != "" && r.areAsleep(tasks) && before == r.switches(tasks) || r.hasEnded() {
			return
		}
	}
	r.t.Fatalf("waited %v for it to sleep", patience)
}

// areAsleep reports whether all threads are in a system call, and on no processor.
func (r *caseRun) areAsleep(tasks string) bool {
	r.t.Helper()
	files, _ := filepath.Glob(tasks + "/syscall")
	for _, file := range files {
		where, err := os.ReadFile(file)
		if errors.Is(err, os.ErrPermission) {
			r.t.Skip("needs to see where a process sleeps: ", err)
		}
		if err != nil || bytes.HasPrefix(where, []byte("running")) {
			return false
		}
	}
	return len(files) > 0
}

// switches says how often a processor has let each thread go, or nothing if one does not sleep.
func (r *caseRun) switches(tasks string) (counts string) {
	files, _ := filepath.Glob(tasks + "/status")
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(status, []byte("\nState:\tS")) {
			return ""
		}
		for _, line := range strings.Split(string(status), "\n") {
			if strings.HasPrefix(line, "Pid:") || strings.Contains(line, "voluntary_ctxt_switches:") {
				counts += line
			}
		}
	}
	return counts
}

// changeMark makes each kind of event in the marked directory.
const changeMark = "cd " + mark + "; echo > a; cat a >/dev/null; chmod 600 a; mv a b; rm b"

// end has the program print the mark, and ends it.
func (r *caseRun) end(env []string) {
	r.t.Helper()
	r.waitUntilAsleep() // what is found by looking can be told later than what happens then
	last := r.c.get("last")
	if last == "" {
		last = changeMark
	}
	r.mustShell(env, last)
	buf := make([]byte, 64<<10)
	for !bytes.Contains(r.out.Bytes(), []byte(mark)) {
		n, err := r.mustRead(0, buf)
		r.out.Write(buf[:n])
		if err == io.EOF {
			break
		}
	}
	r.signal(r.c.get("end"))
}

// signal sends the signal of a name.
func (r *caseRun) signal(name string) {
	r.t.Helper()
	sig := map[string]syscall.Signal{
		"": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "ALRM": syscall.SIGALRM,
		"QUIT": syscall.SIGQUIT,
		"USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "PWR": syscall.SIGPWR, "RT": syscall.Signal(firstRealtime),
	}[name]
	if err := r.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.t.Fatal(err)
	}
}

// result waits for the end, and returns what is compared.
func (r *caseRun) result(bin string) (res result) {
	r.t.Helper()
	buf := make([]byte, 64<<10)
	for i, to := range []*bytes.Buffer{&r.out, &r.errs} {
		for {
			n, err := r.mustRead(i, buf)
			to.Write(buf[:n])
			if err != nil {
				break
			}
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
