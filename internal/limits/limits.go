//go:build linux

// Package limits finds the limit that stands behind an error of inotify_init1(2) or
// inotify_add_watch(2). Counts are kept per user and user namespace, and in each namespace above it
// (inc_ucount in kernel/ucount.c); those above cannot be seen.
package limits

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Limit is a limit by name, with its value now, or -1 if it cannot be read.
type Limit struct {
	Name  string
	Value int
}

// Sysctl reads the number behind name, such as fs.inotify.max_user_watches, from /proc/sys.
func Sysctl(name string) (int, error) {
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

// Watches is the limit behind ENOSPC of inotify_add_watch(2).
func Watches() Limit { return lowest("fs.inotify.max_user_watches", "user.max_inotify_watches") }

// Instances is the limit behind EMFILE of inotify_init1(2), which is that of instances or that of
// descriptors. If no other descriptor can be had, it is the latter.
func Instances() Limit {
	fd, probe := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if probe == unix.EMFILE {
		var r unix.Rlimit
		value := -1
		if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) == nil {
			value = int(r.Cur)
		}
		return Limit{"RLIMIT_NOFILE", value}
	}
	if probe == nil {
		unix.Close(fd)
	}
	return lowest("fs.inotify.max_user_instances", "user.max_inotify_instances")
}

// lowest names the limit that is lowest, the first if none can be read.
func lowest(names ...string) Limit {
	l := Limit{names[0], -1}
	for _, name := range names {
		if n, err := Sysctl(name); err == nil && (l.Value < 0 || n < l.Value) {
			l = Limit{name, n}
		}
	}
	return l
}
