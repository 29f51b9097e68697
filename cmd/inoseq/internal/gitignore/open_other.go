//go:build !unix

package gitignore

// This file stands in for open_unix.go where there is nothing to watch.

import "os"

const openFlags = os.O_RDONLY
