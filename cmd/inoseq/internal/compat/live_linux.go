package compat

// This file is the terminal that --live draws on: its screens, its settings, its keys and its signals.

import (
	"io"
	"os"
	"os/signal"
	"runtime"

	"golang.org/x/sys/unix"
)

// screen is a terminal.
type screen struct {
	in, out *os.File // in is nil if no keys can be read
	keys    chan byte
	signals chan os.Signal

	before *unix.Termios // the settings to give back
}

func newScreen(in, out *os.File) *screen {
	return &screen{in: in, out: out, keys: make(chan byte), signals: make(chan os.Signal, 8)}
}

// notify has signals come that change how the screen is or that would leave it as it is, and begins to
// read keys. The terminal makes a signal of ^C, so that it also works for a timeout(1) around this.
func (s *screen) notify() (stop func()) {
	sigs := []os.Signal{unix.SIGWINCH, unix.SIGQUIT}
	if !signal.Ignored(unix.SIGTSTP) {
		sigs = append(sigs, unix.SIGTSTP)
	}
	signal.Notify(s.signals, sigs...)
	catch(unix.SIGQUIT)
	if s.in != nil {
		go s.readKeys() // to the end of the process: there is no way to end a read of a terminal
	}
	return func() { signal.Stop(s.signals) }
}

func (s *screen) readKeys() {
	var key [1]byte
	for {
		if n, err := s.in.Read(key[:]); err != nil || n == 0 {
			return
		}
		s.keys <- key[0]
	}
}

// enter changes to the other screen, without a cursor and without lines that wrap, and has keys come one
// by one. Leave undoes it.
func (s *screen) enter() error {
	if s.in != nil {
		before, err := ioctl(s.in, func(fd int) (*unix.Termios, error) { return unix.IoctlGetTermios(fd, unix.TCGETS) })
		if err != nil {
			return err
		}
		set := *before
		set.Lflag &^= unix.ICANON | unix.ECHO
		set.Cc[unix.VMIN], set.Cc[unix.VTIME] = 1, 0
		s.before = before
		if err := s.set(&set); err != nil {
			return err
		}
	}
	_, err := io.WriteString(s.out, "\x1b[?1049h\x1b[?7l\x1b[?25l")
	return err
}

func (s *screen) leave() {
	_, _ = io.WriteString(s.out, "\x1b[?25h\x1b[?7h\x1b[?1049l")
	if s.before != nil {
		_ = s.set(s.before)
	}
}

// set changes the settings when what was written has gone out.
func (s *screen) set(to *unix.Termios) error {
	_, err := ioctl(s.in, func(fd int) (any, error) { return nil, unix.IoctlSetTermios(fd, unix.TCSETSW, to) })
	return err
}

// handle does what a signal asks for. It returns false if the run is to end.
func (s *screen) handle(sig os.Signal) bool {
	switch sig {
	case unix.SIGQUIT:
		return false
	case unix.SIGTSTP:
		s.leave()
		suspend()
		return s.enter() == nil
	}
	return true
}

// suspend stops the process, and returns when it goes on. SIGTTOU has the effect that SIGTSTP has where it
// is not caught, which signal.Reset does not bring back: unlike SIGSTOP, the kernel drops it where no shell
// could let the process go on. A signal to the thread itself has come when tgkill(2) returns.
func suspend() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGTTOU)
}

// size returns that of the terminal, or the usual one if it does not know.
func (s *screen) size() (width, height int) {
	size, err := ioctl(s.out, func(fd int) (*unix.Winsize, error) { return unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ) })
	if err != nil || size.Col == 0 || size.Row == 0 {
		return 80, 24
	}
	return int(size.Col), int(size.Row)
}

// ioctl calls f with the descriptor of a file, which Fd would make blocking.
func ioctl[T any](file *os.File, f func(fd int) (T, error)) (result T, err error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return result, err
	}
	if failed := conn.Control(func(fd uintptr) { result, err = f(int(fd)) }); failed != nil {
		return result, failed
	}
	return result, err
}
