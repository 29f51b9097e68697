//go:build linux

package inotify

// This file tests the errors of limits, with limits lowered in a user namespace of the test's own or
// in its own process.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mustLower sets a limit of the namespace that the test runs in.
func mustLower(t *testing.T, name string, value int) {
	t.Helper()
	must(t, os.WriteFile("/proc/sys/"+strings.ReplaceAll(name, ".", "/"), fmt.Append(nil, value), 0o644))
}

func TestTheLimitOfWatchesIsNamed(t *testing.T) {
	inNamespaces(t, func(t *testing.T) {
		mustLower(t, "user.max_inotify_watches", 5)
		w := mustNew(t)
		dir := t.TempDir()
		for i := range 6 {
			sub := filepath.Join(dir, fmt.Sprint(i))
			must(t, os.Mkdir(sub, 0o700))
			_, err := w.Add(sub, Create)
			if i < 5 {
				must(t, err)
				continue
			}
			mustBeLimit(t, err, "user.max_inotify_watches", 5, unix.ENOSPC)
			if text := err.Error(); !strings.Contains(text, sub) || !strings.Contains(text, "sysctl -w user.max_inotify_watches=10") ||
				!strings.Contains(text, "enclosing user namespace") {
				t.Error(text)
			}
		}
		mustTouch(t, filepath.Join(dir, "0"), "a")
		mustSee(t, mustDrain(t, w), "CREATE a")
	})
}

func TestTheLimitOfInstancesIsNamed(t *testing.T) {
	inNamespaces(t, func(t *testing.T) {
		mustLower(t, "user.max_inotify_instances", 2)
		for range 3 {
			w, err := New()
			if err == nil {
				defer w.Close()
				continue
			}
			mustBeLimit(t, err, "user.max_inotify_instances", 2, unix.EMFILE)
			return
		}
		t.Fatal("no limit was met")
	})
}

func TestTheLimitOfOpenFilesIsNamed(t *testing.T) {
	inNamespaces(t, func(t *testing.T) { // in a child, as the limit is the whole process's
		var old unix.Rlimit
		must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
		must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 20, Max: old.Max}))
		defer unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
		for range 21 {
			w, err := New()
			if err == nil {
				defer w.Close()
				continue
			}
			mustBeLimit(t, err, "RLIMIT_NOFILE", 20, unix.EMFILE)
			if !strings.Contains(err.Error(), "ulimit -n") {
				t.Error(err)
			}
			return
		}
		t.Fatal("no limit was met")
	})
}

func mustBeLimit(t *testing.T, err error, name string, value int, is error) {
	t.Helper()
	var limit *LimitError
	if !errors.As(err, &limit) || limit.Limit != name || limit.Value != value || !errors.Is(err, is) {
		t.Fatalf("%v (%+v)", err, limit)
	}
	if !strings.Contains(err.Error(), fmt.Sprintf("%s is %d", name, value)) {
		t.Fatal(err)
	}
}

func TestReadLimitsReadsTheSysctls(t *testing.T) {
	l, err := ReadLimits()
	must(t, err)
	if l.MaxQueuedEvents <= 0 || l.MaxUserInstances <= 0 || l.MaxUserWatches <= 0 {
		t.Fatalf("%+v", l)
	}
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_user_watches")
	must(t, err)
	if fmt.Sprintln(l.MaxUserWatches) != string(text) {
		t.Fatalf("%+v, %s", l, text)
	}
}

func TestALimitThatCannotBeReadIsStillNamed(t *testing.T) {
	err := &LimitError{Limit: "fs.inotify.max_user_watches", Value: -1, Err: unix.ENOSPC}
	if !strings.Contains(err.Error(), "max_user_watches is unknown; raise it with 'sysctl -w fs.inotify.max_user_watches=N'") {
		t.Fatal(err)
	}
}
