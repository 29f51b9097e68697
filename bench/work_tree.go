//go:build linux

package main

// This file holds the works on trees and on many watches and instances.

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/inoseq/inoseq/bench/internal/protocol"
)

// watchesFor has the limit be high enough for n watches, twice: those of the last contender may still be
// going.
func (b *bench) watchesFor(n int) error {
	_, err := b.limits.atLeast(maxWatches, 2*n+1000)
	return err
}

func (b *bench) tree() string { return filepath.Join(b.scratch, "tree") }

func removeTree(b *bench, _ work) error { return os.RemoveAll(b.tree()) }

func prepareSetUp(b *bench, w work) error {
	if err := b.watchesFor(dirsOf(w.n)); err != nil {
		return err
	}
	progress("%s: making %d directories", w.name, dirsOf(w.n))
	_, err := makeTree(b.tree(), w.n, filesEach)
	return err
}

func roundSetUp(b *bench, w work, id string) (o outcome, err error) {
	if id == idC {
		id = cWalk
	}
	if o.figures, err = b.ask(id, protocol.SetUp, b.tree(), 0); err != nil {
		return o, err
	}
	dirs := float64(dirsOf(w.n))
	for _, name := range []string{protocol.Time, protocol.CPU, protocol.Heap, protocol.Peak} {
		if v, ok := o.figures[name]; ok {
			o.figures[name+"_each"] = v / dirs
		}
	}
	return o, nil
}

// prepareRename makes a root with one directory, below which there are the others.
func prepareRename(b *bench, w work) error {
	if err := b.watchesFor(dirsOf(w.n)); err != nil {
		return err
	}
	progress("%s: making %d directories", w.name, dirsOf(w.n))
	if err := os.Mkdir(b.tree(), 0o755); err != nil {
		return err
	}
	_, err := makeTree(filepath.Join(b.tree(), protocol.From), w.n, 0)
	return err
}

func roundRename(b *bench, _ work, id string) (o outcome, err error) {
	from, to := filepath.Join(b.tree(), protocol.From), filepath.Join(b.tree(), protocol.To)
	if err := makeFence(b.tree()); err != nil {
		return o, err
	}
	p, err := b.start(id, protocol.Rename, b.tree(), 0)
	if err != nil {
		return o, err
	}
	m, err := p.hear(b.ctx, longest)
	p.end()
	if _, e := os.Lstat(to); e == nil {
		if e := os.Rename(to, from); e != nil {
			return o, e
		}
	}
	if e := removeProbes(from); e != nil {
		return o, e
	}
	return outcome{m.Figures, m.Text}, err
}

// removeProbes removes the files that the contender has made in the deepest directory.
func removeProbes(dir string) error {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		next := ""
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), protocol.Probe) {
				if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
					return err
				}
			} else if e.IsDir() && next == "" {
				next = filepath.Join(dir, e.Name())
			}
		}
		if next == "" {
			return nil
		}
		dir = next
	}
}

// roundCreated has a process make a tree in a root that is watched.
func roundCreated(b *bench, w work, id string) (o outcome, err error) {
	return b.appears(id, func(root string) error {
		writer, err := b.writer(b.ctx, "tree", filepath.Join(root, "in"), strconv.Itoa(w.n))
		if err != nil {
			return err
		}
		return writer.Run()
	})
}

func prepareMoved(b *bench, w work) error {
	_, err := makeTree(b.tree(), w.n, filesEach)
	return err
}

// roundMoved moves a tree into a root that is watched.
func roundMoved(b *bench, _ work, id string) (o outcome, err error) {
	var in string
	o, err = b.appears(id, func(root string) error {
		in = filepath.Join(root, "in")
		return os.Rename(b.tree(), in)
	})
	if in != "" {
		if e := os.Rename(in, b.tree()); err == nil {
			err = e
		}
	}
	return o, err
}

// appears has appear put a tree into a root that the contender watches, and asks what it was told of it.
func (b *bench) appears(id string, appear func(root string) error) (o outcome, err error) {
	if err := b.limits.restore(maxQueued); err != nil { // the queue is as long as this machine has it by itself
		return o, err
	}
	root, err := b.fresh("root")
	if err == nil {
		err = makeFence(root)
	}
	if err != nil {
		return o, err
	}
	p, err := b.begin(id, protocol.Created, root, 0)
	if err != nil {
		return o, err
	}
	defer p.end()
	cpu, err := p.cpu()
	if err != nil {
		return o, err
	}
	start := now()
	if err := appear(root); err != nil {
		return o, err
	}
	m, err := p.conclude(b.ctx, root)
	if err != nil {
		return o, err
	}
	o.figures = m.Figures
	f := o.figures
	if end, ok := f[protocol.End]; ok {
		f[protocol.Time] = end - float64(start)
		delete(f, protocol.End)
	}
	if _, ok := f[protocol.CPU]; !ok {
		if after, err := p.cpu(); err == nil {
			f[protocol.CPU] = float64(after - cpu)
		}
	}
	f["dirs_lost_share"] = share(f[protocol.DirsLost], f[protocol.DirsTotal])
	f["files_lost_share"] = share(f[protocol.FilesLost], f[protocol.FilesTotal])
	f["lost"] = f[protocol.DirsLost] + f[protocol.FilesLost]
	return o, nil
}

func share(part, all float64) float64 {
	if all == 0 {
		return 0
	}
	return 100 * part / all
}

func prepareSingles(b *bench, w work) error {
	if err := b.watchesFor(w.n); err != nil {
		return err
	}
	if err := os.Mkdir(b.tree(), 0o755); err != nil {
		return err
	}
	return makeFiles(b.tree(), w.n)
}

func roundSingles(b *bench, w work, id string) (o outcome, err error) {
	figures, err := b.ask(id, protocol.Singles, b.tree(), w.n)
	if err != nil {
		return o, err
	}
	return outcome{figures: each(figures, w.n)}, nil
}

func roundIdle(b *bench, w work, id string) (o outcome, err error) {
	const others = 50 // instances that this user has besides
	limit, err := b.limits.atLeast(maxInstances, w.n+others)
	if err != nil {
		return o, err
	}
	n := min(w.n, limit-others)
	if n < 1 {
		return o, fmt.Errorf("fs.inotify.%s is %d: too low to measure anything", maxInstances, limit)
	}
	b.results.Sizes[w.name] = n
	dir, err := b.fresh("files")
	if err != nil {
		return o, err
	}
	figures, err := b.ask(id, protocol.Idle, dir, n)
	if err != nil {
		return o, err
	}
	f := each(figures, n)
	f["memory"] = f[protocol.Heap] + f[protocol.Stacks]
	return outcome{figures: f}, nil
}

// each returns figures of one of n.
func each(figures map[string]float64, n int) map[string]float64 {
	for name := range figures {
		figures[name] /= float64(n)
	}
	return figures
}
