//go:build linux

package tree

// This file says which limit stands behind ENOSPC of inotify_add_watch(2) and EMFILE of
// inotify_init1(2): counts are kept per user and user namespace (inc_ucount in kernel/ucount.c).

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// limitError makes err an *inotify.LimitError if a limit caused it.
func limitError(err error) error {
	switch err {
	case unix.ENOSPC:
		return lowestLimit(err, "fs.inotify.max_user_watches", "user.max_inotify_watches")
	case unix.EMFILE:
		// Either limit gives EMFILE. If no other descriptor can be had, it is that one.
		fd, probe := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if probe == unix.EMFILE {
			var r unix.Rlimit
			value := -1
			if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) == nil {
				value = int(r.Cur)
			}
			return &inotify.LimitError{Limit: "RLIMIT_NOFILE", Value: value, Err: err}
		}
		if probe == nil {
			unix.Close(fd)
		}
		return lowestLimit(err, "fs.inotify.max_user_instances", "user.max_inotify_instances")
	}
	return err
}

// lowestLimit names the limit that is lowest, the first if none can be read.
func lowestLimit(err error, names ...string) error {
	e := &inotify.LimitError{Limit: names[0], Value: -1, Err: err}
	for _, name := range names {
		text, readErr := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
		if readErr != nil {
			continue
		}
		if n, numErr := strconv.Atoi(string(bytes.TrimSpace(text))); numErr == nil && (e.Value < 0 || n < e.Value) {
			e.Limit, e.Value = name, n
		}
	}
	return e
}
