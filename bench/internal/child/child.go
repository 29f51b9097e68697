//go:build linux

// Package child is what contenders written in Go share: the tasks, and how they are timed. What is timed,
// each contender writes by itself, as its library is meant to be used.
package child

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/inoseq/inoseq/bench/internal/protocol"
	"golang.org/x/sys/unix"
)

// Contender is one library. What it has no part in is nil.
type Contender struct {
	// Flat watches dir for ATTRIB, CREATE and DELETE.
	Flat func(dir string) (Flat, error)
	// Tree watches all directories of a tree for whatever is created, removed or renamed.
	Tree func(root string) (Tree, error)
	// Singles makes an instance, with a loop that takes its events and does nothing with them.
	Singles func() (Singles, error)
	// Idle makes an instance with a watch on dir.
	Idle func(dir string) (any, error)
	// Decode decodes at least n records and returns figures of a second, and of a record, by name.
	Decode func(n int) map[string]float64
}

// Flat is an instance that watches one directory.
type Flat interface {
	// Drain takes events until there were n, or one was a removal. If times is not nil, it notes for
	// each when it came.
	Drain(n int, times *Times) (Count, error)
}

// Count is what a Drain saw. Last is when the last event came, if the contender has reason to note that
// for each event; 0 otherwise.
type Count struct {
	Events, Overflows int
	Last              int64
}

// Tree is an instance that watches a tree.
type Tree interface {
	// Loop calls f for each event until it answers false.
	Loop(f func(Told) bool) error
}

// Watching is implemented by a Tree that is another process.
type Watching interface{ PID() int }

// Told is an event of a Tree. Path is the place where something is now, or, removed, was.
type Told struct {
	Path                       string
	Created, Removed, Overflow bool
}

// Singles is an instance with many watches; the i-th is on path.
type Singles interface {
	Add(i int, path string) error
	Remove(i int, path string) error
}

// Times notes times of the clock that all processes share.
type Times struct{ At []int64 }

// Note notes that an event has come.
func (t *Times) Note() { t.At = append(t.At, Now()) }

var (
	start     = time.Now()
	startedAt = clock(unix.CLOCK_MONOTONIC)
)

// Now is CLOCK_MONOTONIC in nanoseconds, without a system call.
func Now() int64 { return startedAt + int64(time.Since(start)) }

func clock(id int32) int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		panic(err)
	}
	return t.Nano()
}

// CPU is the processor time of this process in nanoseconds.
func CPU() int64 { return clock(unix.CLOCK_PROCESS_CPUTIME_ID) }

// Main runs the task of the command line and exits.
func Main(c Contender) {
	if len(os.Args) != 4 {
		fmt.Fprintf(os.Stderr, "usage: %s TASK DIR N (started by the benchmark's command)\n", os.Args[0])
		os.Exit(2)
	}
	n, err := strconv.Atoi(os.Args[3])
	if err == nil {
		err = c.run(os.Args[1], os.Args[2], n)
	}
	if err != nil {
		send(protocol.Message{Error: err.Error()})
		os.Exit(1)
	}
	os.Exit(0)
}

func (c Contender) run(task, dir string, n int) error {
	switch {
	case task == protocol.Drain && c.Flat != nil:
		return c.drain(dir, n)
	case task == protocol.Latency && c.Flat != nil:
		return c.latency(dir, n)
	case task == protocol.SetUp && c.Tree != nil:
		return c.setUp(dir)
	case task == protocol.Rename && c.Tree != nil:
		return c.rename(dir)
	case task == protocol.Created && c.Tree != nil:
		return c.created(dir)
	case task == protocol.Singles && c.Singles != nil:
		return c.singles(dir, n)
	case task == protocol.Idle && c.Idle != nil:
		return c.idle(dir, n)
	case task == protocol.Decode && c.Decode != nil:
		send(protocol.Message{Figures: c.Decode(n)})
		return nil
	}
	return fmt.Errorf("no part in task %q", task)
}

func send(m protocol.Message) {
	line, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(line, '\n'))
}

// ready says that watch watches; another process does if it says so.
func ready(watch any) {
	pid := os.Getpid()
	if w, ok := watch.(Watching); ok {
		pid = w.PID()
	}
	send(protocol.Message{Ready: true, PID: pid})
}

func memory() (m runtime.MemStats) {
	runtime.ReadMemStats(&m)
	return m
}

// settled is memory after what is not used has gone.
func settled() runtime.MemStats {
	runtime.GC()
	runtime.GC()
	return memory()
}

// Status returns the fields of /proc/PID/status that are asked for, those in KiB as bytes. It is empty if
// there is no such process.
func Status(pid int, fields map[string]string) map[string]float64 {
	values := map[string]float64{}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return values
	}
	for figure, field := range fields {
		if v, ok := statusField(string(text), field); ok {
			values[figure] = v
		}
	}
	return values
}
