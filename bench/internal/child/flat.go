//go:build linux

package child

// This file holds the tasks with one directory, many watches and many instances.

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/inoseq/inoseq/bench/internal/protocol"
)

// drain is delivery: between Ready and the first event the process may have been stopped, so that all
// events were queued when it went on.
func (c Contender) drain(dir string, n int) error {
	flat, err := c.Flat(dir)
	if err != nil {
		return err
	}
	before := settled()
	cpu := CPU()
	ready(flat)
	count, err := flat.Drain(n, nil)
	end := Now()
	cpu = CPU() - cpu
	if err != nil {
		return err
	}
	figures := map[string]float64{
		protocol.Events:    float64(count.Events),
		protocol.Overflows: float64(count.Overflows),
	}
	switch {
	case count.Last != 0:
		figures[protocol.End] = float64(count.Last)
	case count.Events == n:
		figures[protocol.End] = float64(end)
	}
	if _, ok := flat.(Watching); !ok { // it is not this process that works, otherwise
		after := memory()
		figures[protocol.CPU] = float64(cpu)
		figures[protocol.Mallocs] = float64(after.Mallocs - before.Mallocs)
		figures[protocol.Bytes] = float64(after.TotalAlloc - before.TotalAlloc)
	}
	send(protocol.Message{Figures: figures})
	runtime.KeepAlive(flat)
	return nil
}

func (c Contender) latency(dir string, n int) error {
	flat, err := c.Flat(dir)
	if err != nil {
		return err
	}
	times := &Times{At: make([]int64, 0, n)}
	ready(flat)
	count, err := flat.Drain(n, times)
	if err != nil {
		return err
	}
	send(protocol.Message{Times: times.At, Figures: map[string]float64{
		protocol.Events:    float64(count.Events),
		protocol.Overflows: float64(count.Overflows),
	}})
	return nil
}

// singles adds a watch on each of n files, and removes the watches one by one.
func (c Contender) singles(dir string, n int) error {
	paths := make([]string, n)
	for i := range paths {
		paths[i] = filepath.Join(dir, fmt.Sprintf("file%08d", i))
	}
	s, err := c.Singles()
	if err != nil {
		return err
	}
	empty := settled()
	start := time.Now()
	for i, path := range paths {
		if err := s.Add(i, path); err != nil {
			return err
		}
	}
	figures := map[string]float64{protocol.Add: float64(time.Since(start))}
	full := settled()
	figures[protocol.Heap] = float64(full.HeapAlloc) - float64(empty.HeapAlloc)
	start = time.Now()
	for i, path := range paths {
		if err := s.Remove(i, path); err != nil {
			return err
		}
	}
	figures[protocol.Remove] = float64(time.Since(start))
	send(protocol.Message{Figures: figures})
	runtime.KeepAlive(paths)
	return nil
}

// idle makes n instances and looks at what they keep.
func (c Contender) idle(dir string, n int) error {
	status := map[string]string{protocol.Resident: "VmRSS", protocol.Threads: "Threads"}
	kept := make([]any, n)
	empty := settled()
	goroutines := runtime.NumGoroutine()
	before := Status(os.Getpid(), status)
	for i := range kept {
		var err error
		if kept[i], err = c.Idle(dir); err != nil {
			return fmt.Errorf("instance %d of %d: %w", i+1, n, err)
		}
	}
	full := settled()
	after := Status(os.Getpid(), status)
	send(protocol.Message{Figures: map[string]float64{
		protocol.Heap:       float64(full.HeapAlloc) - float64(empty.HeapAlloc),
		protocol.Stacks:     float64(full.StackInuse) - float64(empty.StackInuse),
		protocol.Resident:   after[protocol.Resident] - before[protocol.Resident],
		protocol.Threads:    after[protocol.Threads] - before[protocol.Threads],
		protocol.Goroutines: float64(runtime.NumGoroutine() - goroutines),
	}})
	runtime.KeepAlive(kept)
	return nil
}
