// Package fdinfo tells which process watches what: it reads the list of its watches that the kernel
// keeps for every inotify instance, in /proc/PID/fdinfo/FD.
//
//	for in, err := range fdinfo.Instances(ctx) {
//		var denied *fdinfo.ProcessError
//		if errors.As(err, &denied) {
//			continue // a process of somebody else
//		} else if err != nil {
//			return err
//		}
//		fmt.Println(in.PID, in.Command, in.Marks)
//	}
//
// [Parse] takes such a file apart on every operating system; the rest is Linux's.
package fdinfo

// This file holds the public surface, and what works on every operating system.

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/internal/fdinfo"
)

// Mark is one watch of an instance, as the kernel prints it: see inotify_fdinfo in fs/notify/fdinfo.c,
// and proc_pid_fdinfo(5), which is wrong about wd: all numbers are hexadecimal.
type Mark struct {
	WD    int32        // watch descriptor
	Inode uint64       // number of the watched inode
	Dev   uint64       // its file system, as the kernel prints it: major<<20|minor, which is not st_dev
	Mask  inotify.Mask // events; OneShot and ExclUnlink since Linux 5.19
}

// MarkWithHandle is a Mark and the file handle of its inode, for open_by_handle_at(2).
type MarkWithHandle struct {
	Mark
	HandleType int32
	Handle     string // bytes; empty where the file system, or a kernel without CONFIG_EXPORTFS, has none
}

// Major returns the major number of the file system's device.
func (m Mark) Major() uint32 { return uint32(m.Dev >> 20) }

// Minor returns the minor number of the file system's device.
func (m Mark) Minor() uint32 { return uint32(m.Dev & (1<<20 - 1)) }

// LineError says which line of an fdinfo file begins as a mark does and is none.
type LineError struct {
	Line int    // counted from 1
	Text string // the line; empty if it is longer than 64 KiB
	Err  error  // what is wrong with it
}

// Error gives the number of the line, what is wrong with it, and the quoted line.
func (e *LineError) Error() string {
	return fmt.Sprintf("inotify/fdinfo: line %d: %v: %q", e.Line, e.Err, e.Text)
}

// Unwrap returns e.Err.
func (e *LineError) Unwrap() error { return e.Err }

// Parse returns the marks that an fdinfo file lists, in its order: the newest first. Lines about
// other things (pos, flags, mnt_id and others) are passed over. A line that is no mark is yielded as a
// *LineError, after which the sequence goes on if the loop does. An error of r is yielded as it is and
// ends it, without the line that it cut off; so does a line of more than 64 KiB. Like r, the sequence
// can be used once.
func Parse(r io.Reader) iter.Seq2[Mark, error] {
	return func(yield func(Mark, error) bool) {
		for m, err := range ParseWithHandles(r) {
			if !yield(m.Mark, err) {
				return
			}
		}
	}
}

// ParseWithHandles is Parse that returns the file handles, too.
func ParseWithHandles(r io.Reader) iter.Seq2[MarkWithHandle, error] {
	return func(yield func(MarkWithHandle, error) bool) {
		for raw, err := range fdinfo.Marks(r, true) {
			var m MarkWithHandle
			if err == nil {
				m, err = markOf(raw)
			}
			var bad *fdinfo.LineError
			if errors.As(err, &bad) {
				err = &LineError{bad.Line, bad.Text, bad.Err}
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

func markOf(raw fdinfo.Mark) (MarkWithHandle, error) {
	var room [128]byte // MAX_HANDLE_SZ
	handle, err := hex.AppendDecode(room[:0], raw.Handle)
	if err != nil {
		return MarkWithHandle{}, &fdinfo.LineError{Line: raw.Line, Text: string(raw.Text), Err: fmt.Errorf("f_handle: %w", err)}
	}
	return MarkWithHandle{
		Mark:       Mark{WD: raw.WD, Inode: raw.Inode, Dev: raw.Dev, Mask: inotify.Mask(raw.Mask)},
		HandleType: raw.HandleType, Handle: string(handle),
	}, nil
}

// Instance is an inotify instance that a process has open. One that several processes have open, as
// after fork(2), is told of each, once for each descriptor.
type Instance struct {
	PID     int    // of the process, in the PID namespace of /proc
	UID     int    // effective user of the process, as seen in our user namespace
	Command string // name of the process as the kernel has it, at most 15 bytes of any kind: /proc/PID/comm
	FD      int    // descriptor that the process has it open as
	Marks   int    // watches that it has
}

// ProcessError says that the descriptors of a process could not be read.
type ProcessError struct {
	PID int   // as in Instance
	Err error // EACCES or EPERM: see ptrace(2), "Ptrace access mode checking"
}

// Error names the process and the reason.
func (e *ProcessError) Error() string {
	return fmt.Sprintf("inotify/fdinfo: process %d cannot be read: %v", e.PID, e.Err)
}

// Unwrap returns e.Err.
func (e *ProcessError) Unwrap() error { return e.Err }
