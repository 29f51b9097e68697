// Package report keeps what was measured and writes it as tables in Markdown and as charts.
package report

import (
	"encoding/json"
	"fmt"
	"math"
	"os"

	"github.com/inoseq/inoseq/bench/internal/stats"
)

// Results is all that a run has found. It is kept as JSON, from which tables and charts can be made
// again.
type Results struct {
	Date       string
	Rounds     int
	Machine    []string // what it ran on, a line each
	Notes      []string // what was left out, and why
	Contenders []Contender
	// Figures has, by figure and contender, the values by round; NaN where there is none.
	Figures map[string]map[string]Series
	// Texts has, by figure and contender, what was seen in the last round.
	Texts map[string]map[string]string
	// Sizes is how much was done, by work.
	Sizes map[string]int
}

// Contender is one row of the tables.
type Contender struct {
	ID      string
	Name    string
	Version string
}

// Series is the values of a figure by round.
type Series []float64

// MarshalJSON writes NaN as null.
func (s Series) MarshalJSON() ([]byte, error) {
	values := make([]*float64, len(s))
	for i := range s {
		if !math.IsNaN(s[i]) && !math.IsInf(s[i], 0) {
			values[i] = &s[i]
		}
	}
	return json.Marshal(values)
}

// UnmarshalJSON reads null as NaN.
func (s *Series) UnmarshalJSON(text []byte) error {
	var values []*float64
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	*s = make(Series, len(values))
	for i, v := range values {
		(*s)[i] = math.NaN()
		if v != nil {
			(*s)[i] = *v
		}
	}
	return nil
}

// Add keeps the value of a figure in a round, counted from 0.
func (r *Results) Add(figure, contender string, round int, value float64) {
	if r.Figures == nil {
		r.Figures = map[string]map[string]Series{}
	}
	if r.Figures[figure] == nil {
		r.Figures[figure] = map[string]Series{}
	}
	s := r.Figures[figure][contender]
	for len(s) <= round {
		s = append(s, math.NaN())
	}
	s[round] = value
	r.Figures[figure][contender] = s
}

// SetText keeps a text beside the figures.
func (r *Results) SetText(figure, contender, text string) {
	if r.Texts == nil {
		r.Texts = map[string]map[string]string{}
	}
	if r.Texts[figure] == nil {
		r.Texts[figure] = map[string]string{}
	}
	r.Texts[figure][contender] = text
}

// Note keeps a remark, once.
func (r *Results) Note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, n := range r.Notes {
		if n == text {
			return
		}
	}
	r.Notes = append(r.Notes, text)
}

// Of summarizes a figure of a contender.
func (r *Results) Of(figure, contender string) stats.Summary {
	return stats.Of(r.Figures[figure][contender])
}

// Known reports whether any contender has the figure.
func (r *Results) Known(figure string) bool {
	for id := range r.Figures[figure] {
		if r.Of(figure, id).N > 0 {
			return true
		}
	}
	return false
}

// Ours reports whether a contender is this repository's library, in whatever way it is used.
func Ours(id string) bool { return id == "inoseq" || id == "inoseq-path" }

// Best returns the contender, other than ours, with the lowest median; "" if there is none. What loses
// events is left out: to drop them is quick.
func (r *Results) Best(figure, lost string) string {
	best, least := "", math.Inf(1)
	for _, c := range r.Contenders {
		if s := r.Of(figure, c.ID); s.N > 0 && s.Median < least && !Ours(c.ID) && !(r.Of(lost, c.ID).Median > 0) {
			best, least = c.ID, s.Median
		}
	}
	return best
}

// Ratio compares a contender with another, round by round.
func (r *Results) Ratio(figure, contender, base string) stats.Summary {
	return stats.Of(stats.Ratios(r.Figures[figure][contender], r.Figures[figure][base]))
}

// Name returns what a contender is called in tables and charts.
func (r *Results) Name(id string) string {
	for _, c := range r.Contenders {
		if c.ID == id {
			return c.Name
		}
	}
	return id
}

// Save writes r as JSON.
func (r *Results) Save(file string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// Load reads what Save has written.
func Load(file string) (*Results, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(Results)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}
