//go:build linux

package main

// This file says which tables and charts there are, and where they are written.

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/inoseq/inoseq/bench/internal/protocol"
	"github.com/inoseq/inoseq/bench/internal/report"
)

// The markers of what is written into pages.
const (
	resultsMarker = "bench:results"
	summaryMarker = "bench:summary"
)

const lossNote = "Columns “× …” are ratios, taken round by round. What has lost events is not the best peer, however quick it is."

func deliveryTable(name, title string, r *report.Results) report.Table {
	t := report.Table{Title: title, Base: idC, Lost: name + ".lost", Columns: []report.Column{
		{Head: "time an event", Figure: name + ".time", Unit: report.Nanoseconds, Ratio: true},
		{Head: "CPU an event", Figure: name + ".cpu", Unit: report.Nanoseconds, Ratio: true},
		{Head: "allocations", Figure: name + ".mallocs", Unit: report.Count},
		{Head: "bytes", Figure: name + ".bytes", Unit: report.Bytes},
		{Head: "lost", Figure: name + ".lost", Unit: report.Percent},
	}}
	t.Intro = fmt.Sprintf("%s events wait in the queue of a stopped process, which then goes on. Allocations and "+
		"bytes are those of an event.", report.Count.Format(float64(r.Sizes[name])))
	return t
}

// allTables are the tables in their order.
func allTables(r *report.Results) []report.Table {
	same := deliveryTable("delivery-same", "Delivery, 64 names in turn", r)
	fresh := deliveryTable("delivery-new", "Delivery, each name new", r)
	all := []report.Table{same, fresh, {
		Title: "Delivery while the writer runs", Base: idC, Lost: "running.lost",
		Intro: fmt.Sprintf("Another process makes %s events as fast as it can, with the queue that the machine has by "+
			"itself. CPU is the reader's, for each event that was made.", report.Count.Format(float64(r.Sizes["running"]))),
		Columns: []report.Column{
			{Head: "CPU an event", Figure: "running.cpu", Unit: report.Nanoseconds, Ratio: true},
			{Head: "overflows told", Figure: "running.overflows", Unit: report.Count},
			{Head: "lost", Figure: "running.lost", Unit: report.Percent},
		},
	}, {
		Title: "Latency", Base: idC,
		Intro: fmt.Sprintf("%s events, one every %v: from before the system call to the loop's body.",
			report.Count.Format(float64(r.Sizes["latency"])), pause),
		Columns: []report.Column{
			{Head: "p50", Figure: "latency.p50", Unit: report.Nanoseconds, Ratio: true},
			{Head: "p90", Figure: "latency.p90", Unit: report.Nanoseconds, Ratio: true},
			{Head: "p99", Figure: "latency.p99", Unit: report.Nanoseconds, Ratio: true},
		},
	}, {
		Title: "Decoding alone", Base: "unsafe", Order: []string{"unsafe", "inoseq", "strings"},
		Names: map[string]string{"unsafe": "walk by unsafe pointers", "inoseq": "inotify.Decode",
			"strings": "a string for every name"},
		Columns: []report.Column{
			{Head: "records", Figure: "decode.records", Unit: report.PerSecond},
			{Head: "time a record", Figure: "decode.time", Unit: report.Nanoseconds, Ratio: true},
			{Head: "allocations", Figure: "decode.mallocs", Unit: report.Count},
		},
	}}
	all = append(all, setUpTables(r)...)
	all = append(all, treeTables(r)...)
	return append(all, report.Table{
		Title: "Many watches", Base: idC,
		Intro: fmt.Sprintf("%s watches on files, added and removed one by one. Heap is what one watch keeps, its path included "+
			"where it is kept.", report.Count.Format(float64(r.Sizes["singles"]))),
		After: "rjeczalik/notify is not in it: it cannot remove one path.",
		Columns: []report.Column{
			{Head: "add", Figure: "singles.add", Unit: report.Nanoseconds, Ratio: true},
			{Head: "remove", Figure: "singles.remove", Unit: report.Nanoseconds, Ratio: true},
			{Head: "heap", Figure: "singles.heap", Unit: report.Bytes},
		},
	}, report.Table{
		Title: "Many instances",
		Intro: fmt.Sprintf("%s instances with a watch each, and nothing happens. All figures are of one instance.",
			report.Count.Format(float64(r.Sizes["idle"]))),
		After: "C and rjeczalik/notify are not in it: the one needs no memory of its own, the other has one instance for all.",
		Columns: []report.Column{
			{Head: "heap and stacks", Figure: "idle.memory", Unit: report.Bytes, Ratio: true},
			{Head: "resident", Figure: "idle.resident", Unit: report.Bytes},
			{Head: "goroutines", Figure: "idle.goroutines", Unit: report.Count},
			{Head: "threads", Figure: "idle.threads", Unit: report.Count},
		},
	})
}

// setUpSizes returns how many directories the trees had, the smallest first.
func setUpSizes(r *report.Results) (sizes []int) {
	for name := range r.Sizes {
		if n, ok := strings.CutPrefix(name, "setup-"); ok {
			if dirs, err := strconv.Atoi(n); err == nil {
				sizes = append(sizes, dirs)
			}
		}
	}
	sort.Ints(sizes)
	return sizes
}

func setUpTables(r *report.Results) (all []report.Table) {
	for _, dirs := range setUpSizes(r) {
		name := fmt.Sprintf("setup-%d", dirs)
		all = append(all, report.Table{
			Title: fmt.Sprintf("Setting up a tree of %s directories", report.Count.Format(float64(dirs))), Base: idC,
			Intro: fmt.Sprintf("With %d files in each directory. Heap is what is kept, peak all memory (VmHWM).", filesEach),
			Columns: []report.Column{
				{Head: "time", Figure: name + ".time", Unit: report.Nanoseconds, Ratio: true},
				{Head: "CPU", Figure: name + ".cpu", Unit: report.Nanoseconds},
				{Head: "heap", Figure: name + ".heap", Unit: report.Bytes},
				{Head: "heap a directory", Figure: name + ".heap_each", Unit: report.Bytes},
				{Head: "peak", Figure: name + ".peak", Unit: report.Bytes},
			},
		})
	}
	if len(all) > 0 {
		all[len(all)-1].After = "inoseq keeps the name of every entry, files included; the others keep " +
			"directories alone. inoseq uses several processors. fsnotify and k8s inotify do not watch what is below a " +
			"directory: filepath.WalkDir and an Add for each is what their users write. gonotify's DirWatcher then also " +
			"tells every file that is there as created."
	}
	return all
}

func treeTables(r *report.Results) []report.Table {
	columns := func(name string) []report.Column {
		return []report.Column{
			{Head: "until the last was told", Figure: name + ".time", Unit: report.Nanoseconds, Ratio: true},
			{Head: "CPU", Figure: name + ".cpu", Unit: report.Nanoseconds},
			{Head: "directories not told", Figure: name + ".dirs_lost", Unit: report.Count},
			{Head: "files not told", Figure: name + ".files_lost", Unit: report.Count},
			{Head: "told twice", Figure: name + "." + protocol.Twice, Unit: report.Count},
		}
	}
	dirs := dirsOf(r.Sizes["created"])
	entries := fmt.Sprintf("%s directories with %s files", report.Count.Format(float64(dirs)), report.Count.Format(float64(dirs*filesEach)))
	return []report.Table{{
		Title: fmt.Sprintf("Renaming a directory with %s below it", report.Count.Format(float64(dirsOf(r.Sizes["rename"])-1))),
		Intro: "From before rename(2) until it is told, and until a file made far below is told by its right path. A " +
			"file is made every 5 ms until then, for 2 s at most.",
		After: "gonotify's DirWatcher tells nothing about directories.",
		Columns: []report.Column{
			{Head: "the rename", Figure: "rename.told", Unit: report.Nanoseconds, Ratio: true},
			{Head: "the right path below", Figure: "rename.below", Unit: report.Nanoseconds, Ratio: true},
			{Head: "a file below is", Figure: "rename.text", Text: true},
		},
	}, {
		Title: "A tree that another process creates", Lost: "created.lost", Columns: columns("created"),
		Intro: entries + " are made below a watched root, as fast as one process can.",
	}, {
		Title: "A tree that is moved in", Lost: "moved.lost", Columns: columns("moved"),
		Intro: "The same " + entries + ", by one rename from outside.",
		After: "gonotify's DirWatcher tells files only. fsnotify and k8s inotify are used as their users do: when a " +
			"directory is created it is walked and each directory below is added; what the walk finds nobody tells.",
	}}
}

// tables writes all tables.
func tables(r *report.Results) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s, median of %d rounds (lowest–highest). Machine: %s.\n\n", r.Date, r.Rounds, strings.Join(r.Machine, "; "))
	b.WriteString("| contender | version |\n| --- | --- |\n")
	for _, c := range r.Contenders {
		fmt.Fprintf(&b, "| %s | %s |\n", c.Name, c.Version)
	}
	b.WriteString("\n")
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", n)
	}
	fmt.Fprintf(&b, "\n%s\n\n", lossNote)
	for _, t := range allTables(r) {
		t.Write(&b, r)
	}
	b.WriteString(verdict(r))
	return b.String()
}

// write writes README.md, results.json and charts into out; the root's README too, if out is the module.
func write(r *report.Results, module, out string) error {
	charts := filepath.Join(out, "charts")
	if err := os.MkdirAll(charts, 0o755); err != nil {
		return err
	}
	drawn, err := drawAll(r, charts)
	if err != nil {
		return err
	}
	if err := r.Save(filepath.Join(out, "results.json")); err != nil {
		return err
	}
	text := tables(r)
	for _, c := range drawn {
		text += fmt.Sprintf("\n![%s](charts/%s)\n", c.title, c.file)
	}
	page, err := os.ReadFile(filepath.Join(module, "README.md"))
	if err != nil {
		return err
	}
	whole, ok := report.Replace(string(page), resultsMarker, text)
	if !ok {
		return fmt.Errorf("README.md has no markers %s:begin and %[1]s:end", resultsMarker)
	}
	if err := os.WriteFile(filepath.Join(out, "README.md"), []byte(whole), 0o644); err != nil {
		return err
	}
	progress("written: README.md, results.json and %d charts in %s", len(drawn), out)
	if out != module {
		return nil
	}
	root := filepath.Join(module, "..", "README.md")
	page, err = os.ReadFile(root)
	if err != nil {
		return err
	}
	if whole, ok := report.Replace(string(page), summaryMarker, summary(r)); ok {
		progress("written: the summary in %s", root)
		return os.WriteFile(root, []byte(whole), 0o644)
	}
	return nil
}
