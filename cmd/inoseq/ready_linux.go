package main

// This file holds --ready-fd: a line on a descriptor when watching has begun.

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openReady returns the descriptor that the caller of this program has handed over.
func openReady(fd int) (*os.File, error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	// One that is closed on exec is not the caller's: this process has opened it itself.
	if err != nil || flags&unix.FD_CLOEXEC != 0 {
		return nil, fmt.Errorf("--ready-fd %d: no such descriptor is open: open it for this command, as in the shell's '%d>FILE'", fd, fd)
	}
	flags, err = unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE == unix.O_RDONLY {
		return nil, fmt.Errorf("--ready-fd %d: the descriptor is not open for writing", fd)
	}
	// A copy: closing it leaves standard output alone. Commands do not get it.
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("--ready-fd %d: %w", fd, err)
	}
	if fd > 2 {
		unix.Close(fd) // so that its reader sees the end when this copy is closed
	}
	return os.NewFile(uintptr(dup), fmt.Sprintf("descriptor %d", fd)), nil
}
