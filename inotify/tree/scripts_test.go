//go:build linux

package tree

// This file runs the scripts of testdata: a sequence of changes of a disk that is played, with the
// records that the kernel would queue, against what is to be told. A script steps in where a person
// with bad luck would: between two records, two reads, an open and a listing.
//
//	mkdir P, write P, rm P, rmdir P, mv P Q, exchange P Q, modify P   a change, and its records
//	hold P, let go WD           somebody keeps a directory open, and lets it go
//	deny P, allow P             permissions keep everybody out of P, and do not
//	room N                      there is room for N watches
//	quietly OP ...              a change that queues nothing
//	record WD MASK COOKIE NAME  a record by itself; - for no name
//	lose ... found              what is between is lost in an overflow
//	queue N                     the queue has room for N records; one more is lost in an overflow
//	busy                        looks are served after every read, though the queue is not empty, as
//	                            under churn that never ends
//	cut                         a read(2) ends here
//	times N: OP; OP             these, N times in turn
//	wd N                        the next watch gets this descriptor
//	when EVENT P: OP ...        once, just before the engine opens, watches, lists, asks for the kind
//	                            of, or locks P, just after
//	                            it watched or listed P, or (rename NAME) between MOVED_FROM and
//	                            MOVED_TO NAME
//	mask MASK                   what is told, instead of all but the events of reading
//	skip NAME                   WithSkip leaves out what is called so
//	initial                     WithInitial tells what is there
//	untyped                     listings do not say what is a directory
//	add P                       a root
//	worker P                    another worker of a set-up takes in the directory known at P
//	tell                        the engine handles what there is; the lines "> ..." after it are told
//
// At the end the picture that the events give has to equal the disk.

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/inoseq/inoseq/inotify"
	"pgregory.net/rapid"
)

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			newPlay(t).run(strings.Split(string(text), "\n"))
		})
	}
}

// play is a script on its way.
type play struct {
	t       rapid.TB
	disk    *fakeDisk
	tree    *tree
	picture *picture
	line    int
	busy    bool
	skip    string
}

func newPlay(t rapid.TB) *play {
	p := &play{t: t, disk: newFakeDisk(), picture: &picture{roots: make(map[string]*thing)}}
	p.tree = newTree(p.disk, options{mask: quietMask, workers: 1, bufferSize: defaultBuffer})
	p.disk.do = p.do
	return p
}

func (p *play) fail(format string, args ...any) {
	p.t.Helper()
	p.t.Errorf("line %d: %s", p.line, fmt.Sprintf(format, args...))
}

func (p *play) run(lines []string) {
	for i := 0; i < len(lines); i++ {
		p.line = i + 1
		line := strings.TrimSpace(lines[i])
		if line == "" || line[0] == '#' {
			continue
		}
		if line != "tell" {
			p.do(line)
			continue
		}
		var want []string
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "> ") {
			i++
			want = append(want, strings.TrimPrefix(lines[i], "> "))
		}
		if got := p.tell(); strings.Join(got, "\n") != strings.Join(want, "\n") {
			p.fail("told:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	p.tell()
	p.end()
}

// tell has the engine do all there is to do.
func (p *play) tell() (told []string) {
	for steps := 0; ; steps++ {
		if steps > 1000 {
			p.fail("the engine does not come to rest")
			return told
		}
		lines, more := p.step()
		told = append(told, lines...)
		if !more {
			return told
		}
	}
}

// step has the engine do one step, and returns what it told and whether there is more to do.
func (p *play) step() (told []string, more bool) {
	p.tree.work.Lock()
	if p.busy {
		p.tree.sinceGap = lookEvery
	}
	more = p.tree.step()
	p.tree.work.Unlock()
	return p.take(), more || len(p.disk.queue) > 0
}

// take returns what was told, which the picture gets.
func (p *play) take() (told []string) {
	for _, i := range p.tree.out {
		p.picture.apply(i.ev, i.err)
		line := i.ev.String()
		if i.err != nil {
			line += ": " + i.err.Error()
			line = line[:strings.IndexAny(line, ":(")]
		}
		told = append(told, line)
	}
	p.tree.out = nil
	return told
}

// end compares the picture with the disk, and what is watched with the directories.
func (p *play) end() {
	dirs := 0
	for r, x := range p.picture.roots {
		y, _, _ := p.disk.at(r)
		if y == nil {
			p.fail("the root %s is gone, which was not told", r)
			continue
		}
		disk := p.thingOf(y)
		for _, diff := range compareThings(nil, r, x, disk) {
			p.fail("%s", diff)
		}
		dirs += disk.dirs()
	}
	for _, f := range p.picture.faults {
		p.fail("%s", f)
	}
	if len(p.disk.wds) != dirs || len(p.tree.paths()) != dirs {
		p.fail("%d directories, %d watches, the engine has %q", dirs, len(p.disk.wds), p.tree.paths())
	}
	if len(p.disk.when) > 0 {
		p.fail("never happened: %v", p.disk.when)
	}
	if len(p.disk.files) > 0 {
		p.fail("%d descriptors left open", len(p.disk.files))
	}
}

func (p *play) thingOf(x *inode) *thing {
	y := newThing(x.kids != nil)
	for name, k := range x.kids {
		if p.skip == "" || name != p.skip {
			y.kids[name] = p.thingOf(k)
		}
	}
	return y
}

// do does one line.
func (p *play) do(line string) {
	d := p.disk
	if rest, ok := strings.CutPrefix(line, "when "); ok {
		key, op, _ := strings.Cut(rest, ": ")
		d.when[key] = append(d.when[key], op)
		return
	}
	if rest, ok := strings.CutPrefix(line, "quietly "); ok {
		d.quiet = true
		p.do(rest)
		d.quiet = false
		return
	}
	if rest, ok := strings.CutPrefix(line, "times "); ok {
		n, ops, _ := strings.Cut(rest, ": ")
		for range p.number(n) {
			for _, op := range strings.Split(ops, "; ") {
				p.do(op)
			}
		}
		return
	}
	p.doWords(strings.Fields(line))
}

func (p *play) doWords(w []string) {
	d := p.disk
	switch w[0] {
	case "skip":
		p.skip = w[1]
		p.tree.opt.skip = func(name string, _ bool) bool { return path.Base(name) == p.skip }
	case "initial":
		p.tree.opt.initial = true
	case "add":
		if p.tree.opt.initial {
			p.picture.roots[w[1]] = newThing(true)
		}
		r, err := p.tree.addRoot(w[1], "/"+w[1], "/"+w[1])
		if err != nil {
			p.fail("%v", err)
			return
		}
		for len(r.todo) > 0 {
			newRound(p.tree, &r.todo, 1).run(p.tree.serial)
		}
		r.todo = nil
		if x, _, _ := d.at(w[1]); !p.tree.opt.initial {
			p.picture.roots[w[1]] = p.thingOf(x)
		}
	case "worker":
		s := newScanner(p.tree)
		s.own = true
		s.visit(p.node(w[1]), false)
		s.release()
		p.tree.visits = append(p.tree.visits, s.local...)
	case "let":
		d.letGo(int32(p.number(w[2])))
	case "record":
		mask, err := inotify.ParseMask(w[2])
		if err != nil {
			p.fail("%v", err)
		}
		r := inotify.Record{WD: int32(p.number(w[1])), Mask: mask, Cookie: uint32(p.number(w[3])), Name: []byte(w[4])}
		if w[4] == "-" {
			r.Name = nil
		}
		d.push(r)
	case "lose":
		d.losing = true
	case "found":
		d.losing = false
	case "mask":
		mask, err := inotify.ParseMask(w[1])
		if err != nil {
			p.fail("%v", err)
		}
		p.tree.opt.mask, p.tree.mask = mask, kernelMask|mask
	case "room":
		d.room = p.number(w[1])
	case "queue":
		d.length = p.number(w[1])
	case "untyped":
		d.untyped = true
	case "busy":
		p.busy = true
	case "cut":
		d.cutOff = true
	case "wd":
		d.nextWD = int32(p.number(w[1]))
	default:
		if err := d.change(w[0], w[1:]...); err != nil {
			p.fail("%v", err)
		}
	}
}

// node returns the directory that is known at name.
func (p *play) node(name string) nodeID {
	for _, r := range p.tree.roots {
		rest, ok := strings.CutPrefix(name, r.path)
		if !ok {
			continue
		}
		n := r.node
		for _, part := range strings.Split(rest, "/")[1:] {
			n = p.tree.st.entry(p.tree.st.find(n, []byte(part))).node
		}
		return n
	}
	p.fail("no directory is known at %s", name)
	return 0
}

func (p *play) number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		p.fail("%v", err)
	}
	return n
}
