//go:build unix

package gitignore

// This file says how a file is opened that may be a link, or a pipe that nobody writes to.

import (
	"os"
	"syscall"
)

const openFlags = os.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
