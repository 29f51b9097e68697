package compat

// This file counts events and prints the table of inotifywatch.

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/inoseq/inoseq/inotify"
)

// columns of the table, in order.
var columns = []inotify.Mask{
	inotify.Access, inotify.Modify, inotify.Attrib, inotify.CloseWrite, inotify.CloseNoWrite, inotify.Open,
	inotify.MovedFrom, inotify.MovedTo, inotify.MoveSelf, inotify.Create, inotify.Delete, inotify.DeleteSelf,
	inotify.Unmount,
}

// row is what one watch has seen.
type row struct {
	dir   string
	nth   int
	total int
	hits  map[inotify.Mask]int

	rate    float64 // events a second, for --live
	sampled int     // total when the rate was last taken
}

// table is all rows.
type table struct {
	rows  []*row
	byKey map[string]*row
	all   row
}

func newTable() *table {
	return &table{byKey: make(map[string]*row), all: row{hits: make(map[inotify.Mask]int)}}
}

// row returns the row of a watch: of its number, or where there is none, of its path.
func (t *table) row(watch int64, dir string) *row {
	key := dir
	if watch >= 0 {
		key = fmt.Sprint(watch)
	}
	r := t.byKey[key]
	if r == nil {
		r = &row{dir: dir, nth: len(t.rows), hits: make(map[inotify.Mask]int)}
		t.byKey[key] = r
		t.rows = append(t.rows, r)
	}
	return r
}

// count counts ev, and follows what it says of directories.
func (t *table) count(ev *event) {
	for _, r := range []*row{t.row(ev.watch, ev.dir), &t.all} {
		r.total++
		for _, c := range columns {
			if ev.mask.Has(c) {
				r.hits[c]++
			}
		}
	}
	if ev.watch >= 0 {
		return
	}
	if ev.mask.Has(inotify.Ignored) {
		delete(t.byKey, ev.dir) // another directory may come by that name
	}
	if ev.from != "" && ev.mask.Has(inotify.IsDir) {
		t.rename(ev.from, ev.dir+ev.name+"/")
	}
}

// rename has directories below from stand below to.
func (t *table) rename(from, to string) {
	for key, r := range t.byKey {
		if rest, ok := strings.CutPrefix(key, from); ok {
			delete(t.byKey, key)
			r.dir = to + rest
			defer func() { t.byKey[to+rest] = r }()
		}
	}
}

// text is the table.
func (t *table) text(o *statOptions, asked inotify.Mask) []byte {
	var b bytes.Buffer
	shown := t.columns(o, asked)
	b.WriteString("total  ")
	for _, c := range shown {
		fmt.Fprintf(&b, "%s  ", heading(c))
	}
	b.WriteString("filename\n")
	for _, r := range t.sorted(o) {
		fmt.Fprintf(&b, "%-5d  ", r.total)
		for _, c := range shown {
			fmt.Fprintf(&b, "%-*d  ", len(heading(c)), r.hits[c])
		}
		b.WriteString(r.dir + "\n")
	}
	return b.Bytes()
}

// columns returns those of the table that are to be shown.
func (t *table) columns(o *statOptions, asked inotify.Mask) (shown []inotify.Mask) {
	for _, c := range columns {
		if asked.Has(c) && (o.zero || t.all.hits[c] > 0) {
			shown = append(shown, c)
		}
	}
	return shown
}

func heading(c inotify.Mask) string { return strings.ToLower(c.String()) }

// sorted returns the rows that are to be shown, in order.
func (t *table) sorted(o *statOptions) (rows []*row) {
	for _, r := range t.rows {
		if r.total > 0 || o.zero {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(x, y *row) int {
		a, b := x.by(o.sort), y.by(o.sort)
		if !o.ascending {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(a, b), cmp.Compare(x.nth, y.nth))
	})
	return rows
}

func (r *row) by(c inotify.Mask) int {
	if c == 0 {
		return r.total
	}
	return r.hits[c]
}
