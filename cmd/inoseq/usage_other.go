//go:build !linux

package main

// This file stands in for usage_linux.go where there is no inotify.

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

func (p *program) usage(context.Context, usageOptions) error {
	return &failure{err: fmt.Errorf("no usage on %s: %w: inotify is Linux's", runtime.GOOS, errors.ErrUnsupported)}
}
