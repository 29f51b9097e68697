// Package stats has the little arithmetic that the tables need.
package stats

import (
	"math"
	"slices"
)

// Summary is what a table tells of several rounds.
type Summary struct {
	Median, Min, Max float64
	N                int
}

// Of summarizes values; values that are NaN are left out. Without any it is NaN throughout.
func Of(values []float64) Summary {
	known := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(known) == 0 {
		return Summary{math.NaN(), math.NaN(), math.NaN(), 0}
	}
	slices.Sort(known)
	return Summary{middle(known), known[0], known[len(known)-1], len(known)}
}

// middle returns the median of values that are sorted.
func middle(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// Quantile returns the smallest value below or at which a share of q of the values lies.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// Ratios divides round by round: what was measured in one round is compared with its like of that
// round, so that a machine that grows slow from round to round does not show. A round without one of
// the two, or with a divisor of 0, is NaN.
func Ratios(values, base []float64) []float64 {
	ratios := make([]float64, max(len(values), len(base)))
	for i := range ratios {
		ratios[i] = math.NaN()
		if i < len(values) && i < len(base) && base[i] != 0 {
			ratios[i] = values[i] / base[i]
		}
	}
	return ratios
}
