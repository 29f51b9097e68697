//go:build !linux

package main

// This file stands in for blind_linux.go where there is nothing to watch.

func (p *program) warnOfBlindness(string) {}
