//go:build linux

package main

// This file says in words what the tables come to: which limits are kept, and where another is better.

import (
	"fmt"
	"math"
	"strings"

	"github.com/inoseq/inoseq/bench/internal/report"
)

// goal is a limit that the library has set itself.
type goal struct {
	what         string
	figure, base string // a ratio, or, without base, a value
	most         float64
	unit         report.Unit
}

func goals(r *report.Results) []goal {
	all := []goal{
		{what: "delivery, repeating names: time × C", figure: "delivery-same.time", base: idC, most: 1.10},
		{what: "delivery, new names: time × C", figure: "delivery-new.time", base: idC, most: 1.25},
		{what: "delivery, repeating names: allocations an event", figure: "delivery-same.mallocs", most: 0.05, unit: report.Count},
		{what: "delivery, new names: allocations an event", figure: "delivery-new.mallocs", most: 1.05, unit: report.Count},
		{what: "decoding: time × unsafe walk", figure: "decode.time", base: "unsafe", most: 1.5},
		{what: "an idle instance: memory", figure: "idle.memory", most: 8 << 10, unit: report.Bytes},
		{what: "rename of a large directory", figure: "rename.told", most: 100e3, unit: report.Nanoseconds},
	}
	if sizes := setUpSizes(r); len(sizes) > 0 {
		last := sizes[len(sizes)-1]
		name := fmt.Sprintf("setup-%d", last)
		all = append(all,
			goal{what: fmt.Sprintf("set-up of %s directories: time × C", report.Count.Format(float64(last))),
				figure: name + ".time", base: idC, most: 0.75},
			goal{what: "heap a directory with its files", figure: name + ".heap_each", most: 160 + filesEach*48, unit: report.Bytes})
	}
	for _, name := range []string{"created", "moved"} {
		all = append(all, goal{what: "a tree " + name + ": entries not told", figure: name + ".lost", most: 0, unit: report.Count})
	}
	return all
}

// verdict lists the goals, and the columns in which a peer is ahead.
func verdict(r *report.Results) string {
	var b strings.Builder
	b.WriteString("### What inoseq set out to reach\n\n| | at most | measured | |\n| --- | ---: | ---: | --- |\n")
	for _, g := range goals(r) {
		s := r.Of(g.figure, "inoseq")
		most := g.unit.Format(g.most)
		if g.base != "" {
			s = r.Ratio(g.figure, "inoseq", g.base)
			most = fmt.Sprintf("%.2f", g.most)
		}
		if s.N == 0 {
			continue
		}
		measured, word := g.unit.Format(s.Median), "reached"
		if g.base != "" {
			measured = fmt.Sprintf("%.2f", s.Median)
		}
		if s.Median > g.most {
			word = "**missed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", g.what, most, measured, word)
	}
	b.WriteString("\n### Where another is ahead of inoseq\n\n")
	behind := ahead(r)
	for _, line := range behind {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	if len(behind) == 0 {
		b.WriteString("Nowhere in these tables.\n")
	}
	return b.String()
}

// compared are figures of which less is better, for the comparison with peers.
var compared = []string{".time", ".cpu", ".mallocs", ".bytes", ".lost", ".p50", ".p90", ".p99", ".heap", ".peak",
	".told", ".below", ".add", ".remove", ".memory", ".resident", ".goroutines", ".threads", ".dirs_lost", ".files_lost", ".twice"}

// ahead lists in which columns a contender has a lower median than inoseq: C too.
func ahead(r *report.Results) (lines []string) {
	for _, t := range allTables(r) {
		for _, c := range t.Columns {
			if c.Text || !hasSuffix(c.Figure, compared) {
				continue
			}
			ours := r.Of(c.Figure, "inoseq")
			if ours.N == 0 {
				continue
			}
			var names []string
			for _, other := range r.Contenders {
				s := r.Of(c.Figure, other.ID)
				if s.N == 0 || report.Ours(other.ID) || !(s.Median < ours.Median*0.99) || math.Abs(ours.Median-s.Median) < 0.005 {
					continue
				}
				name := other.Name + " " + c.Unit.Format(s.Median)
				if r.Of(t.Lost, other.ID).Median > 0 {
					name += " (which loses events)"
				}
				names = append(names, name)
			}
			if len(names) > 0 {
				lines = append(lines, fmt.Sprintf("%s, %s: inoseq %s, %s.", t.Title, c.Head, c.Unit.Format(ours.Median),
					strings.Join(names, ", ")))
			}
		}
	}
	return lines
}

func hasSuffix(s string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}

// summary is what the root's README shows: a chart and three lines.
func summary(r *report.Results) string {
	var b strings.Builder
	b.WriteString("![Delivery, time an event as a multiple of C's](bench/charts/delivery.svg)\n\n")
	peer := func(figure, lost string) string {
		best := r.Best(figure, lost)
		if best == idC { // the best that is not C
			without := *r
			without.Contenders = nil
			for _, c := range r.Contenders {
				if c.ID != idC {
					without.Contenders = append(without.Contenders, c)
				}
			}
			best = without.Best(figure, lost)
		}
		return best
	}
	same, fresh := "delivery-same.time", "delivery-new.time"
	if id := peer(same, "delivery-same.lost"); id != "" && r.Of(same, idC).N > 0 {
		fmt.Fprintf(&b, "- Delivery: %.2f times the time of a C program that reads and walks the records with repeating names, "+
			"%.2f with new ones; the best other library, %s, takes %.2f and %.2f.\n",
			r.Ratio(same, "inoseq", idC).Median, r.Ratio(fresh, "inoseq", idC).Median, r.Name(id),
			r.Ratio(same, id, idC).Median, r.Ratio(fresh, id, idC).Median)
	}
	if sizes := setUpSizes(r); len(sizes) > 0 {
		n := sizes[len(sizes)-1]
		figure := fmt.Sprintf("setup-%d.time", n)
		if r.Of(figure, idC).N > 0 {
			fmt.Fprintf(&b, "- Trees: %s directories are watched in %s, %.2f times the time of a walk in C; a created tree of %s "+
				"directories is told with %s entries missing.\n", report.Count.Format(float64(n)),
				report.Nanoseconds.Format(r.Of(figure, "inoseq").Median), r.Ratio(figure, "inoseq", idC).Median,
				report.Count.Format(float64(dirsOf(r.Sizes["created"]))), report.Count.Format(r.Of("created.lost", "inoseq").Median))
		}
	}
	if s := r.Of("idle.memory", "inoseq"); s.N > 0 {
		fmt.Fprintf(&b, "- An idle Watcher keeps %s and no goroutine. Method, machine and all tables: "+
			"[bench/README.md](bench/README.md), made by `cd bench && go run .`\n", report.Bytes.Format(s.Median))
	}
	return b.String()
}
