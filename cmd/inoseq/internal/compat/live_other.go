//go:build !linux

package compat

// This file stands in for live_linux.go where there are no events to show: newSource fails there before.

import (
	"errors"
	"os"
)

type screen struct {
	in, out *os.File
	keys    chan byte
	signals chan os.Signal
}

func newScreen(_, _ *os.File) *screen { return nil }

func (s *screen) notify() (stop func())     { return func() {} }
func (s *screen) enter() error              { return errors.ErrUnsupported }
func (s *screen) leave()                    {}
func (s *screen) handle(os.Signal) bool     { return false }
func (s *screen) size() (width, height int) { return 80, 24 }
