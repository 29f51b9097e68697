//go:build !linux

package compat

// This file stands in for source_linux.go where there is no inotify.

import "errors"

func newSource(watching) (source, error) { return nil, errors.ErrUnsupported }
