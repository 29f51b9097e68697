package terminal

// This file tests what is taken for a terminal.

import (
	"bytes"
	"os"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func TestATerminalIsKnownFromOthersAndLeftAsItIs(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip("needs a pseudo-terminal: ", err)
	}
	defer master.Close()
	defer tty.Close()
	if err := unix.SetNonblock(int(tty.Fd()), true); err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if !Is(master) || !Is(tty) {
		t.Error("a terminal is taken for another file")
	}
	for _, other := range []any{null, closed, os.NewFile(^uintptr(0), ""), (*os.File)(nil), new(bytes.Buffer), nil} {
		if Is(other) {
			t.Errorf("%T %v is taken for a terminal", other, other)
		}
	}
	conn, err := tty.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Control(func(fd uintptr) {
		if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
			t.Errorf("it has been made blocking: flags %#x, %v", flags, err)
		}
	}); err != nil {
		t.Fatal(err)
	}
}
