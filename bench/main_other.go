//go:build !linux

package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: inotify is Linux's:", errors.ErrUnsupported)
	os.Exit(1)
}
