//go:build linux

package inotify

// This file reads the sysctls of inotify(7), and says which limit stands behind an error.

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ReadLimits reads the limits from /proc/sys/fs/inotify. It fails where /proc is not mounted. A user
// namespace can have lower ones: see [LimitError].
func ReadLimits() (Limits, error) {
	var l Limits
	for _, v := range []struct {
		name string
		to   *int
	}{
		{"fs.inotify.max_queued_events", &l.MaxQueuedEvents},
		{"fs.inotify.max_user_instances", &l.MaxUserInstances},
		{"fs.inotify.max_user_watches", &l.MaxUserWatches},
	} {
		n, err := readSysctl(v.name)
		if err != nil {
			return Limits{}, err
		}
		*v.to = n
	}
	return l, nil
}

func readSysctl(name string) (int, error) {
	text, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	if err != nil {
		return 0, fmt.Errorf("inotify: reading the limit %s: %w", name, err)
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil {
		return 0, fmt.Errorf("inotify: the limit %s: %w", name, err)
	}
	return n, nil
}

// watchError and instanceError say what stands behind the errors of inotify_add_watch(2) and
// inotify_init1(2). Counts are per user and user namespace, and in each namespace above it
// (inc_ucount in kernel/ucount.c); those above cannot be seen.
func watchError(err error) error {
	if err != unix.ENOSPC {
		return err
	}
	return lowestLimit(err, "fs.inotify.max_user_watches", "user.max_inotify_watches")
}

func instanceError(err error) error {
	if err != unix.EMFILE {
		return err
	}
	// Either limit gives EMFILE. If no other descriptor can be had, it is that one.
	fd, probe := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if probe == unix.EMFILE {
		var r unix.Rlimit
		value := -1
		if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) == nil {
			value = int(r.Cur)
		}
		return &LimitError{Limit: "RLIMIT_NOFILE", Value: value, Err: err}
	}
	if probe == nil {
		unix.Close(fd)
	}
	return lowestLimit(err, "fs.inotify.max_user_instances", "user.max_inotify_instances")
}

// lowestLimit names the limit that is lowest, the first if none can be read.
func lowestLimit(err error, names ...string) error {
	e := &LimitError{Limit: names[0], Value: -1, Err: err}
	for _, name := range names {
		if n, err := readSysctl(name); err == nil && (e.Value < 0 || n < e.Value) {
			e.Limit, e.Value = name, n
		}
	}
	return e
}
