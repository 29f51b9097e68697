//go:build linux

package tree

// This file plays random scripts against the kernel of fake_test.go: changes between any two system
// calls of the engine, reads that end anywhere, queues that overflow. After each the picture has to
// equal the disk, and nothing may be told on the way that does not fit it. What fails is shrunk, and
// printed in the language of scripts_test.go, though where a change was made inside a call has to be
// written as a "when" by hand.
//
// Many more: go test ./inotify/tree -run TestRandomScripts -rapid.checks=2000

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRandomScripts(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 2
	}
	for range rounds { // one has -rapid.checks scripts, 100 if nothing is said
		rapid.Check(t, func(t *rapid.T) {
			c := newChance(t)
			c.start()
			c.most = rapid.SampledFrom([]int{2, 5, 20}).Draw(t, "most in a row")
			for c.left = c.pick(0, 80, "changes"); c.left > 0 && !t.Failed(); {
				c.some()
				c.stepOnce()
			}
			c.rest()
		})
	}
}

// chanceNames are few, so that names meet. WithSkip leaves out the last.
var chanceNames = []string{"x", "y", "z", "s"}

// chance plays what it draws.
type chance struct {
	*play
	rt   *rapid.T
	left int // changes to be made
	most int // of them in a row
	held []*inode
	// What WithSkip leaves out changes.
	filters bool
	// Descriptors of watches that are gone are given out again.
	wds bool
	// The roots themselves may be moved and removed.
	roots bool
	// What is there at the start is known to the picture, so that no part of it may be unreadable.
	started bool
	// While a rename(2) is between its records its directories are locked: nobody changes them, and
	// nobody renames.
	locked []*inode
}

func newChance(t *rapid.T) *chance {
	c := &chance{play: newPlay(t), rt: t}
	c.disk.stepIn = c.between
	return c
}

// start makes three directories with something in them. Two are roots; what is moved to the third,
// out, has left the trees.
func (c *chance) start() {
	for _, top := range []string{"a", "b", "out"} {
		c.change("mkdir", top)
	}
	c.left = c.pick(0, 12, "changes before the start")
	for c.left > 0 {
		c.one()
	}
	c.started = true
	if c.draw("a mask without ATTRIB") {
		c.say("mask CREATE|DELETE|MOVED_FROM|MOVED_TO")
	}
	if c.draw("WithSkip") {
		c.say("skip s")
		c.filters = c.draw("Refilter")
	}
	if c.draw("WithInitial") {
		c.say("initial")
		c.left = c.pick(0, 10, "changes during the set-up")
	}
	if c.draw("untyped") {
		c.say("untyped")
	}
	c.wds = c.draw("descriptors given out again")
	for _, root := range []string{"a", "b"} {
		c.say("add " + root)
	}
	c.roots = c.draw("changes of the roots")
	if c.draw("few watches") {
		c.say("room " + strconv.Itoa(c.pick(1, 10, "room")))
	}
	if c.draw("a short queue") {
		c.say("queue " + strconv.Itoa(c.pick(1, 12, "queue")))
	}
}

// stepOnce has the engine do one step.
func (c *chance) stepOnce() {
	if c.roots && c.pick(0, 20, "Remove or Add") == 20 {
		c.removeOrAdd(rapid.SampledFrom([]string{"a", "b"}).Draw(c.rt, "which root"))
	}
	if c.filters && c.pick(0, 20, "Refilter") == 20 {
		c.refilter()
	}
	c.busy = c.draw("busy")
	told, _ := c.step()
	c.logTold(told)
}

// rest ends what is not the tree's doing, lets it come to rest, and compares.
func (c *chance) rest() {
	c.log("# the end")
	c.disk.length, c.left, c.busy = 0, 0, false
	for _, x := range c.held {
		c.release(x)
	}
	dirs, _ := c.paths()
	for _, dir := range dirs {
		if x, _, _ := c.disk.at(dir); x.denied {
			c.change("allow", dir)
		}
	}
	c.tellAll()
	if c.disk.room > 0 { // what has no watch is tried again when one becomes free
		c.disk.room = 0
		for _, root := range []string{"a", "b"} {
			if x, _, _ := c.disk.at(root); x == nil || x.kids == nil || c.picture.roots[root] == nil {
				continue
			}
			c.change("mkdir", root+"/free")
			c.tellAll()
			c.change("rmdir", root+"/free")
			c.tellAll()
		}
	}
	c.end()
}

func (c *chance) tellAll() { c.logTold(c.tell()) }

func (c *chance) logTold(told []string) {
	c.log("tell")
	for _, line := range told {
		c.log("> " + line)
	}
}

func (c *chance) log(line string) { c.rt.Log(line) }

// say does a line of a script.
func (c *chance) say(line string) {
	c.log(line)
	c.do(line)
}

func (c *chance) draw(label string) bool { return rapid.Bool().Draw(c.rt, label) }

func (c *chance) pick(from, to int, label string) int {
	return rapid.IntRange(from, to).Draw(c.rt, label)
}

// some makes a few changes.
func (c *chance) some() {
	for range c.pick(0, c.most, "changes in a row") {
		if c.left > 0 {
			c.one()
		}
	}
}

// between is called before and after what the engine asks of the kernel, and between the records of
// a rename.
func (c *chance) between(event, _ string) {
	if c.left == 0 || c.pick(0, 3, event) > 0 {
		return
	}
	if event == "rename" {
		c.log("# between the two records of it:")
	} else {
		c.log("# at " + event + ":")
	}
	c.one()
}

// paths returns the path of each directory, the three at the top too, and of all that is in them.
func (c *chance) paths() (dirs, entries []string) {
	var walk func(x *inode, p string)
	walk = func(x *inode, p string) {
		if strings.Contains(p, "/") {
			entries = append(entries, p)
		}
		if x.kids != nil && p != "" {
			dirs = append(dirs, p)
		}
		for name, k := range x.kids {
			walk(k, path.Join(p, name))
		}
	}
	walk(c.disk.top, "")
	slices.Sort(dirs)
	slices.Sort(entries)
	return dirs, entries
}

// place draws a directory that there is, and a name.
func (c *chance) place(label string) string {
	dirs, _ := c.paths()
	return path.Join(rapid.SampledFrom(dirs).Draw(c.rt, label), rapid.SampledFrom(chanceNames).Draw(c.rt, "name"))
}

// one makes one change, if what it draws can be.
func (c *chance) one() {
	c.left--
	_, entries := c.paths()
	p := c.place("where")
	if len(entries) > 0 && c.pick(0, 4+len(entries), "of what is there") > 4 {
		p = rapid.SampledFrom(entries).Draw(c.rt, "which")
	}
	if c.roots && c.pick(0, 15, "a root") == 15 {
		p = rapid.SampledFrom([]string{"a", "b"}).Draw(c.rt, "root")
	}
	x, dir, _ := c.disk.at(p)
	if slices.Contains(c.locked, dir) {
		return
	}
	if x == nil {
		if c.pick(0, 3, "file") == 0 {
			c.change("write", p)
		} else {
			c.change("mkdir", p)
		}
		return
	}
	switch c.pick(0, 14, "change") {
	case 0, 1:
		if len(x.kids) > 0 {
			return
		}
		if x.kids == nil {
			c.change("rm", p)
		} else if !slices.Contains(c.locked, x) { // rmdir(2) locks it, too
			c.change("rmdir", p)
		}
	case 2:
		if x.kids != nil {
			c.change("hold", p)
			c.held = append(c.held, x)
		}
	case 3:
		if len(c.held) > 0 {
			i := c.pick(0, len(c.held)-1, "let go")
			c.release(c.held[i])
			c.held = slices.Delete(c.held, i, i+1)
		}
	case 4:
		if x.denied {
			c.change("allow", p)
		} else if x.kids != nil && c.started && dir != c.disk.top {
			c.change("deny", p)
		}
	case 5:
		if c.wds {
			c.say("wd " + strconv.Itoa(c.pick(1, int(c.disk.nextWD), "wd")))
		} else {
			c.say("cut")
		}
	default:
		c.rename(x, dir, p)
	}
}

// rename moves x, which stands at p, or exchanges it.
func (c *chance) rename(x, dir *inode, p string) {
	q := c.place("to where")
	if _, entries := c.paths(); len(entries) > 0 && c.draw("to what is there") {
		q = rapid.SampledFrom(entries).Draw(c.rt, "to")
	}
	if c.roots && c.pick(0, 15, "to a root") == 15 {
		q = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(c.rt, "to which")
	}
	y, to, _ := c.disk.at(q)
	below := func(p, q string) bool { return strings.HasPrefix(p+"/", q+"/") }
	if c.locked != nil || p == q || below(q, p) {
		return
	}
	if x.denied && to == c.disk.top || y != nil && y.denied && dir == c.disk.top {
		return // an unreadable directory in a root's place: nobody tells when it can be read
	}
	op := "mv"
	if y != nil {
		if below(p, q) {
			return
		}
		if len(y.kids) > 0 || (x.kids == nil) != (y.kids == nil) || c.draw("exchange") {
			op = "exchange"
		}
	}
	c.locked = []*inode{dir, to, x}
	if y != nil {
		c.locked = append(c.locked, y)
	}
	c.change(op, p, q)
	c.locked = nil
}

// removeOrAdd is Remove of a root that there is, and Add of what is none, where the picture knows all that
// the tree can.
func (c *chance) removeOrAdd(path string) {
	c.logTold(c.take())
	for _, r := range c.tree.roots {
		if r != nil && r.path == path {
			c.log("# Remove " + path)
			delete(c.picture.roots, path)
			c.tree.removeNow(r)
			return
		}
	}
	dirs, _ := c.paths()
	denied := slices.ContainsFunc(dirs, func(dir string) bool {
		x, _, _ := c.disk.at(dir)
		return x.denied
	})
	x, _, _ := c.disk.at(path)
	if denied || c.disk.room > 0 || x == nil || x.kids == nil || x.wd != 0 && c.tree.st.watched(x.wd) != 0 {
		return
	}
	for _, dir := range dirs { // nor does it stand inside a root, or a root in it
		if y, _, _ := c.disk.at(dir); y.wd != 0 && strings.HasPrefix(dir+"/", path+"/") {
			return
		}
	}
	left := c.left
	if !c.tree.opt.initial {
		c.left = 0
	}
	c.roots = false // it has to be there until Add is done
	c.say("add " + path)
	c.left, c.roots = left-1, true
}

// refilter changes what WithSkip leaves out, and says so.
func (c *chance) refilter() {
	if c.skip = "s"; c.draw("skip nothing") {
		c.skip = ""
	}
	c.log("# Refilter to skip " + c.skip)
	for _, r := range c.tree.roots {
		if r != nil {
			c.tree.filterAgain(r)
		}
	}
}

func (c *chance) change(op string, args ...string) {
	c.log(op + " " + strings.Join(args, " "))
	if err := c.disk.change(op, args...); err != nil {
		c.rt.Fatal(err)
	}
}

func (c *chance) release(x *inode) {
	c.log("# somebody lets go a directory that was held: let go " + strconv.Itoa(int(x.wd)))
	if x.held--; x.held == 0 && x.ended {
		c.disk.end(x)
	}
}
