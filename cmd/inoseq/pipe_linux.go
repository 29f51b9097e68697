package main

// This file notices that nobody reads standard output any more before the next line is written:
// "inoseq watch DIR | head -1" ends with head, not with the second event.

import (
	"context"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// whileRead returns a context that is done when ctx is, or when out is a pipe and its last reader
// has gone. For other outputs, and if it cannot be known, it is ctx. The caller must call stop.
func whileRead(ctx context.Context, out io.Writer) (_ context.Context, stop func()) {
	file, ok := out.(*os.File)
	if !ok {
		return ctx, func() {}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return ctx, func() {}
	}
	hangup, err := pollForHangup(file)
	if err != nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if hangup.wait() == nil {
			cancel()
		}
	}()
	return ctx, func() {
		hangup.file.Close() // ends wait
		<-done
		cancel()
	}
}

// hangupPoll is an epoll instance with one descriptor in it. It waits in the runtime's poller, which
// must not have the descriptor itself: that would make the pipe non-blocking for all who share it.
type hangupPoll struct{ file *os.File }

func pollForHangup(pipe *os.File) (*hangupPoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "epoll") // non-blocking: it joins the runtime's poller
	conn, err := pipe.SyscallConn()          // not Fd, which would make the pipe blocking
	if err == nil {
		var addErr error
		err = conn.Control(func(pipeFD uintptr) {
			// EPOLLERR and EPOLLHUP are told without being asked for, see epoll_ctl(2).
			addErr = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, int(pipeFD), &unix.EpollEvent{})
		})
		if err == nil {
			err = addErr
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &hangupPoll{file}, nil
}

// wait returns nil when the pipe has no reader, and an error when file is closed.
func (h *hangupPoll) wait() error {
	conn, err := h.file.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Read(func(fd uintptr) bool {
		var events [1]unix.EpollEvent
		n, err := unix.EpollWait(int(fd), events[:], 0)
		return err == nil && n > 0
	})
}
