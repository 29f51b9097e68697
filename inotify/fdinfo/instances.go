//go:build linux

package fdinfo

// This file finds the instances of all processes in /proc: descriptors whose link reads
// "anon_inode:inotify".

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Instances returns the inotify instances of all processes that /proc shows, by process and
// descriptor, lowest first. Processes and descriptors that vanish meanwhile are passed over. A process
// that may not be read is told once, as a *ProcessError beside an Instance with its PID, UID and
// Command, and the sequence goes on if the loop does. (Kernel threads have no descriptors and are left
// out.) Any other error, such as that of a /proc that is not mounted, ends the sequence; when ctx is
// done that is context.Cause(ctx). On systems other than Linux it is errors.ErrUnsupported. The
// sequence can be ranged over again, and looks anew.
func Instances(ctx context.Context) iter.Seq2[Instance, error] {
	return func(yield func(Instance, error) bool) {
		pids, err := numbers("/proc")
		if err == nil && len(pids) == 0 {
			err = errors.New("no process in /proc: is it mounted?")
		}
		if err != nil {
			yield(Instance{}, fmt.Errorf("inotify/fdinfo: %w", err))
			return
		}
		for _, pid := range pids {
			if ctx.Err() != nil {
				yield(Instance{}, context.Cause(ctx))
				return
			}
			if !ofProcess(pid, yield) {
				return
			}
		}
	}
}

// numbers returns the names in a directory that are numbers, in order.
func numbers(dir string) ([]int, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	list := make([]int, 0, len(names))
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, cmp.Compare[int])
	return list, nil
}

// ofProcess yields the instances of a process, and reports whether there is to be more.
func ofProcess(pid int, yield func(Instance, error) bool) bool {
	proc := "/proc/" + strconv.Itoa(pid)
	fds, err := numbers(proc + "/fd")
	if err != nil {
		return failed(pid, proc, err, yield)
	}
	var of Instance
	for _, fd := range fds {
		name := strconv.Itoa(fd)
		link, err := os.Readlink(proc + "/fd/" + name)
		if err == nil && link != "anon_inode:inotify" {
			continue
		}
		marks := 0
		if err == nil {
			marks, err = countMarks(proc + "/fdinfo/" + name)
		}
		if vanished(err) {
			continue
		} else if err != nil {
			return failed(pid, proc, err, yield)
		}
		if of.PID == 0 {
			of = about(pid, proc)
		}
		of.FD, of.Marks = fd, marks
		if !yield(of, nil) {
			return false
		}
	}
	return true
}

// failed tells of a process that cannot be read, unless it is gone or a kernel thread.
func failed(pid int, proc string, err error, yield func(Instance, error) bool) bool {
	if vanished(err) || isKernelThread(proc) {
		return true
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	of := about(pid, proc)
	if _, gone := os.Lstat(proc); vanished(gone) {
		return true
	}
	return yield(of, &ProcessError{pid, err})
}

func vanished(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)
}

// about returns what is known of a process beside its descriptors. Everybody may read it.
func about(pid int, proc string) Instance {
	of := Instance{PID: pid, UID: -1}
	if text, err := os.ReadFile(proc + "/comm"); err == nil {
		of.Command = string(bytes.TrimSuffix(text, []byte("\n")))
	}
	if text, err := os.ReadFile(proc + "/status"); err == nil {
		of.UID = effectiveUID(text)
	}
	return of
}

// effectiveUID returns the second number of the line "Uid:" of /proc/PID/status, or -1.
func effectiveUID(status []byte) int {
	_, rest, ok := bytes.Cut(status, []byte("\nUid:"))
	if !ok {
		return -1
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	if ids := bytes.Fields(line); len(ids) > 1 {
		if n, err := strconv.Atoi(string(ids[1])); err == nil {
			return n
		}
	}
	return -1
}

// isKernelThread looks at the flags of a process, PF_KTHREAD of include/linux/sched.h: the seventh
// field of /proc/PID/stat behind the name, which is in parentheses and can hold some, too.
func isKernelThread(proc string) bool {
	const kernelThread = 0x00200000
	text, err := os.ReadFile(proc + "/stat")
	if err != nil {
		return false
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 7 {
		return false
	}
	flags, err := strconv.ParseUint(string(fields[6]), 10, 64)
	return err == nil && flags&kernelThread != 0
}

// countMarks returns the number of lines that are marks.
func countMarks(name string) (n int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for _, err := range Parse(f) {
		var bad *LineError
		if err != nil && !errors.As(err, &bad) {
			return n, err
		}
		n++ // one that this package does not understand is a watch, too
	}
	return n, nil
}
