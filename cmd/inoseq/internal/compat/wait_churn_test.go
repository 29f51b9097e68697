//go:build linux

package compat

// This file holds that inotifywait -m -r misses nothing: under random changes of a tree, what it prints
// makes a list of entries that equals the disk. The checker knows the lines, and nothing else.

import (
	"bufio"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lines is what inotifywait prints, NUL between the events, with a mark that is made in the tree.
type lines struct {
	out   *os.File
	in    *bufio.Reader // of out
	root  string
	marks int
}

// mark is the next mark, which is not made yet.
func (l *lines) mark() string {
	l.marks++
	return filepath.Join(l.root, fmt.Sprint("mark-", l.marks))
}

// until applies events to p until the mark has been told.
func (l *lines) until(t *testing.T, p *told, mark string) {
	t.Helper()
	for p.kinds[mark] == notThere {
		err := l.out.SetReadDeadline(time.Now().Add(patience))
		line := ""
		if err == nil {
			line, err = l.in.ReadString(0)
		}
		if err != nil {
			t.Fatalf("reading events, %q: %v", line, err)
		}
		p.apply(strings.TrimSuffix(line, "\x00"))
	}
}

type kind int

const (
	notThere kind = iota
	aFile
	aDir
)

// told is the entries that events tell.
type told struct {
	root   string
	kinds  map[string]kind
	faults []string

	from, cookie string // of the MOVED_FROM that was told last
	taken        map[string]kind
}

func (p *told) fault(line, what string) {
	p.faults = append(p.faults, fmt.Sprintf("%q: %s", line, what))
}

// apply takes a line, EVENTS|COOKIE|PATH.
func (p *told) apply(line string) {
	fields := strings.SplitN(line, "|", 3)
	if len(fields) != 3 {
		p.fault(line, "is no event")
		return
	}
	event, cookie, path := fields[0], fields[1], fields[2]
	event, isDir := strings.CutSuffix(event, ",ISDIR")
	k := aFile
	if isDir {
		k = aDir
	}
	if dir := filepath.Dir(path); dir != p.root && p.kinds[dir] != aDir {
		p.fault(line, "its directory was not told")
	}
	if (event == "DELETE" || event == "MOVED_FROM") && p.kinds[path] != k {
		p.fault(line, "it was not told, or as another kind")
	}
	switch event {
	case "CREATE":
		if p.kinds[path] != notThere {
			p.fault(line, "it is there")
		}
		p.kinds[path] = k
	case "DELETE":
		p.take(path)
	case "MOVED_FROM":
		p.from, p.cookie, p.taken = path, cookie, p.take(path)
		return
	case "MOVED_TO":
		p.take(path) // what it replaces
		p.kinds[path] = k
		if p.taken != nil && p.cookie == cookie {
			for old, k := range p.taken {
				p.kinds[path+strings.TrimPrefix(old, p.from)] = k
			}
		}
	default:
		p.fault(line, "was not asked for")
	}
	p.taken = nil
}

// take takes away path and all below.
func (p *told) take(path string) map[string]kind {
	gone := make(map[string]kind)
	for old, k := range p.kinds {
		if old == path || strings.HasPrefix(old, path+"/") {
			gone[old] = k
			delete(p.kinds, old)
		}
	}
	return gone
}

// differences compares with the disk.
func (p *told) differences(t *testing.T) (diffs []string) {
	t.Helper()
	disk := make(map[string]kind)
	err := filepath.WalkDir(p.root, func(path string, d fs.DirEntry, err error) error {
		if path != p.root && d.IsDir() {
			disk[path] = aDir
		} else if path != p.root {
			disk[path] = aFile
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, k := range disk {
		if p.kinds[path] != k {
			diffs = append(diffs, fmt.Sprintf("%q is on the disk, of kind %d, and told as %d", path, k, p.kinds[path]))
		}
	}
	for path := range p.kinds {
		if disk[path] == notThere {
			diffs = append(diffs, fmt.Sprintf("%q is told and not on the disk", path))
		}
	}
	return diffs
}

// changer makes random changes.
type changer struct {
	rng           *rand.Rand
	root, outside string
}

func (c *changer) path() string {
	path := c.root
	for range 1 + c.rng.IntN(4) {
		path = filepath.Join(path, string(rune('a'+c.rng.IntN(4))))
	}
	return path
}

// change makes one; that it is possible is not said.
func (c *changer) change() {
	path, other, out := c.path(), c.path(), filepath.Join(c.outside, string(rune('a'+c.rng.IntN(3))))
	switch c.rng.IntN(10) {
	case 0, 1, 2:
		_ = os.MkdirAll(path, 0o755)
		_ = os.WriteFile(filepath.Join(path, "f"), nil, 0o644)
	case 3:
		_ = os.WriteFile(path, nil, 0o644)
	case 4, 5, 6:
		_ = syscall.Rename(path, other)
	case 7:
		_ = os.RemoveAll(path)
	case 8:
		_ = os.RemoveAll(out)
		_ = syscall.Rename(path, out)
	case 9:
		_ = syscall.Rename(out, path)
	}
}

func TestWaitRMissesNothing(t *testing.T) {
	bin := mustHaveOurs(t, "inotifywait")
	for _, late := range []bool{false, true} { // late: nobody reads meanwhile
		t.Run(fmt.Sprintf("late=%v", late), func(t *testing.T) {
			root, outside := filepath.Join(t.TempDir(), "root"), t.TempDir()
			if err := os.Mkdir(root, 0o755); err != nil {
				t.Fatal(err)
			}
			l := mustWaitFor(t, bin, root)
			p := &told{root: root, kinds: make(map[string]kind)}
			for round := range 4 {
				mustMissNothing(t, l, p, outside, late, uint64(round))
			}
		})
	}
}

// mustWaitFor starts inotifywait, which is established when it returns.
func mustWaitFor(t *testing.T, bin, root string) *lines {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "inotifywait"), "-m", "-r", "-e", "create,delete,move", "--no-newline",
		"--format", "%e|%c|%w%f%0", root)
	reader := mustEstablish(t, cmd, "Watches established.\n")
	return &lines{out: reader, in: bufio.NewReader(reader), root: root}
}

// mustMissNothing has two workers change the tree, and compares when they have.
func mustMissNothing(t *testing.T, l *lines, p *told, outside string, late bool, round uint64) {
	t.Helper()
	seed := uint64(os.Getpid())
	var wg sync.WaitGroup
	for worker := range uint64(2) {
		wg.Add(1)
		c := &changer{rand.New(rand.NewPCG(seed, round*2+worker)), l.root, outside}
		go func() {
			defer wg.Done()
			for range 200 {
				c.change()
			}
		}()
	}
	marked := l.mark()
	makeMark := func() {
		wg.Wait()
		if err := os.Mkdir(marked, 0o755); err != nil {
			t.Error(err)
		}
	}
	if late {
		makeMark()
	} else {
		go makeMark()
	}
	l.until(t, p, marked)
	// What has to be looked at again is told a little later than what is in the queue: further marks
	// bring it to the end.
	var diffs []string
	for range 100 {
		marked := l.mark()
		if err := os.Mkdir(marked, 0o755); err != nil {
			t.Fatal(err)
		}
		l.until(t, p, marked)
		if diffs = p.differences(t); len(diffs) == 0 {
			break
		}
	}
	if all := append(diffs, p.faults...); len(all) > 0 {
		t.Fatalf("seed %d, round %d: %d differences, %d faults:\n%s", seed, round, len(diffs), len(p.faults),
			strings.Join(all[:min(len(all), 20)], "\n"))
	}
}
