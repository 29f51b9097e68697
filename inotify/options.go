package inotify

// This file holds what callers can choose, for every operating system.

import (
	"fmt"
	"time"
)

// Option is a choice for [New].
type Option func(*options) error

type options struct {
	bufferSize int
	tap        func(raw []byte)
}

// WithBufferSize sets how many bytes are read at once; the default is 64 KiB. The buffer is made
// when the first loop begins. With less than MaxRecordSize, New fails: the kernel could not hand
// over an event with a long name.
func WithBufferSize(bytes int) Option {
	return func(o *options) error {
		if bytes < MaxRecordSize {
			return fmt.Errorf("inotify: WithBufferSize(%d): need at least MaxRecordSize, %d bytes", bytes, MaxRecordSize)
		}
		o.bufferSize = bytes
		return nil
	}
}

// WithTap has f called with what every read from the instance returned, before anything of it is
// decoded: a capture that [Decode] takes apart. It holds descriptors, not paths: who needs those
// later notes WD and Path of each Watch beside it, and the byte order. Calls come one at a time, in
// the order of the reads, from the goroutine of a loop; events wait meanwhile. The bytes are valid
// during the call and must not be changed. In f methods of the Watcher may be called, but no loop
// run over its events.
func WithTap(f func(raw []byte)) Option {
	return func(o *options) error {
		o.tap = f
		return nil
	}
}

// BatchOptions say when [Watcher.Batches] hands a batch over: at whichever comes first.
type BatchOptions struct {
	Quiet     time.Duration // when nothing has come for this long; 0 means 100 ms
	Limit     time.Duration // this long after the batch's first event; 0 means 1 s
	MaxEvents int           // when it has this many events; 0 means 65,536
}
