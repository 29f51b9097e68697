package gitignore

// This file finds the .gitignore files that count for a path: of its directory and of those above, up
// to the top of the repository. They are read when they are first asked for, and kept.

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Name is the name of the files.
const Name = ".gitignore"

// Tree answers for the paths of one tree. Its methods may be called from several goroutines.
type Tree struct {
	root  string // with a slash; absolute: package tree asks on threads with other working directories
	above string // the path from the top of the repository to root, with a slash; empty if that is it
	top   *rules // of what is above root, and of .git/info/exclude

	mu   sync.RWMutex
	dirs map[string]known // by the path below root
}

// known is the rules of a directory.
type known struct {
	*rules
	own bool // it has some of its own, or is the top of a repository
}

// rules is a .gitignore file and those above it.
type rules struct {
	patterns []pattern
	cut      int // length of the path, with a slash, from the top of the repository to the file's directory
	up       *rules
}

// New returns the answers for the tree at root, which it finds the repository of.
func New(root string) *Tree {
	t := &Tree{root: root, dirs: make(map[string]known)}
	abs, err := filepath.Abs(root)
	if err == nil {
		t.root = abs
	}
	if !strings.HasSuffix(t.root, "/") {
		t.root += "/"
	}
	if err != nil {
		return t
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	var names []string // from root up
	for dir := abs; !isRepository(dir); dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) { // there is none: root is the top
			return t
		}
		names = append(names, filepath.Base(dir))
	}
	top := abs
	for range names {
		top = filepath.Dir(top)
	}
	if len(names) > 0 {
		t.top = t.read(top, 0, nil, true)
	}
	for i := len(names) - 1; i >= 0; i-- {
		top = filepath.Join(top, names[i])
		t.above += names[i] + "/"
		if i > 0 {
			t.top = t.read(top, len(t.above), t.top, false)
		}
	}
	return t
}

// isRepository reports whether dir is the top of one: a worktree and a submodule have a file there.
func isRepository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// read reads the rules of dir, which begin at cut.
func (t *Tree) read(dir string, cut int, up *rules, repository bool) *rules {
	if repository {
		up = nil // what is above belongs to another
		if ps := parse(content(filepath.Join(dir, ".git", "info", "exclude"))); len(ps) > 0 {
			up = &rules{patterns: ps, cut: cut}
		}
	}
	if ps := parse(content(filepath.Join(dir, Name))); len(ps) > 0 {
		return &rules{patterns: ps, cut: cut, up: up}
	}
	return up
}

// mostContent is more than any such file has.
const mostContent = 16 << 20 // bytes

// content is what is in a file; nothing if it cannot be read, or is a link, which git does not follow.
func content(name string) string {
	f, err := os.OpenFile(name, openFlags, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	b, err := io.ReadAll(io.LimitReader(f, mostContent))
	if err != nil {
		return ""
	}
	return string(b)
}

// Ignored reports whether rel, a path below the root, is ignored, if what it is in is not.
func (t *Tree) Ignored(rel string, isDir bool) bool {
	dir, name := "", rel
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		dir, name = rel[:i], rel[i+1:]
	}
	if name == ".git" {
		return true
	}
	full := rel
	if t.above != "" {
		full = t.above + rel
	}
	for r := t.of(dir); r != nil; r = r.up {
		for i := len(r.patterns) - 1; i >= 0; i-- {
			if p := &r.patterns[i]; p.match(full[r.cut:], isDir) {
				return !p.negated
			}
		}
	}
	return false
}

// of returns the rules of a directory.
func (t *Tree) of(dir string) *rules {
	t.mu.RLock()
	k, ok := t.dirs[dir]
	t.mu.RUnlock()
	if ok {
		return k.rules
	}
	up, cut := t.top, len(t.above)
	if dir != "" {
		parent := ""
		if i := strings.LastIndexByte(dir, '/'); i >= 0 {
			parent = dir[:i]
		}
		up = t.of(parent)
		cut += len(dir) + 1
	}
	repository := isRepository(t.root + dir)
	k.rules = t.read(t.root+dir, cut, up, repository)
	k.own = repository || k.rules != up
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dirs[strings.Clone(dir)] = k
	return k.rules
}

// Forget has the files be read again.
func (t *Tree) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.dirs)
}

// ForgetDir has the file of the directory at rel be read again and, if below is set, those of all below
// it. It reports whether there was any: what was answered since the directory changed can be wrong.
func (t *Tree) ForgetDir(rel string, below bool) (had bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	had = t.dirs[rel].own
	delete(t.dirs, rel)
	if !below {
		return had
	}
	for dir, k := range t.dirs {
		if strings.HasPrefix(dir, rel) && dir[len(rel)] == '/' {
			had = had || k.own
			delete(t.dirs, dir)
		}
	}
	return had
}
