//go:build linux

package child

// This file holds the tasks with trees.

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/inoseq/inoseq/bench/internal/protocol"
)

// AddAll calls add for root and all directories below it: the usual way to watch a tree with a library
// that watches directories. What goes away meanwhile is passed over, as programs do.
func AddAll(root string, add func(dir string) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return err
		case err != nil || !d.IsDir():
			return nil
		}
		if err := add(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	})
}

// IsDir reports whether a directory stands at path, not a link to one.
func IsDir(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

func (c Contender) setUp(root string) error {
	empty := settled()
	cpu, start := CPU(), time.Now()
	tree, err := c.Tree(root)
	took := time.Since(start)
	cpu = CPU() - cpu
	if err != nil {
		return err
	}
	pid := os.Getpid()
	w, other := tree.(Watching)
	if other {
		pid = w.PID()
	}
	figures := Status(pid, map[string]string{protocol.Peak: "VmHWM"})
	figures[protocol.Time] = float64(took)
	if !other {
		figures[protocol.CPU] = float64(cpu)
		figures[protocol.Heap] = float64(settled().HeapAlloc) - float64(empty.HeapAlloc)
	}
	send(protocol.Message{Figures: figures})
	runtime.KeepAlive(tree)
	return nil
}

// Times of the task Rename.
const (
	probeEvery  = 5 * time.Millisecond
	renameLimit = 2 * time.Second // after this, what has not been told will not be told
)

// rename renames root/a to root/b, and then makes files far below, one after the other, until one is
// told by its right path.
func (c Contender) rename(root string) error {
	deep, err := deepest(filepath.Join(root, protocol.From))
	if err != nil {
		return err
	}
	tree, err := c.Tree(root)
	if err != nil {
		return err
	}
	from, to := filepath.Join(root, protocol.From), filepath.Join(root, protocol.To)
	deep = to + strings.TrimPrefix(deep, from)
	var done atomic.Bool
	var told, below, started int64
	var path string // of a file below, as it was told
	go func() {
		started = Now()
		if err := os.Rename(from, to); err != nil {
			send(protocol.Message{Error: err.Error()})
			os.Exit(1)
		}
		for i := 0; !done.Load() && Now()-started < int64(renameLimit); i++ {
			os.WriteFile(filepath.Join(deep, fmt.Sprint(protocol.Probe, i)), nil, 0o600)
			time.Sleep(probeEvery)
		}
		os.Remove(filepath.Join(root, protocol.Fence))
	}()
	err = tree.Loop(func(e Told) bool {
		switch base := filepath.Base(e.Path); {
		case e.Removed && base == protocol.Fence:
			return false
		case e.Created && e.Path == to && told == 0:
			told = Now()
		case e.Created && strings.HasPrefix(base, protocol.Probe):
			if path = e.Path; filepath.Dir(path) == deep {
				below = Now()
				done.Store(true)
			}
		}
		return told == 0 || below == 0
	})
	done.Store(true)
	if err != nil {
		return err
	}
	figures := map[string]float64{}
	if told != 0 {
		figures[protocol.Told] = float64(told - started)
	}
	text := ""
	switch {
	case below != 0:
		figures[protocol.Below] = float64(below - started)
		text = "told by its right path"
	case path != "":
		text = "told by its old path"
	default:
		text = "not told"
	}
	send(protocol.Message{Figures: figures, Text: text})
	return nil
}

// deepest goes down from dir by the first directory of each.
func deepest(dir string) (string, error) {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return "", err
		}
		next := ""
		for _, e := range entries {
			if e.IsDir() {
				next = filepath.Join(dir, e.Name())
				break
			}
		}
		if next == "" {
			return dir, nil
		}
		dir = next
	}
}

// created notes what is told to have been created below root, until the fence is removed, and compares
// that with the disk.
func (c Contender) created(root string) error {
	tree, err := c.Tree(root)
	if err != nil {
		return err
	}
	told := map[string]int{}
	var last int64
	overflows := 0
	cpu := CPU()
	ready(tree)
	err = tree.Loop(func(e Told) bool {
		switch {
		case e.Overflow:
			overflows++
		case e.Removed && filepath.Base(e.Path) == protocol.Fence:
			return false
		case e.Created && filepath.Base(e.Path) != protocol.Fence:
			told[e.Path]++
			last = Now()
		}
		return true
	})
	cpu = CPU() - cpu
	if err != nil {
		return err
	}
	figures := compare(root, told)
	figures[protocol.Overflows] = float64(overflows)
	if last != 0 {
		figures[protocol.End] = float64(last)
	}
	if _, ok := tree.(Watching); !ok {
		figures[protocol.CPU] = float64(cpu)
	}
	send(protocol.Message{Figures: figures})
	return nil
}

// compare counts what is on disk below root and was not told, or told twice.
func compare(root string, told map[string]int) map[string]float64 {
	f := map[string]float64{protocol.DirsTotal: 0, protocol.FilesTotal: 0,
		protocol.DirsLost: 0, protocol.FilesLost: 0, protocol.Twice: 0}
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		total, lost := protocol.FilesTotal, protocol.FilesLost
		if d.IsDir() {
			total, lost = protocol.DirsTotal, protocol.DirsLost
		}
		f[total]++
		switch told[path] {
		case 0:
			f[lost]++
		case 1:
		default:
			f[protocol.Twice]++
		}
		return nil
	})
	return f
}
