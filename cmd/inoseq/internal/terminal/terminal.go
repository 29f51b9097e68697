// Package terminal knows terminals from other files.
package terminal

import (
	"os"

	"github.com/mattn/go-isatty"
)

// Is reports whether stream, which may be anything, is a file that is a terminal.
func Is(stream any) (yes bool) {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	conn, err := file.SyscallConn() // not Fd, which would make it blocking
	return err == nil && conn.Control(func(fd uintptr) { yes = isatty.IsTerminal(fd) }) == nil && yes
}
