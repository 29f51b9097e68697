package inotify

// This file holds the errors and limits that callers meet, for every operating system; limits.go
// finds out on Linux which limit was met.

import (
	"errors"
	"fmt"
)

// ErrOverflow is yielded when the kernel's queue of the instance was full and events were lost
// (IN_Q_OVERFLOW of inotify(7)). It comes at the place of the loss, with an [Event] of mask
// QueueOverflow and no Watch. The sequence goes on if the loop does: what is watched stays watched;
// the program must look at the disk again. The queue's length is the sysctl
// fs.inotify.max_queued_events at the time of [New].
var ErrOverflow = errors.New("inotify: queue overflow: events were lost; read the watched directories again" +
	" (fs.inotify.max_queued_events is the queue's length)")

// Limits are the sysctls of inotify(7) in /proc/sys/fs/inotify.
type Limits struct {
	MaxQueuedEvents  int // events in the queue of one instance, fixed when it is made
	MaxUserInstances int // instances of one user
	MaxUserWatches   int // watches of one user, in all instances together
}

// LimitError says which limit kept a watch or an instance from being made, and how to raise it. It
// wraps the kernel's error: errors.Is(err, unix.ENOSPC), for watches, or unix.EMFILE.
type LimitError struct {
	// Limit is the lowest limit that could be seen: "fs.inotify.max_user_watches",
	// "user.max_inotify_watches", "fs.inotify.max_user_instances", "user.max_inotify_instances" or
	// "RLIMIT_NOFILE". An enclosing user namespace can have a lower one that cannot be seen.
	Limit string
	Value int   // of the limit when the error was made; -1 if it could not be read
	Err   error // ENOSPC or EMFILE
}

// Error names the limit, its value, and the command that raises it.
func (e *LimitError) Error() string {
	value := "unknown"
	if e.Value >= 0 {
		value = fmt.Sprint(e.Value)
	}
	if e.Limit == "RLIMIT_NOFILE" {
		return fmt.Sprintf("limit of open files of this process reached: RLIMIT_NOFILE is %s; raise it with 'ulimit -n N',"+
			" or LimitNOFILE= of a systemd unit: %v", value, e.Err)
	}
	what := "inotify watches"
	if e.Limit == "fs.inotify.max_user_instances" || e.Limit == "user.max_inotify_instances" {
		what = "inotify instances"
	}
	raise := "N"
	if e.Value > 0 && e.Value < 1<<30 {
		raise = fmt.Sprint(2 * e.Value)
	}
	return fmt.Sprintf("limit of %s reached: %s is %s; raise it with 'sysctl -w %s=%s'"+
		" (an enclosing user namespace can have a lower limit): %v", what, e.Limit, value, e.Limit, raise, e.Err)
}

// Unwrap returns e.Err.
func (e *LimitError) Unwrap() error { return e.Err }

// badInput is an error about an argument: a text that says what to do, and the errno that the
// kernel has for it.
type badInput struct {
	text string
	err  error
}

func (e *badInput) Error() string { return e.text }
func (e *badInput) Unwrap() error { return e.err }
