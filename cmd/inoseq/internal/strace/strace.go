// Package strace finds in the output of strace(1) what an inotify instance told the program, and which
// paths it watched.
//
//	strace -f -xx -s 65536 -o FILE -e trace=inotify_init1,inotify_add_watch,inotify_rm_watch,read,close,dup,clone PROGRAM
//
// Of more system calls, those that make and close descriptors and processes, more is understood:
// inotify_init, dup2, dup3, fcntl, close_range, clone3, fork, vfork and execve. So are the options -t,
// -tt, -ttt, -r, -T, -y and -i, strings without -xx, and lines of several processes with or without -o.
//
// Descriptors are followed for each process: clone(2) with CLONE_FILES shares them, without it copies
// them, execve(2) closes what is close-on-exec. What a trace does not show is made up for so far as it
// can be: a descriptor that is given a watch is an instance; one whose read returns no events has
// become another file.
package strace

// This file holds the sequence of events: what each system call means for descriptors and watches.
// How lines are taken apart is in parse.go, what is known of processes in process.go.

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// Event is a record that a program read.
type Event struct {
	Time   time.Time // of the line; zero unless strace ran with -ttt, which alone tells the day
	PID    int       // as the line has it; 0 without -f
	FD     int
	Record inotify.Record // Name is valid until the next step
	Path   string         // of the watch, as that program wrote it; empty if it is not known
}

// LineError says which line cannot be decoded, and why.
type LineError struct {
	Line int // counted from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns e.Err.
func (e *LineError) Unwrap() error { return e.Err }

// longestLine has room for a read of 4 MiB in -xx form; strace has 64 KiB if it is told -s 65536.
const longestLine = 16 << 20

var (
	errLong  = fmt.Errorf("longer than %d bytes: this is not output of strace", longestLine)
	errNone  = errors.New("no system call is here: this is not output of strace")
	errOrder = errors.New("the events are in the other byte order: say so with --order")
)

// Decode returns the events that the programs were told, in the order of the trace. Order is the byte
// order of the machine where strace ran. After a *LineError the sequence goes on if the loop does; an
// error of r ends it. A trace without any system call is an error.
func Decode(r io.Reader, order binary.ByteOrder) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		t := trace{order: order, all: newProcesses(), yield: yield}
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 64<<10), longestLine)
		for lines.Scan() && !t.over {
			t.line++
			t.one(lines.Text())
		}
		switch err := lines.Err(); {
		case t.over:
		case errors.Is(err, bufio.ErrTooLong):
			t.line++
			t.fail(errLong)
		case err != nil:
			yield(Event{}, err)
		case t.calls == 0 && t.line > 0:
			yield(Event{}, errNone)
		}
	}
}

// trace is the state of a sequence.
type trace struct {
	order binary.ByteOrder
	all   *processes
	yield func(Event, error) bool
	line  int
	held  string    // the beginning of a line that was cut in two
	now   time.Time // of the line
	calls int       // that were seen
	over  bool
}

func (t *trace) fail(err error) {
	t.over = t.over || !t.yield(Event{}, &LineError{t.line, err})
}

// one takes in a line.
func (t *trace) one(text string) {
	text = t.held + text
	t.held = ""
	// Without -o, this note comes in the middle of the call that made the process.
	if m := attachedRE.FindStringSubmatchIndex(text); m != nil {
		pid, _ := strconv.Atoi(text[m[2]:m[3]])
		t.all.attached[pid] = true
		t.held = text[:m[0]]
		return
	}
	l := parseLine(text)
	switch l.kind {
	case other:
		return
	case exit:
		t.all.exit(l.pid)
		return
	}
	t.calls++
	t.now = l.time
	p := t.all.get(l.pid)
	switch l.kind {
	case unfinished:
		t.enter(p, l)
	case resumed:
		if c := p.pending; c != nil && c.name == l.name {
			p.pending = nil
			t.leave(p, c, l)
		}
	case complete:
		c := t.enter(p, l)
		p.pending = nil
		t.leave(p, c, l)
	}
}

// call is a system call that has begun.
type call struct {
	name string
	text string    // its arguments, as far as they were written when it began
	in   *instance // that a read is from: another thread can close the descriptor meanwhile
}

// enter takes in the beginning of a call.
func (t *trace) enter(p *process, l line) *call {
	c := &call{name: l.name, text: l.text}
	p.pending = c
	first, _ := parseArgs(l.text)
	if len(first) == 0 {
		return c
	}
	f, ok := parseFD(first[0])
	if !ok {
		return c
	}
	switch l.name {
	case "read":
		c.in = p.fds.instance(f)
	case "close":
		// Now: before it returns, another thread can have been given the number.
		p.fds.set(f.n, slot{})
	}
	return c
}

// leave takes in the end of a call.
func (t *trace) leave(p *process, c *call, l line) {
	text := c.text
	if l.kind == resumed {
		text += l.text
	}
	args, rest := parseArgs(text)
	result, ok := parseResult(rest)
	if !ok || result < 0 {
		return
	}
	switch c.name {
	case "read":
		if result > 0 && len(args) >= 2 {
			t.read(p, c, args, result)
		}
	case "inotify_init", "inotify_init1":
		closes := len(args) > 0 && strings.Contains(args[0], "IN_CLOEXEC")
		p.fds.set(result, slot{newInstance(), closes})
	case "inotify_add_watch":
		t.addWatch(p, args, result)
	case "dup", "dup2", "dup3", "fcntl", "close_range":
		p.fds.change(c.name, args, result)
	case "clone", "clone2", "clone3", "fork", "vfork":
		t.all.start(p, result, text)
	case "execve", "execveat":
		p.fds = p.fds.afterExec()
	}
}

// addWatch has a watch of args stand for its path.
func (t *trace) addWatch(p *process, args []string, wd int) {
	if len(args) < 2 {
		return
	}
	f, ok := parseFD(args[0])
	if !ok {
		return
	}
	in := p.fds.instance(f)
	if in == nil { // it was made before the trace begins, or by a call that is not traced
		in = newInstance()
		p.fds.set(f.n, slot{in: in})
	}
	path, whole, ok := parseString(args[1])
	switch {
	case !ok:
		t.fail(fmt.Errorf("the path that is watched is not shown: %s", args[1]))
	case !whole:
		t.fail(fmt.Errorf("strace cut the path %q off: run it with -s 65536", path))
	default:
		in.paths[int32(wd)] = path
	}
}

// read yields the events of a read that returned n bytes.
func (t *trace) read(p *process, c *call, args []string, n int) {
	f, ok := parseFD(args[0])
	if !ok || c.in == nil {
		return
	}
	data, whole, ok := parseString(args[1])
	if !ok {
		t.fail(fmt.Errorf("what read(2) returned from descriptor %d, an inotify instance, is not shown", f.n))
		return
	}
	raw := []byte(data)
	if !f.inotify && !plausible(raw, t.order) {
		if plausible(raw, reversed(t.order)) {
			t.fail(errOrder)
			return
		}
		p.fds.set(f.n, slot{}) // another file by now: its close, or an execve, is not in the trace
		return
	}
	if !whole || len(raw) != n {
		t.fail(fmt.Errorf("strace cut what read(2) returned off after %d of %d bytes: run it with -s 65536", len(raw), n))
	}
	for rec, err := range inotify.Decode(raw, t.order) {
		if err != nil {
			if whole {
				t.fail(fmt.Errorf("what read(2) returned from descriptor %d: %w", f.n, err))
			}
			return
		}
		ev := Event{Time: t.now, PID: p.pid, FD: f.n, Record: rec, Path: c.in.paths[rec.WD]}
		if rec.Mask.Has(inotify.Ignored) {
			delete(c.in.paths, rec.WD)
		}
		if t.over = t.over || !t.yield(ev, nil); t.over {
			return
		}
	}
}

func reversed(order binary.ByteOrder) binary.ByteOrder {
	if order.Uint16([]byte{1, 0}) == 1 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// plausible reports whether an instance can have told raw, or, if that is cut off, its beginning.
func plausible(raw []byte, order binary.ByteOrder) bool {
	const told = inotify.AllEvents | inotify.Unmount | inotify.QueueOverflow | inotify.Ignored
	for len(raw) > 0 {
		if len(raw) < inotify.HeaderSize {
			return true
		}
		wd, mask := int32(order.Uint32(raw)), inotify.Mask(order.Uint32(raw[4:]))
		size := order.Uint32(raw[12:])
		what := mask & told
		switch {
		case what == 0 || what&(what-1) != 0 || mask&^(told|inotify.IsDir) != 0,
			(wd == -1) != what.Has(inotify.QueueOverflow), wd < 1 && wd != -1,
			size > inotify.MaxNameSize, size%inotify.HeaderSize != 0:
			return false
		}
		raw = raw[inotify.HeaderSize:]
		raw = raw[min(int(size), len(raw)):]
	}
	return true
}
