package report

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
)

func sample() *Results {
	r := &Results{Date: "today", Rounds: 3, Sizes: map[string]int{"work": 7},
		Contenders: []Contender{{"c", "C", ""}, {"inoseq", "inoseq", ""}, {"quick", "quick", ""}, {"slow", "slow", ""}}}
	for id, values := range map[string][]float64{
		"c": {100, 200, 150}, "inoseq": {110, 220, 165}, "quick": {50, 50, 50}, "slow": {1000, 4000, 1500}} {
		for round, v := range values {
			r.Add("work.time", id, round, v)
		}
	}
	for round := range 3 {
		r.Add("work.lost", "quick", round, 12)
		r.Add("work.lost", "slow", round, 0)
	}
	r.SetText("work.text", "slow", "late")
	return r
}

func TestResultsAreReadAsTheyWereWritten(t *testing.T) {
	r := sample()
	r.Add("work.heap", "c", 2, 1) // rounds 0 and 1 have no value
	file := filepath.Join(t.TempDir(), "results.json")
	if err := r.Save(file); err != nil {
		t.Fatal(err)
	}
	got, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	heap := got.Figures["work.heap"]["c"]
	if len(heap) != 3 || !math.IsNaN(heap[0]) || heap[2] != 1 {
		t.Errorf("a series with gaps came back as %v", heap)
	}
	delete(r.Figures, "work.heap")
	delete(got.Figures, "work.heap")
	if !reflect.DeepEqual(got, r) {
		t.Errorf("got %+v, want %+v", got, r)
	}
}

func TestATableGivesMedianSpreadAndRatio(t *testing.T) {
	table := Table{Title: "Work", Base: "c", Lost: "work.lost", Columns: []Column{
		{Head: "time", Figure: "work.time", Unit: Nanoseconds, Ratio: true},
		{Head: "lost", Figure: "work.lost", Unit: Percent},
		{Head: "note", Figure: "work.text", Text: true},
	}}
	var b strings.Builder
	table.Write(&b, sample())
	want := `### Work

| | time | × C | lost | note |
| --- | ---: | ---: | ---: | ---: |
| C | 150 ns (100–200) | 1 | – | – |
| **inoseq** | 165 ns (110–220) | 1.10 (1.10–1.10) | – | – |
| quick | 50 ns | 0.33 (0.25–0.50) | 12 % | – |
| slow | 1.50 µs (1–4) | 10.0 (10.0–20.0) | 0 % | late |

`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestTheBaseIsTheBestPeerThatLosesNothing(t *testing.T) {
	r := sample()
	r.Contenders = r.Contenders[1:] // no C
	delete(r.Figures["work.time"], "c")
	table := Table{Title: "Work", Base: "c", Lost: "work.lost",
		Columns: []Column{{Head: "time", Figure: "work.time", Unit: Nanoseconds, Ratio: true}}}
	var b strings.Builder
	table.Write(&b, r)
	if !strings.Contains(b.String(), "| × slow |") || !strings.Contains(b.String(), "| slow | 1.50 µs (1–4) | 1 |") {
		t.Errorf("got\n%s", b.String())
	}
	r.Add("work.lost", "slow", 0, 100)
	r.Add("work.lost", "slow", 1, 100)
	b.Reset()
	table.Write(&b, r)
	if strings.Contains(b.String(), "×") {
		t.Errorf("a ratio, though all peers lose events:\n%s", b.String())
	}
}

func TestATableOfNothingIsNotWritten(t *testing.T) {
	var b strings.Builder
	Table{Title: "Other", Columns: []Column{{Figure: "other.time"}}}.Write(&b, sample())
	if b.Len() > 0 {
		t.Errorf("got %q", b.String())
	}
}

func TestNumbersAreWrittenWithThreeFigures(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		v    float64
		want string
	}{
		{Nanoseconds, 0, "0 ns"}, {Nanoseconds, 1.234, "1.23 ns"}, {Nanoseconds, 999, "999 ns"},
		{Nanoseconds, 1234, "1.23 µs"}, {Nanoseconds, 12e6, "12 ms"}, {Nanoseconds, 3.5e9, "3.50 s"},
		{Bytes, 512, "512 B"}, {Bytes, 1536, "1.50 KiB"}, {Bytes, 300 << 20, "300 MiB"},
		{Count, 1234567, "1,234,567"}, {Count, 0.001, "0.00"}, {Percent, 12.34, "12.3 %"},
		{PerSecond, 2.5e7, "25 M/s"}, {Count, math.NaN(), "–"},
	} {
		if got := c.unit.Format(c.v); got != c.want {
			t.Errorf("%v is written %q, want %q", c.v, got, c.want)
		}
	}
}

func TestTextIsPutBetweenItsMarkersAndNowhereElse(t *testing.T) {
	page := "head\n<!-- x:begin -->\nold\n<!-- x:end -->\ntail\n"
	got, ok := Replace(page, "x", "new\n")
	if want := "head\n<!-- x:begin -->\nnew\n<!-- x:end -->\ntail\n"; !ok || got != want {
		t.Errorf("got %q, %v", got, ok)
	}
	if again, _ := Replace(got, "x", "new"); again != got {
		t.Errorf("the same text again gives %q", again)
	}
	for _, broken := range []string{"no markers", "<!-- x:begin -->", "<!-- x:end -->"} {
		if got, ok := Replace(broken, "x", "new"); ok || got != broken {
			t.Errorf("%q became %q, %v", broken, got, ok)
		}
	}
}

// mustSVG returns a chart, which must be well-formed.
func mustSVG(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return string(text)
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in the chart", part)
		}
	}
}

func TestBarsAreDrawnWithTheirTexts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bars.svg")
	err := Bars(file, "Title", "unit", []string{"one", "two"}, []Bar{
		{Label: "first", Values: []float64{1, math.NaN()}, Text: []string{"1.00", ""}},
		{Label: "second", Values: []float64{20, 0}, Text: []string{"20.0", "none"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, mustSVG(t, file), "Title", "unit", "first", "second", "one", "two", "1.00", "20.0", "none",
		"fill:#FFFFFF", "fill:#222222", "sans-serif")
}

func TestBarsOfNothingButZeroAreDrawn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bars.svg")
	if err := Bars(file, "T", "u", []string{""}, []Bar{{Label: "a", Values: []float64{0}, Text: []string{"0 %"}}}); err != nil {
		t.Fatal(err)
	}
	mustContain(t, mustSVG(t, file), "0 %")
}

func TestLinesAreDrawnWithTicksWhereWasMeasured(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lines.svg")
	err := Lines(file, "Title", "directories", "ms", []Line{
		{"a", plotter.XYs{{X: 1111, Y: 10}, {X: 11111, Y: 100}}}, {"b", plotter.XYs{{X: 1111, Y: 3}}}})
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, mustSVG(t, file), "1,111", "11,111", "directories", "ms")
}
