package compat

// This file lays the table of --live out, and takes the rates that it shows.

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// sample takes the rates of what came since the last time, which is past. Changed: they are others.
func (t *table) sample(past time.Duration) (changed bool) {
	take := func(r *row) {
		rate := float64(r.total-r.sampled) / past.Seconds()
		changed = changed || rate != r.rate
		r.rate, r.sampled = rate, r.total
	}
	take(&t.all)
	for _, r := range t.rows {
		take(r)
	}
	return changed
}

// average takes the rates of all that came, in the time past.
func (t *table) average(past time.Duration) {
	t.all.rate = float64(t.all.total) / past.Seconds()
	for _, r := range t.rows {
		r.rate = float64(r.total) / past.Seconds()
	}
}

// barWidth is that of the bar of the row with the most events.
const barWidth = 16

// frame is the table below a headline: rows that do not fit into height are counted, columns that do not
// fit into width are left out, the last first, and long names lose their beginning. 0 is no bound.
func (t *table) frame(head string, o *statOptions, asked inotify.Mask, width, height int) []string {
	rows, columns := t.sorted(o), t.columns(o, asked)
	most := 0
	for _, r := range rows {
		most = max(most, r.total)
	}
	more := 0
	if fit := max(height-3, 0); height > 0 && len(rows) > fit+1 {
		rows, more = rows[:fit], len(rows)-fit
	}
	names, longest := make([][]rune, len(rows)), len("filename")
	for i, r := range rows {
		names[i] = []rune(clean(r.dir))
		longest = max(longest, len(names[i]))
	}
	// No number of a column is larger than that of all rows.
	wide := func(c inotify.Mask) int { return max(len(heading(c)), len(strconv.Itoa(t.all.hits[c]))) }
	total := max(len("total"), len(strconv.Itoa(t.all.total)))
	title := fmt.Sprintf("%-*s  %8s  %-*s  ", total, "total", "events/s", barWidth, "")
	if width > 0 {
		longest = min(longest, max(width/3, len("filename")))
		columns = fitting(columns, wide, width-longest-len(title))
	}
	for _, c := range columns {
		title += fmt.Sprintf("%-*s  ", wide(c), heading(c))
	}
	lines := []string{head, title + "filename"}
	if width > 0 {
		longest = max(longest, width-len(title))
	}
	for i, r := range rows {
		bar := 0
		if most > 0 {
			bar = (r.total*barWidth + most - 1) / most
		}
		line := fmt.Sprintf("%-*d  %8.1f  %-*s  ", total, r.total, r.rate, barWidth, strings.Repeat("#", bar))
		for _, c := range columns {
			line += fmt.Sprintf("%-*d  ", wide(c), r.hits[c])
		}
		if n := len(names[i]); width > 0 && n > longest {
			names[i] = append([]rune("..."), names[i][n-longest+3:]...)
		}
		lines = append(lines, line+string(names[i]))
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return cut(lines, width, height)
}

// fitting returns the first columns, as far as there is room for them.
func fitting(columns []inotify.Mask, wide func(inotify.Mask) int, room int) []inotify.Mask {
	for i, c := range columns {
		if room -= wide(c) + 2; room < 0 {
			return columns[:i]
		}
	}
	return columns
}

// cut bounds what does not fit however small it is made.
func cut(lines []string, width, height int) []string {
	if height > 0 && len(lines) > height {
		lines = lines[:height]
	}
	for i, line := range lines {
		if r := []rune(line); width > 0 && len(r) > width {
			lines[i] = string(r[:width])
		}
	}
	return lines
}

// clean is text that does nothing to a terminal: quoted if it is not printable as it is.
func clean(text string) string {
	if quoted := strconv.Quote(text); quoted[1:len(quoted)-1] != text {
		return quoted
	}
	return text
}
