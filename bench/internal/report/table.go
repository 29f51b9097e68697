package report

// This file writes tables in Markdown.

import (
	"fmt"
	"strings"
)

// Table is one table: a row for each contender that has any of its figures.
type Table struct {
	Title string
	Intro string // below the title
	After string // below the table
	// Base is the contender that ratios are given to; with "" it is the best one that is not ours and
	// loses nothing.
	Base    string
	Lost    string // the figure that tells what was lost; "" if nothing can be
	Columns []Column
	Names   map[string]string // of rows that are no contender
	Order   []string          // the rows; without, all contenders
}

// Column is one figure.
type Column struct {
	Head   string
	Figure string
	Unit   Unit
	Ratio  bool // a column follows with the ratio to the base
	Text   bool // it is a text, not a figure
}

// Write writes the table; nothing if none of its figures is known.
func (t Table) Write(b *strings.Builder, r *Results) {
	known := false
	for _, c := range t.Columns {
		known = known || r.Known(c.Figure)
	}
	if !known {
		return
	}
	fmt.Fprintf(b, "### %s\n\n", t.Title)
	if t.Intro != "" {
		fmt.Fprintf(b, "%s\n\n", t.Intro)
	}
	b.WriteString("| |")
	rule := "| --- |"
	for _, c := range t.Columns {
		fmt.Fprintf(b, " %s |", c.Head)
		rule += " ---: |"
		if c.Ratio && t.base(r, c) != "" {
			fmt.Fprintf(b, " × %s |", t.name(r, t.base(r, c)))
			rule += " ---: |"
		}
	}
	fmt.Fprintf(b, "\n%s\n", rule)
	for _, id := range t.rows(r) {
		t.row(b, r, id)
	}
	b.WriteString("\n")
	if t.After != "" {
		fmt.Fprintf(b, "%s\n\n", t.After)
	}
}

func (t Table) rows(r *Results) (ids []string) {
	order := t.Order
	if order == nil {
		for _, c := range r.Contenders {
			order = append(order, c.ID)
		}
	}
	for _, id := range order {
		for _, c := range t.Columns {
			if r.Of(c.Figure, id).N > 0 || r.Texts[c.Figure][id] != "" {
				ids = append(ids, id)
				break
			}
		}
	}
	return ids
}

// base returns what the ratios of a column are given to.
func (t Table) base(r *Results, c Column) string {
	if t.Base != "" && r.Of(c.Figure, t.Base).N > 0 {
		return t.Base
	}
	return r.Best(c.Figure, t.Lost)
}

func (t Table) name(r *Results, id string) string {
	if name, ok := t.Names[id]; ok {
		return name
	}
	return r.Name(id)
}

func (t Table) row(b *strings.Builder, r *Results, id string) {
	name := t.name(r, id)
	if Ours(id) {
		name = "**" + name + "**"
	}
	fmt.Fprintf(b, "| %s |", name)
	for _, c := range t.Columns {
		if c.Text {
			text := r.Texts[c.Figure][id]
			if text == "" {
				text = "–"
			}
			fmt.Fprintf(b, " %s |", text)
		} else {
			fmt.Fprintf(b, " %s |", c.Unit.Spread(r.Of(c.Figure, id)))
		}
		if base := t.base(r, c); c.Ratio && base != "" {
			cell := ratio(r.Ratio(c.Figure, id, base))
			if base == id {
				cell = "1"
			}
			fmt.Fprintf(b, " %s |", cell)
		}
	}
	b.WriteString("\n")
}

// Replace puts text between the two markers of a name in page, and reports whether they are there.
func Replace(page, name, text string) (string, bool) {
	begin, end := "<!-- "+name+":begin -->", "<!-- "+name+":end -->"
	i := strings.Index(page, begin)
	if i < 0 {
		return page, false
	}
	i += len(begin)
	j := strings.Index(page[i:], end)
	if j < 0 {
		return page, false
	}
	return page[:i] + "\n" + strings.TrimSpace(text) + "\n" + page[i+j:], true
}
