//go:build linux

package main

// This file draws the charts.

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/inoseq/inoseq/bench/internal/report"
	"gonum.org/v1/plot/plotter"
)

type drawing struct{ file, title string }

// drawAll draws every chart for which something was measured.
func drawAll(r *report.Results, dir string) (drawn []drawing, err error) {
	for _, c := range []struct {
		drawing
		draw func(r *report.Results, file, title string) (bool, error)
	}{
		{drawing{"delivery.svg", "Delivery: time an event, as a multiple of C's"}, drawDelivery},
		{drawing{"running.svg", "While the writer runs: CPU of the reader an event"}, drawRunning},
		{drawing{"latency.svg", "Latency of one event"}, drawLatency},
		{drawing{"setup-time.svg", "Watching a tree: time"}, drawSetUp("time", 1e6, "milliseconds")},
		{drawing{"setup-peak.svg", "Watching a tree: peak memory"}, drawSetUp("peak", 1<<20, "MiB")},
		{drawing{"created.svg", "A tree is created: entries that are not told"}, drawCreated},
		{drawing{"idle.svg", "An idle instance: heap and stacks"}, drawIdle},
	} {
		ok, err := c.draw(r, filepath.Join(dir, c.file), c.title)
		if err != nil {
			return drawn, fmt.Errorf("%s: %w", c.file, err)
		}
		if ok {
			drawn = append(drawn, c.drawing)
		}
	}
	return drawn, nil
}

// label names a contender, and says what it loses.
func label(r *report.Results, id, lost string) string {
	name := r.Name(id)
	if s := r.Of(lost, id); s.N > 0 && s.Median >= 0.5 {
		return fmt.Sprintf("%s (loses %.0f %%)", name, s.Median)
	}
	return name
}

func drawDelivery(r *report.Results, file, title string) (bool, error) {
	figures := []string{"delivery-same", "delivery-new"}
	base := idC
	if r.Of("delivery-same.time", idC).N == 0 {
		return false, nil
	}
	var bars []report.Bar
	for _, c := range r.Contenders {
		if r.Of("delivery-same.time", c.ID).N == 0 {
			continue
		}
		bar := report.Bar{Label: label(r, c.ID, "delivery-same.lost")}
		for _, name := range figures {
			v := r.Ratio(name+".time", c.ID, base).Median
			bar.Values = append(bar.Values, v)
			text := ""
			if !math.IsNaN(v) {
				text = fmt.Sprintf("%.2f", v)
			}
			bar.Text = append(bar.Text, text)
		}
		bars = append(bars, bar)
	}
	return true, report.Bars(file, title, "times C's time (less is better)", []string{"64 names in turn", "each name new"}, bars)
}

// drawPlain draws one figure, or several, of all contenders that have it.
func drawPlain(r *report.Results, file, title, axis, lost string, unit report.Unit, divisor float64, series, figures []string) (bool, error) {
	var bars []report.Bar
	for _, c := range r.Contenders {
		if r.Of(figures[0], c.ID).N == 0 {
			continue
		}
		bar := report.Bar{Label: label(r, c.ID, lost)}
		for _, f := range figures {
			v := r.Of(f, c.ID).Median
			bar.Values = append(bar.Values, v/divisor)
			bar.Text = append(bar.Text, unit.Format(v))
		}
		bars = append(bars, bar)
	}
	if len(bars) == 0 {
		return false, nil
	}
	return true, report.Bars(file, title, axis, series, bars)
}

func drawRunning(r *report.Results, file, title string) (bool, error) {
	return drawPlain(r, file, title, "nanoseconds (less is better)", "running.lost", report.Nanoseconds, 1,
		[]string{""}, []string{"running.cpu"})
}

func drawLatency(r *report.Results, file, title string) (bool, error) {
	return drawPlain(r, file, title, "microseconds (less is better)", "", report.Nanoseconds, 1e3,
		[]string{"half of them within", "99 % within"}, []string{"latency.p50", "latency.p99"})
}

func drawIdle(r *report.Results, file, title string) (bool, error) {
	return drawPlain(r, file, title, "KiB (less is better)", "", report.Bytes, 1<<10, []string{""}, []string{"idle.memory"})
}

func drawCreated(r *report.Results, file, title string) (bool, error) {
	return drawPlain(r, file, title, "per cent of directories and of files (less is better)", "", report.Percent, 1,
		[]string{"directories", "files"}, []string{"created.dirs_lost_share", "created.files_lost_share"})
}

// drawSetUp draws how a figure grows with the tree.
func drawSetUp(figure string, divisor float64, axis string) func(r *report.Results, file, title string) (bool, error) {
	return func(r *report.Results, file, title string) (bool, error) {
		var lines []report.Line
		for _, c := range r.Contenders {
			line := report.Line{Label: c.Name}
			for _, dirs := range setUpSizes(r) {
				if s := r.Of(fmt.Sprintf("setup-%d.%s", dirs, figure), c.ID); s.N > 0 {
					line.XYs = append(line.XYs, plotter.XY{X: float64(dirs), Y: s.Median / divisor})
				}
			}
			if len(line.XYs) > 0 {
				lines = append(lines, line)
			}
		}
		if len(lines) == 0 {
			return false, nil
		}
		return true, report.Lines(file, title, "directories", axis, lines)
	}
}
