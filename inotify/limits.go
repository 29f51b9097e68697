//go:build linux

package inotify

// This file reads the sysctls of inotify(7), and makes the errors that name a limit.

import (
	"github.com/inoseq/inoseq/internal/limits"
	"golang.org/x/sys/unix"
)

// ReadLimits reads the limits from /proc/sys/fs/inotify. It fails where /proc is not mounted, and
// is errors.ErrUnsupported on systems other than Linux. A user namespace can have lower ones: see
// [LimitError].
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
		n, err := limits.Sysctl(v.name)
		if err != nil {
			return Limits{}, err
		}
		*v.to = n
	}
	return l, nil
}

// watchError and instanceError say what stands behind the errors of inotify_add_watch(2) and
// inotify_init1(2).
func watchError(err error) error {
	if err != unix.ENOSPC {
		return err
	}
	l := limits.Watches()
	return &LimitError{Limit: l.Name, Value: l.Value, Err: err}
}

func instanceError(err error) error {
	if err != unix.EMFILE {
		return err
	}
	l := limits.Instances()
	return &LimitError{Limit: l.Name, Value: l.Value, Err: err}
}
