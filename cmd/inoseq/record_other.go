//go:build !linux

package main

// This file stands in for record_linux.go where there is no inotify.

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

func (p *program) record(context.Context, []string, recordOptions) error {
	return &failure{err: fmt.Errorf("cannot record on %s: %w: inotify is Linux's; decode works here", runtime.GOOS, errors.ErrUnsupported)}
}
