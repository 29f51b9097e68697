package compat

// This file tests how the table of --live is laid out.

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

// filled is a table of n directories: the first has n events, the next n-1, and so on.
func filled(n int, dir string) *table {
	t := newTable()
	for i := range n {
		for range n - i {
			t.count(&event{watch: int64(i), dir: fmt.Sprintf("%s%d/", dir, i), mask: inotify.Create})
		}
	}
	return t
}

func TestATableThatFitsIsShownWhole(t *testing.T) {
	table := filled(4, "dir")
	table.sample(2 * time.Second)
	want := []string{
		"head",
		"total  events/s                    create  filename",
		"4           2.0  ################  4       dir0/",
		"3           1.5  ############      3       dir1/",
		"2           1.0  ########          2       dir2/",
		"1           0.5  ####              1       dir3/",
	}
	for _, size := range [][2]int{{0, 0}, {80, 24}, {53, 6}} {
		got := table.frame("head", &statOptions{}, inotify.AllEvents, size[0], size[1])
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%v: it is\n%s", size, strings.Join(got, "\n"))
		}
	}
}

func TestATableOfAnySizeFitsIntoATerminalOfAnySize(t *testing.T) {
	for _, rows := range []int{1, 2, 30} {
		table := filled(rows, strings.Repeat("long", 9)+"\n")
		for width := 1; width < 120; width++ {
			for height := 1; height < 40; height++ {
				lines := table.frame("head", &statOptions{zero: true}, inotify.AllEvents, width, height)
				if want := min(rows+2, height); len(lines) != want {
					t.Fatalf("%d rows on %dx%d are %d lines, want %d", rows, width, height, len(lines), want)
				}
				for _, line := range lines {
					if len(line) > width {
						t.Fatalf("%dx%d: a line has %d columns: %s", width, height, len(line), line)
					}
				}
			}
		}
	}
}

func TestANarrowTableKeepsTheEndsOfNames(t *testing.T) {
	table := filled(2, "long/long/long/long/long/")
	table.count(&event{watch: 0, mask: inotify.Create | inotify.Delete})
	lines := table.frame("head", &statOptions{}, inotify.AllEvents, 68, 24)
	want := "total  events/s                    create  filename\n" +
		"3           0.0  ################  3       ...long/long/long/long/0/\n"
	if got := strings.Join(lines[1:], "\n"); !strings.HasPrefix(got, want) {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}
}

func TestLargeNumbersStandBelowTheirHeadings(t *testing.T) {
	table := filled(1, "dir")
	for _, r := range []*row{table.rows[0], &table.all} {
		r.total, r.hits[inotify.Open] = 12_345_678, 12_345_677
	}
	lines := table.frame("head", &statOptions{}, inotify.AllEvents, 80, 24)
	for _, line := range lines[1:] {
		if at := strings.Index(line, "filename") + strings.Index(line, "dir0/") + 1; at != len("12345678  events/s  ################  12345677  create  ") {
			t.Errorf("the name is at %d:\n%s", at, strings.Join(lines, "\n"))
		}
	}
}

func TestWhatATerminalWouldObeyIsQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"plain/":        "plain/",
		"größe 日本/":     "größe 日本/",
		"a\x1b[2Jb":     `"a\x1b[2Jb"`,
		"a\nb":          `"a\nb"`,
		"a\x9bb":        `"a\x9bb"`,
		"a\u009bb":      `"a\u009bb"`,
		"right\u202eto": `"right\u202eto"`,
	} {
		if got := clean(text); got != want {
			t.Errorf("clean(%q) is %s, want %s", text, got, want)
		}
	}
}
