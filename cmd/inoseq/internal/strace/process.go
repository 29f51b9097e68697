package strace

// This file follows descriptors through processes.

import (
	"maps"
	"strconv"
	"strings"
)

// instance is an inotify instance, which several descriptors can stand for.
type instance struct{ paths map[int32]string }

func newInstance() *instance { return &instance{make(map[int32]string)} }

// slot is what a descriptor is.
type slot struct {
	in          *instance // nil: not an instance
	closeOnExec bool
}

// table is the descriptors of a process, or of several that share them.
type table struct {
	slots map[int]slot // a slot that is empty hides that of below
	below *table       // of a process whose start is not in the trace: what it may have from another
}

func newTable() *table { return &table{slots: make(map[int]slot)} }

func (t *table) get(n int) slot {
	for ; t != nil; t = t.below {
		if s, ok := t.slots[n]; ok {
			return s
		}
	}
	return slot{}
}

func (t *table) set(n int, s slot) {
	if s.in == nil && t.below == nil {
		delete(t.slots, n)
		return
	}
	t.slots[n] = s
	// If it is a thread after all, the others have it, too.
	if below := t.below; below != nil && s.in != nil {
		if _, taken := below.slots[n]; !taken {
			below.slots[n] = s
		}
	}
}

// instance returns the instance that f is, if it is known to be one, or said to be by -y.
func (t *table) instance(f fd) *instance {
	in := t.get(f.n).in
	switch {
	case f.inotify && in == nil:
		in = newInstance()
		t.set(f.n, slot{in: in})
	case f.decorated && !f.inotify && in != nil:
		t.set(f.n, slot{})
		return nil
	}
	return in
}

func (t *table) copy() *table { return &table{slots: maps.Clone(t.slots), below: t.below} }

// all returns the descriptors that are instances.
func (t *table) all() map[int]slot {
	seen := make(map[int]slot)
	for ; t != nil; t = t.below {
		for n, s := range t.slots {
			if _, hidden := seen[n]; !hidden {
				seen[n] = s
			}
		}
	}
	maps.DeleteFunc(seen, func(_ int, s slot) bool { return s.in == nil })
	return seen
}

// afterExec returns the descriptors that a process keeps when it becomes another program.
func (t *table) afterExec() *table {
	kept := t.all()
	maps.DeleteFunc(kept, func(_ int, s slot) bool { return s.closeOnExec })
	return &table{slots: kept}
}

// change takes in a call that copies or closes descriptors and returned result.
func (t *table) change(name string, args []string, result int) {
	if len(args) == 0 {
		return
	}
	f, ok := parseFD(args[0])
	if !ok {
		return
	}
	word := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	switch name {
	case "dup", "dup2":
		if result != f.n {
			t.set(result, slot{in: t.get(f.n).in})
		}
	case "dup3":
		t.set(result, slot{t.get(f.n).in, strings.Contains(word(2), "O_CLOEXEC")})
	case "close_range":
		last, err := strconv.ParseUint(word(1), 0, 32)
		if err == nil && word(2) == "0" {
			for n := range t.all() {
				if n >= f.n && uint64(n) <= last {
					t.set(n, slot{})
				}
			}
		}
	case "fcntl":
		s := t.get(f.n)
		switch word(1) {
		case "F_DUPFD":
			t.set(result, slot{in: s.in})
		case "F_DUPFD_CLOEXEC":
			t.set(result, slot{s.in, true})
		case "F_SETFD":
			if s.in != nil {
				s.closeOnExec = strings.Contains(word(2), "FD_CLOEXEC")
				t.set(f.n, s)
			}
		}
	}
}

// process is one pid of a trace: a process or a thread.
type process struct {
	pid     int
	fds     *table
	pending *call // that has begun and not returned
}

// processes are those of a trace. Lines without a pid are those of the only process there is: without
// -o, strace leaves the pid out then.
type processes struct {
	byPID    map[int]*process
	first    *process
	attached map[int]bool // said to be new ones
}

func newProcesses() *processes {
	return &processes{byPID: make(map[int]*process), attached: make(map[int]bool)}
}

// get returns the process of a line. The first lines of a child can come before the end of the call
// that made it.
func (ps *processes) get(pid int) *process {
	if p := ps.byPID[pid]; p != nil {
		return p
	}
	p := ps.first
	switch alone := ps.byPID[0]; {
	case p == nil:
		p = &process{pid: pid, fds: newTable()}
		ps.first = p
	case pid == 0 && len(ps.byPID) == 1:
		for _, p := range ps.byPID {
			return p
		}
	case pid == 0:
		return p
	case alone != nil && !ps.attached[pid]: // it had no pid before, being the only one
		p = alone
		p.pid = pid
		delete(ps.byPID, 0)
	default:
		p = &process{pid: pid}
		if parent := ps.forking(); parent != nil {
			p.fds = inherited(parent, parent.pending.text)
		} else {
			p.fds = newTable()
			p.fds.below = ps.first.fds
		}
	}
	ps.byPID[pid] = p
	return p
}

// forking returns a process that is just making another, if there is one only.
func (ps *processes) forking() (found *process) {
	for _, p := range ps.byPID {
		if p.pending == nil {
			continue
		}
		switch p.pending.name {
		case "clone", "clone2", "clone3", "fork", "vfork":
			if found != nil {
				return nil
			}
			found = p
		}
	}
	return found
}

// inherited returns the descriptors of a child, by the flags of the call that made it.
func inherited(parent *process, flags string) *table {
	if strings.Contains(flags, "CLONE_FILES") {
		return parent.fds
	}
	return parent.fds.copy()
}

// start takes in that parent made the process pid.
func (ps *processes) start(parent *process, pid int, flags string) {
	if pid > 0 && ps.byPID[pid] == nil {
		ps.byPID[pid] = &process{pid: pid, fds: inherited(parent, flags)}
	}
}

func (ps *processes) exit(pid int) {
	if pid == 0 && len(ps.byPID) == 1 {
		clear(ps.byPID)
	}
	delete(ps.byPID, pid)
	delete(ps.attached, pid)
}
