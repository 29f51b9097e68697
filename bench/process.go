//go:build linux

package main

// This file runs a contender: it is started, stopped while its queue is filled, and heard.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/inoseq/inoseq/bench/internal/protocol"
	"golang.org/x/sys/unix"
)

// Times of the talk with a contender.
const (
	longest    = 2 * time.Minute        // a contender that says nothing for so long has failed
	quietFor   = 100 * time.Millisecond // one that works less than quietWork in so long has nothing to do
	quietWork  = 4 * time.Millisecond
	fenceAgain = time.Second // a fence that was dropped is put up again
	fenceLimit = 10          // so often
)

type process struct {
	cmd      *exec.Cmd
	messages chan protocol.Message // closed at its end
	failed   error                 // why, once messages is closed
	pid      int                   // the process that watches
}

// start starts a contender's program with a task.
func (b *bench) start(id, task, dir string, n int) (*process, error) {
	p := b.programs[id]
	cmd := exec.Command(p.path, task, dir, strconv.Itoa(n))
	cmd.Env = append(os.Environ(), p.env...)
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL} // stopped contenders, too, die with the command
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &process{cmd: cmd, messages: make(chan protocol.Message, 1), pid: cmd.Process.Pid}
	go func() {
		defer close(c.messages)
		for lines := bufio.NewReader(out); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				if !errors.Is(err, io.EOF) {
					c.failed = err
				} else {
					c.failed = fmt.Errorf("it ended before it was done: %s", bytes.TrimSpace(log.Bytes()))
				}
				return
			}
			var m protocol.Message
			if err := json.Unmarshal(line, &m); err != nil {
				c.failed = fmt.Errorf("it said %q: %w", line, err)
				return
			}
			c.messages <- m
		}
	}()
	return c, nil
}

// begin is start of a contender that says when it watches, and has when this returns.
func (b *bench) begin(id, task, dir string, n int) (*process, error) {
	p, err := b.start(id, task, dir, n)
	if err != nil {
		return nil, err
	}
	if err := p.ready(b.ctx); err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

// ask has a contender do a task by itself, and returns what it measured.
func (b *bench) ask(id, task, dir string, n int) (figures map[string]float64, err error) {
	p, err := b.start(id, task, dir, n)
	if err != nil {
		return nil, err
	}
	defer p.end()
	m, err := p.hear(b.ctx, longest)
	return m.Figures, err
}

// end kills what still runs of it and waits for that.
func (c *process) end() {
	c.cmd.Process.Kill()
	for range c.messages {
	}
	c.cmd.Wait()
}

// hear returns the next message.
func (c *process) hear(ctx context.Context, wait time.Duration) (protocol.Message, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case m, ok := <-c.messages:
		switch {
		case !ok:
			return m, c.failed
		case m.Error != "":
			return m, errors.New(m.Error)
		}
		return m, nil
	case <-ctx.Done():
		return protocol.Message{}, context.Cause(ctx)
	case <-timer.C:
		return protocol.Message{}, errSilent
	}
}

var errSilent = errors.New("nothing was heard of it in time")

// ready waits until it watches.
func (c *process) ready(ctx context.Context) error {
	m, err := c.hear(ctx, longest)
	if err != nil {
		return err
	}
	if !m.Ready {
		return errors.New("it did not say that it is ready")
	}
	c.pid = m.PID
	return nil
}

// stop stops the process that watches, and returns when it stands still.
func (c *process) stop() error {
	if err := unix.Kill(c.pid, unix.SIGSTOP); err != nil {
		return err
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Microsecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid))
		if err != nil {
			return err
		}
		if i := bytes.LastIndex(text, []byte(") ")); i >= 0 && i+2 < len(text) && text[i+2] == 'T' {
			return nil
		}
	}
	return errors.New("it could not be stopped")
}

// goOn has a stopped process go on.
func (c *process) goOn() error { return unix.Kill(c.pid, unix.SIGCONT) }

// cpu is the processor time of the process that watches, in nanoseconds: its clock, see
// clock_getcpuclockid(3).
func (c *process) cpu() (int64, error) {
	const sched = 2
	return clock(int32(^c.pid<<3 | sched))
}

func clock(id int32) (int64, error) {
	var t unix.Timespec
	err := unix.ClockGettime(id, &t)
	return t.Nano(), err
}

// now is CLOCK_MONOTONIC in nanoseconds.
func now() int64 {
	t, err := clock(unix.CLOCK_MONOTONIC)
	if err != nil {
		panic(err) // the clock that every Linux has
	}
	return t
}

// conclude waits for the figures. When the process has nothing more to do it removes the fence in dir, so
// that one which has lost events ends, too.
func (c *process) conclude(ctx context.Context, dir string) (protocol.Message, error) {
	fence := filepath.Join(dir, protocol.Fence)
	fences, wait := 0, quietFor
	begin := time.Now()
	for before := int64(-1); ; {
		m, err := c.hear(ctx, wait)
		if !errors.Is(err, errSilent) {
			return m, err
		}
		after, err := c.cpu()
		if err != nil {
			after = 0 // it has just ended: hear tells
		}
		worked := after - before
		if before < 0 {
			worked = int64(quietWork)
		}
		before = after
		switch {
		case worked >= int64(quietWork):
			wait = quietFor
		case fences == fenceLimit:
			return m, errors.New("it did not tell that the fence was removed")
		default:
			fences++
			if fences > 1 {
				if err := os.WriteFile(fence, nil, 0o600); err != nil {
					return m, err
				}
			}
			if err := os.Remove(fence); err != nil && !os.IsNotExist(err) {
				return m, err
			}
			wait = fenceAgain
		}
		if time.Since(begin) > longest {
			return m, errSilent
		}
	}
}
