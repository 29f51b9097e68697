//go:build !linux

package fdinfo

// This file stands in for instances.go where there is no inotify.

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Instances yields errors.ErrUnsupported on this system.
func Instances(context.Context) iter.Seq2[Instance, error] {
	return func(yield func(Instance, error) bool) {
		yield(Instance{}, fmt.Errorf("inotify/fdinfo: %w: inotify is Linux's; Parse works here", errors.ErrUnsupported))
	}
}
