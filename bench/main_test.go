//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inoseq/inoseq/bench/internal/report"
)

// TestMain makes the test a writer when the works start it as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == writerCommand {
		exit(runWriter(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// tiny is enough to see that all goes through, for any user.
var tiny = sizes{repeating: 2000, fresh: 2000, running: 2000, latency: 50, decode: 10000,
	depths: []int{1, 2}, rename: 1, created: 1, singles: 100, idle: 10}

func mustParse(t *testing.T, args ...string) options {
	t.Helper()
	o, err := parse(args)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestEverythingRunsAtTinySizesAndIsWritten(t *testing.T) {
	o := mustParse(t, "-rounds", "2", "-contenders", "c,inoseq,inoseq-path", "-dir", t.TempDir())
	o.sizes = tiny
	ctx := context.Background()
	module, err := moduleDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r, err := measure(ctx, module, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range r.Notes {
		if !strings.Contains(note, "left out") && !strings.Contains(note, "before and after") && !strings.Contains(note, "needs root") {
			t.Errorf("note: %s", note)
		}
	}
	for _, figure := range []string{"delivery-same.time", "delivery-new.mallocs", "running.cpu", "latency.p99",
		"decode.time", "setup-11.peak", "setup-111.heap_each", "rename.told", "rename.below", "created.time",
		"moved.cpu", "singles.remove", "idle.memory"} {
		if s := r.Of(figure, "inoseq"); s.N != o.rounds {
			t.Errorf("%s has %d of %d rounds", figure, s.N, o.rounds)
		}
	}
	for _, figure := range []string{"delivery-same.lost", "delivery-new.lost", "created.lost", "moved.lost"} {
		if s := r.Of(figure, "inoseq"); s.Max != 0 {
			t.Errorf("%s is %v", figure, s)
		}
	}
	if r.Name(idC) == "C" && r.Of("delivery-same.time", idC).N != o.rounds {
		t.Error("C has not drained its queue")
	}
	left, err := os.ReadDir(o.dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left over, %v", left, err)
	}
	mustWritten(t, r, module)
}

// mustWritten writes pages and charts, and reads the results again.
func mustWritten(t *testing.T, r *report.Results, module string) {
	t.Helper()
	out := t.TempDir()
	if err := write(r, module, out); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(out, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"### Delivery, 64 names in turn", "**inoseq**", "### What inoseq set out to reach",
		"(charts/latency.svg)"} {
		if !strings.Contains(string(page), part) {
			t.Errorf("README.md has no %q", part)
		}
	}
	again, err := report.Load(filepath.Join(out, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	if tables(again) != tables(r) {
		t.Error("the saved results give other tables")
	}
	if text := summary(r); strings.Count(text, "\n- ") > 3 || !strings.Contains(text, "delivery.svg") {
		t.Errorf("summary is %q", text)
	}
}

func TestARunThatIsInterruptedCleansUp(t *testing.T) {
	o := mustParse(t, "-contenders", "inoseq", "-dir", t.TempDir())
	o.sizes = tiny
	ctx, cancel := context.WithCancelCause(context.Background())
	interrupted := errors.New("interrupted")
	module, err := moduleDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all := works(o.sizes)
	all[0].round = func(b *bench, w work, id string) (outcome, error) {
		cancel(interrupted)
		return outcome{}, nil
	}
	if _, err := measureWorks(ctx, module, o, all); !errors.Is(err, interrupted) {
		t.Errorf("the error is %v", err)
	}
	if left, err := os.ReadDir(o.dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left over, %v", left, err)
	}
}

func TestWrongCommandLinesAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"extra"}, {"-nonsense"}} {
		if _, err := parse(args); err == nil || errors.Is(err, flag.ErrHelp) {
			t.Errorf("%q gives %v", args, err)
		}
	}
	if _, err := selectWorks(works(tiny), []string{"delivery", "nonsense"}); err == nil {
		t.Error("a work that there is not is taken")
	}
	selected, err := selectWorks(works(tiny), []string{"delivery", "idle"})
	if err != nil || len(selected) != 3 {
		t.Errorf("%d works are selected, %v", len(selected), err)
	}
}

func TestATreeHasAsManyDirectoriesAsIsSaid(t *testing.T) {
	root := filepath.Join(t.TempDir(), "tree")
	got, err := makeTree(root, 2, 1)
	if err != nil || got != dirsOf(2) || got != 111 {
		t.Errorf("made %d directories, %v; %d are said", got, err, dirsOf(2))
	}
}
