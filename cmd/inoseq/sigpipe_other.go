//go:build !unix

package main

// This file stands in for sigpipe_unix.go where there is no SIGPIPE.

func keepSIGPIPE() {}
