//go:build linux

package main

// This file holds the works on one directory: delivery, latency, decoding.

import (
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/inoseq/inoseq/bench/internal/protocol"
	"github.com/inoseq/inoseq/bench/internal/stats"
	"golang.org/x/sys/unix"
)

// room is how much longer a queue is made than what goes in.
const room = 1000

// roundDelivery fills the queue of a stopped contender and lets it go on. With same, 64 files change in
// turn; otherwise each event is the creation of another file.
func roundDelivery(same bool) func(b *bench, w work, id string) (outcome, error) {
	return func(b *bench, w work, id string) (o outcome, err error) {
		n, err := b.queueFor(w)
		if err != nil {
			return o, err
		}
		dir, err := b.fresh("files")
		if err != nil {
			return o, err
		}
		files, fill := n, makeFiles
		if same {
			files, fill = inTurn, chmods
			err = makeFiles(dir, files)
		}
		defer removeFiles(dir, files)
		if err == nil {
			err = makeFence(dir)
		}
		if err != nil {
			return o, err
		}
		p, err := b.begin(id, protocol.Drain, dir, n)
		if err != nil {
			return o, err
		}
		defer p.end()
		if err := p.stop(); err != nil {
			return o, err
		}
		if err := fill(dir, n); err != nil {
			return o, err
		}
		cpu, err := p.cpu()
		if err != nil {
			return o, err
		}
		start := now()
		if err := p.goOn(); err != nil {
			return o, err
		}
		return b.drained(p, dir, n, start, cpu)
	}
}

// freshFiles makes a directory with the files that change in turn, and the fence.
func (b *bench) freshFiles() (dir string, err error) {
	if dir, err = b.fresh("files"); err == nil {
		err = makeFiles(dir, inTurn)
	}
	if err == nil {
		err = makeFence(dir)
	}
	return dir, err
}

// queueFor returns how many events a queue of work w gets.
func (b *bench) queueFor(w work) (int, error) {
	limit, err := b.limits.atLeast(maxQueued, w.n+room)
	if err != nil {
		return 0, err
	}
	n := min(w.n, limit-room)
	if n < 1 {
		return 0, fmt.Errorf("fs.inotify.%s is %d: too low to measure anything", maxQueued, limit)
	}
	b.results.Sizes[w.name] = n
	return n, nil
}

// drained waits until p has taken n events, or what of them it gets, and returns figures of one event of
// the n: what has dropped events has not earned a lower price.
func (b *bench) drained(p *process, dir string, n int, start, cpu int64) (o outcome, err error) {
	m, err := p.conclude(b.ctx, dir)
	if err != nil {
		return o, err
	}
	f := m.Figures
	if _, ok := f[protocol.CPU]; !ok {
		after, err := p.cpu()
		if err != nil {
			return o, err
		}
		f[protocol.CPU] = float64(after - cpu)
	}
	o.figures = map[string]float64{
		"lost":             100 * (1 - f[protocol.Events]/float64(n)),
		protocol.Overflows: f[protocol.Overflows],
		protocol.CPU:       f[protocol.CPU] / float64(n),
	}
	if end, ok := f[protocol.End]; ok && start != 0 {
		o.figures[protocol.Time] = (end - float64(start)) / float64(n)
	}
	for _, name := range []string{protocol.Mallocs, protocol.Bytes} {
		if v, ok := f[name]; ok {
			o.figures[name] = v / float64(n)
		}
	}
	return o, nil
}

// roundRunning has a process change files as fast as it can, beside the contender. The queue is as long
// as this machine has it by itself.
func roundRunning(b *bench, w work, id string) (o outcome, err error) {
	if err := b.limits.restore(maxQueued); err != nil { // as far as delivery has raised it
		return o, err
	}
	dir, err := b.freshFiles()
	if err != nil {
		return o, err
	}
	p, err := b.begin(id, protocol.Drain, dir, w.n)
	if err != nil {
		return o, err
	}
	defer p.end()
	cpu, err := p.cpu()
	if err != nil {
		return o, err
	}
	writer, err := b.writer(b.ctx, "chmod", dir, strconv.Itoa(w.n))
	if err != nil {
		return o, err
	}
	if err := writer.Run(); err != nil {
		return o, fmt.Errorf("writer: %w", err)
	}
	return b.drained(p, dir, w.n, 0, cpu)
}

// pause is how long the writer waits between two events of latency: long enough for all to have come to
// rest.
const pause = 300 * time.Microsecond

func roundLatency(b *bench, w work, id string) (o outcome, err error) {
	dir, err := b.freshFiles()
	if err != nil {
		return o, err
	}
	p, err := b.begin(id, protocol.Latency, dir, w.n)
	if err != nil {
		return o, err
	}
	defer p.end()
	written, err := writeSlowly(b, dir, w.n)
	if err != nil {
		return o, err
	}
	m, err := p.conclude(b.ctx, dir)
	if err != nil {
		return o, err
	}
	if len(m.Times) != w.n {
		return o, fmt.Errorf("%d of %d events came", len(m.Times), w.n)
	}
	took := make([]float64, w.n)
	for i := range took {
		took[i] = float64(m.Times[i] - written[i])
	}
	o.figures = map[string]float64{}
	for _, q := range []float64{0.5, 0.9, 0.99} {
		o.figures[fmt.Sprintf("p%v", math.Round(q*100))] = stats.Quantile(took, q)
	}
	return o, nil
}

// writeSlowly changes files one at a time, and returns when each change began.
func writeSlowly(b *bench, dir string, n int) (times []int64, err error) {
	runtime.GC() // not while it writes
	times = make([]int64, n)
	wait := unix.NsecToTimespec(int64(pause))
	err = withDir(dir, func(fd int) error {
		for i := range times {
			if b.ctx.Err() != nil {
				return b.ctx.Err()
			}
			unix.Nanosleep(&wait, nil)
			name := fileName(i % inTurn)
			times[i] = now()
			if err := unix.Fchmodat(fd, name, uint32(0o600+i/inTurn%2), 0); err != nil {
				return fmt.Errorf("chmod %s: %w", filepath.Join(dir, name), err)
			}
		}
		return nil
	})
	return times, err
}

// roundDecode has the decoders in one process, in turn.
func roundDecode(b *bench, w work, id string) (o outcome, err error) {
	o.figures, err = b.ask(id, protocol.Decode, "-", w.n)
	return o, err
}
