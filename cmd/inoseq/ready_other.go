//go:build !linux

package main

// This file stands in for ready_linux.go where there is nothing to watch.

import (
	"errors"
	"fmt"
	"os"
)

func openReady(fd int) (*os.File, error) {
	return nil, fmt.Errorf("--ready-fd %d: %w", fd, errors.ErrUnsupported)
}
