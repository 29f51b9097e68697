//go:build linux

package tree

// This file is the checker of the property tests: a picture of trees that events are applied to, and
// the disk that it is compared with. It knows what inotify(7) and readdir(3) say, and the events as a
// caller sees them; nothing of how the package works.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/inoseq/inoseq/inotify"
)

// thing is an entry of the picture: kids is nil for what is no directory.
type thing struct{ kids map[string]*thing }

func (x *thing) isDir() bool { return x.kids != nil }

func newThing(isDir bool) *thing {
	if isDir {
		return &thing{kids: make(map[string]*thing)}
	}
	return &thing{}
}

// picture is what a caller who knows the trees at the start makes of the events.
type picture struct {
	roots     map[string]*thing
	faults    []string
	overflows int
	dirErrors int
	events    int
	synthetic int
	renames   int // with From
	exchanges int
	history   []string
}

// newPicture takes the trees at roots as they are.
func newPicture(roots ...string) *picture {
	p := &picture{roots: make(map[string]*thing)}
	for _, r := range roots {
		p.roots[r] = readThing(r)
	}
	return p
}

// readThing reads the tree at path.
func readThing(path string) *thing {
	x := newThing(true)
	dir, err := os.Open(path)
	if err != nil {
		return x
	}
	defer dir.Close()
	readInto(x, dir)
	return x
}

// readInto reads what dir has open. It goes by descriptor: paths can be longer than the kernel takes.
func readInto(x *thing, dir *os.File) {
	entries, _ := dir.ReadDir(-1)
	for _, e := range entries {
		y := newThing(e.IsDir())
		x.kids[e.Name()] = y
		if e.IsDir() {
			if sub, err := os.Open(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), e.Name())); err == nil {
				readInto(y, sub)
				sub.Close()
			}
		}
	}
}

func (p *picture) fault(format string, args ...any) {
	if len(p.faults) < 20 {
		p.faults = append(p.faults, fmt.Sprintf("event %d: ", p.events)+fmt.Sprintf(format, args...))
	} else {
		p.faults = append(p.faults, "")
	}
}

// find returns what stands at path, and the directory and name it stands at.
func (p *picture) find(path string) (x, dir *thing, name string) {
	for r, top := range p.roots {
		if path == r {
			return top, nil, ""
		}
		rest, ok := strings.CutPrefix(path, strings.TrimSuffix(r, "/")+"/")
		if !ok {
			continue
		}
		x = top
		for _, name = range strings.Split(rest, "/") {
			if dir = x; dir == nil || !dir.isDir() {
				return nil, nil, name
			}
			x = dir.kids[name]
		}
		return x, dir, name
	}
	return nil, nil, ""
}

// apply applies one step of the sequence.
func (p *picture) apply(ev Event, err error) {
	p.events++
	p.history = append(p.history, ev.String())
	var de *DirError
	switch {
	case errors.Is(err, inotify.ErrOverflow):
		if !ev.Has(inotify.QueueOverflow) || ev.Path != "" {
			p.fault("ErrOverflow came with %v", ev)
		}
		p.overflows++
		return
	case errors.As(err, &de):
		p.dirErrors++
		return
	case err != nil:
		p.fault("error %v", err)
		return
	}
	if ev.Synthetic {
		p.synthetic++
		if !ev.HasAny(inotify.Create | inotify.Delete | inotify.MovedTo | inotify.DeleteSelf | inotify.MoveSelf) {
			p.fault("%v: synthetic, but no scan finds that", ev)
		}
	}
	isDir := ev.Has(inotify.IsDir)
	x, dir, name := p.find(ev.Path)
	switch {
	case ev.HasAny(inotify.Create):
		switch {
		case x != nil:
			p.fault("%v: is there already", ev)
		case dir == nil:
			p.fault("%v: its directory was not told", ev)
		default:
			dir.kids[name] = newThing(isDir)
		}
	case ev.HasAny(inotify.Delete | inotify.MovedFrom):
		switch {
		case x == nil || dir == nil:
			p.fault("%v: is not there", ev)
		case x.isDir() != isDir:
			p.fault("%v: is of the other kind", ev)
		default:
			delete(dir.kids, name)
		}
	case ev.HasAny(inotify.MovedTo):
		p.moved(ev, x, dir, name)
	case ev.HasAny(inotify.DeleteSelf | inotify.MoveSelf | inotify.Unmount):
		if p.roots[ev.Path] == nil {
			p.fault("%v: is no root", ev)
		}
		delete(p.roots, ev.Path)
	case x == nil:
		p.fault("%v: is not there", ev)
	}
}

func (p *picture) moved(ev Event, x, dir *thing, name string) {
	isDir := ev.Has(inotify.IsDir)
	if dir == nil {
		p.fault("%v: its directory was not told", ev)
		return
	}
	if ev.From == "" {
		if x != nil && x.isDir() != isDir {
			p.fault("%v: something of the other kind is there", ev)
		}
		dir.kids[name] = newThing(isDir)
		return
	}
	p.renames++
	y, fromDir, fromName := p.find(ev.From)
	switch {
	case y == nil || fromDir == nil:
		p.fault("%v: source is not there", ev)
		return
	case y.isDir() != isDir:
		p.fault("%v: source is of the other kind", ev)
		return
	case ev.Exchange && x == nil:
		p.fault("%v: nothing to exchange with", ev)
		return
	case !ev.Exchange && x != nil && x.isDir() != isDir:
		p.fault("%v: something of the other kind is there", ev)
	}
	if y.contains(dir) {
		p.fault("%v: moved below itself", ev)
		return
	}
	delete(fromDir.kids, fromName)
	if ev.Exchange {
		p.exchanges++
		fromDir.kids[fromName] = x
	}
	dir.kids[name] = y
}

func (x *thing) contains(y *thing) bool {
	if x == y {
		return true
	}
	for _, k := range x.kids {
		if k.contains(y) {
			return true
		}
	}
	return false
}

// differences compares the picture with the disk.
func (p *picture) differences() []string {
	var diffs []string
	for r, x := range p.roots {
		diffs = compareThings(diffs, r, x, readThing(r))
	}
	return diffs
}

func compareThings(diffs []string, path string, x, disk *thing) []string {
	for name, d := range disk.kids {
		sub := filepath.Join(path, name)
		switch k := x.kids[name]; {
		case k == nil:
			diffs = append(diffs, fmt.Sprintf("%q is on the disk and not in the picture", sub))
		case k.isDir() != d.isDir():
			diffs = append(diffs, fmt.Sprintf("%q: directory is %v on the disk, %v in the picture", sub, d.isDir(), k.isDir()))
		case d.isDir():
			diffs = compareThings(diffs, sub, k, d)
		}
	}
	for name := range x.kids {
		if disk.kids[name] == nil {
			diffs = append(diffs, fmt.Sprintf("%q is in the picture and not on the disk", filepath.Join(path, name)))
		}
	}
	return diffs
}

// dirs counts the directories of the picture.
func (x *thing) dirs() int {
	if !x.isDir() {
		return 0
	}
	n := 1
	for _, k := range x.kids {
		n += k.dirs()
	}
	return n
}
