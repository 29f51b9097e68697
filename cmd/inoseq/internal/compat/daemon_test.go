//go:build linux

package compat

// This file tests inotifywait -d, which goes on when it has returned: the daemon is found by the file that
// it has open, and ended by its pid.

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

func TestWaitDWritesToItsFileUntilItIsEnded(t *testing.T) {
	programs := map[string]string{"ours": mustHaveOurs(t, "inotifywait")}
	if path, err := exec.LookPath("inotifywait"); err == nil {
		programs["the original"] = filepath.Dir(path)
	}
	for name, bin := range programs {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			dir, log := filepath.Join(base, "d"), filepath.Join(base, "log")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(log, []byte("before\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(filepath.Join(bin, "inotifywait"), "-d", "-o", log, "-e", "create", "--format", "%e %w%f", dir)
			cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("%v, it prints %q", err, out)
			}
			pid := mustFindDaemon(t, log)
			defer func() {
				if t.Failed() {
					unix.Kill(pid, unix.SIGKILL)
				}
			}()
			mustBeKnownAs(t, pid, "inotifywait", cmd.Args)
			w, err := inotify.New()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if _, err := w.Add(log, inotify.Modify); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "b"} {
				if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			mustHold(t, w, log, "before\nCREATE,ISDIR "+dir+"/a\nCREATE,ISDIR "+dir+"/b\n")
			mustEnd(t, pid)
		})
	}
}

// mustFindDaemon waits for a process that has log open and a watch, and returns its pid.
func mustFindDaemon(t *testing.T, log string) (pid int) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
		for _, link := range links {
			if name, err := os.Readlink(link); err != nil || name != log {
				continue
			}
			proc := filepath.Dir(filepath.Dir(link))
			infos, _ := filepath.Glob(proc + "/fdinfo/*")
			for _, info := range infos {
				text, _ := os.ReadFile(info)
				if !bytes.Contains(text, []byte("inotify wd:")) {
					continue
				}
				pid, err := strconv.Atoi(strings.TrimPrefix(proc, "/proc/"))
				if err != nil {
					t.Fatal(err)
				}
				return pid
			}
		}
	}
	t.Fatalf("waited %v for a process that has %s open, and a watch", patience, log)
	return -1
}

// mustBeKnownAs holds what pkill(1) and killall(1) find the process by.
func mustBeKnownAs(t *testing.T, pid int, name string, args []string) {
	t.Helper()
	proc := "/proc/" + strconv.Itoa(pid)
	if got, err := os.ReadFile(proc + "/comm"); string(got) != name+"\n" {
		t.Errorf("%v, its name is %q, want %q", err, got, name)
	}
	if got, err := os.ReadFile(proc + "/cmdline"); string(got) != strings.Join(args, "\x00")+"\x00" {
		t.Errorf("%v, its arguments are %q, want %q", err, got, args)
	}
}

// mustHold waits until name, which w watches, holds text.
func mustHold(t *testing.T, w *inotify.Watcher, name, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) == text {
			return
		}
		for _, err := range w.EventsContext(ctx) {
			if err != nil {
				t.Fatalf("waiting for %q in %s, which holds %q: %v", text, name, got, err)
			}
			break
		}
	}
}

// mustEnd ends the process, and waits for that.
func mustEnd(t *testing.T, pid int) {
	t.Helper()
	if err := unix.Kill(pid, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return
		}
	}
	t.Fatalf("waited %v for its end", patience)
}
