//go:build linux

package main

// This file holds the command line and what a run consists of.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/inoseq/inoseq/bench/internal/report"
	"golang.org/x/sys/unix"
)

type options struct {
	rounds int
	only   []string
	who    []string // contenders; all without
	quick  bool
	dir    string // where files are made
	out    string // where README.md and charts are written; "" for nowhere
	from   string
	list   bool
	sizes  sizes
}

func main() {
	// Contenders die with the thread that started them: this one, which stays.
	runtime.LockOSThread()
	if len(os.Args) > 1 && os.Args[1] == writerCommand {
		exit(runWriter(os.Args[2:]))
	}
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	exit(run(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse(args []string) (options, error) {
	o := options{sizes: full}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&o.rounds, "rounds", 5, "how often each contender does each work")
	only := f.String("only", "", "do the works whose names begin with one of these, as `delivery,latency`")
	who := f.String("contenders", "", "let only these take part, as `c,inoseq,fsnotify`; -list names them")
	f.BoolVar(&o.quick, "quick", false, "one round of little work: to see that it runs, not to measure")
	f.StringVar(&o.dir, "dir", "", "make files in this `directory` (default: /dev/shm if it is there)")
	f.StringVar(&o.out, "out", "", "write README.md, results.json and charts into this `directory`\n"+
		"(default: this one after a run of everything; otherwise the tables are only printed)")
	f.StringVar(&o.from, "from", "", "measure nothing: take the results of this `file`")
	f.BoolVar(&o.list, "list", false, "name the works")
	f.Usage = func() {
		fmt.Fprintln(f.Output(), "usage: go run . [-rounds N] [-only WORK,...] [-contenders NAME,...] [-quick] [-dir DIR] [-out DIR] [-from FILE] [-list]")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: see -help", f.Arg(0))
	}
	if o.rounds < 1 {
		return o, fmt.Errorf("-rounds %d: name at least one", o.rounds)
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	if *who != "" {
		o.who = strings.Split(*who, ",")
	}
	if o.quick {
		o.rounds, o.sizes = 1, quick
	}
	if o.dir == "" {
		o.dir = os.TempDir()
		if unix.Access("/dev/shm", unix.W_OK) == nil {
			o.dir = "/dev/shm"
		}
	}
	return o, nil
}

func run(ctx context.Context, o options) (err error) {
	if o.list {
		for _, w := range works(o.sizes) {
			fmt.Printf("%-16s %s\n", w.name, w.title)
		}
		fmt.Println("\ncontenders:", strings.Join(allContenders(), ", "))
		return nil
	}
	module, err := moduleDir(ctx)
	if err != nil {
		return err
	}
	var results *report.Results
	if o.from != "" {
		if results, err = report.Load(o.from); err != nil {
			return err
		}
	} else if results, err = measure(ctx, module, o); err != nil {
		return err
	}
	out := o.out
	if out == "" && !o.quick && len(o.only) == 0 && len(o.who) == 0 {
		out = module
	}
	if out == "" {
		fmt.Println(tables(results))
		return nil
	}
	return write(results, module, out)
}

// measure does the work.
func measure(ctx context.Context, module string, o options) (r *report.Results, err error) {
	for _, id := range o.who {
		if !slices.Contains(allContenders(), id) {
			return nil, fmt.Errorf("-contenders %q: there is no such contender; -list names them", id)
		}
	}
	selected, err := selectWorks(works(o.sizes), o.only)
	if err != nil {
		return nil, err
	}
	return measureWorks(ctx, module, o, selected)
}

func measureWorks(ctx context.Context, module string, o options, selected []work) (r *report.Results, err error) {
	scratch, err := os.MkdirTemp(o.dir, "inoseq-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	r = &report.Results{Date: time.Now().UTC().Format("2006-01-02 15:04 UTC"), Rounds: o.rounds, Sizes: map[string]int{}}
	b := &bench{ctx: ctx, options: o, scratch: scratch, results: r, limits: newLimits(r)}
	defer func() { err = errors.Join(err, b.limits.restore()) }()
	if err := b.build(module); err != nil {
		return nil, err
	}
	r.Machine = machine(ctx, scratch)
	begin := time.Now()
	for _, w := range selected {
		start := time.Now()
		if err := b.do(w); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		progress("%s: %.1f s", w.name, time.Since(start).Seconds())
	}
	progress("everything: %.0f s", time.Since(begin).Seconds())
	return r, nil
}

func selectWorks(all []work, only []string) (selected []work, err error) {
	if len(only) == 0 {
		return all, nil
	}
	for _, prefix := range only {
		if !slices.ContainsFunc(all, func(w work) bool { return strings.HasPrefix(w.name, prefix) }) {
			return nil, fmt.Errorf("-only %q: there is no such work; -list names them", prefix)
		}
	}
	for _, w := range all {
		if slices.ContainsFunc(only, func(p string) bool { return strings.HasPrefix(w.name, p) }) {
			selected = append(selected, w)
		}
	}
	return selected, nil
}

// bench is a run.
type bench struct {
	options
	ctx      context.Context
	scratch  string
	programs map[string]program // by contender
	results  *report.Results
	limits   *limits
}

// work is one thing that contenders do in turn.
type work struct {
	name, title string
	n           int // how much of it
	contenders  []string
	// prepare and finish run once, each unless it is nil; round lets one contender do it once.
	prepare func(b *bench, w work) error
	round   func(b *bench, w work, contender string) (outcome, error)
	finish  func(b *bench, w work) error
}

// outcome is what a round has found.
type outcome struct {
	figures map[string]float64 // "contender/figure" is of another contender
	text    string
}

// do has the contenders do w, in turns that begin with another one in each round.
func (b *bench) do(w work) (err error) {
	if w.prepare != nil {
		if err := w.prepare(b, w); err != nil {
			return err
		}
	}
	if w.finish != nil {
		defer func() { err = errors.Join(err, w.finish(b, w)) }()
	}
	b.results.Sizes[w.name] = w.n
	ids := slices.DeleteFunc(slices.Clone(w.contenders), func(id string) bool {
		return b.programs[id].path == "" || len(b.who) > 0 && !slices.Contains(b.who, id)
	})
	for round := range b.rounds {
		for i := range ids {
			id := ids[(i+round)%len(ids)]
			progress("%s, round %d of %d: %s", w.name, round+1, b.rounds, id)
			o, err := w.round(b, w, id)
			if b.ctx.Err() != nil {
				return context.Cause(b.ctx)
			}
			if err != nil {
				progress("%s: %s: %v", w.name, id, err)
				b.results.Note("%s, %s: %v", w.name, b.results.Name(id), err)
				continue
			}
			for figure, value := range o.figures {
				whose := id
				if other, rest, ok := strings.Cut(figure, "/"); ok {
					whose, figure = other, rest
				}
				b.results.Add(w.name+"."+figure, whose, round, value)
			}
			if o.text != "" {
				b.results.SetText(w.name+".text", id, o.text)
			}
		}
	}
	return nil
}

// fresh makes an empty directory.
func (b *bench) fresh(name string) (string, error) {
	dir := filepath.Join(b.scratch, name)
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.Mkdir(dir, 0o755)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
