package report

// This file writes numbers as people read them.

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/inoseq/inoseq/bench/internal/stats"
)

// Unit says what a figure is and so how it is written.
type Unit int

// The units of figures.
const (
	Nanoseconds Unit = iota
	Bytes
	Count
	PerSecond
	Percent
)

// scale is a unit's step: values of at least At are divided by it.
type scale struct {
	at   float64
	name string
}

var scales = map[Unit][]scale{
	Nanoseconds: {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}},
	Bytes:       {{1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}},
	Count:       {{1, ""}},
	PerSecond:   {{1e6, "M/s"}, {1e3, "k/s"}, {1, "/s"}},
	Percent:     {{1, "%"}},
}

// scaleOf returns the step that suits v.
func (u Unit) scaleOf(v float64) scale {
	steps := scales[u]
	for _, s := range steps {
		if math.Abs(v) >= s.at {
			return s
		}
	}
	return steps[len(steps)-1]
}

// number writes v with three figures, and thousands apart; never more precise than it is known.
func number(v float64) string {
	a := math.Abs(v)
	switch {
	case a == 0:
		return "0"
	case a < 0.005:
		return "0.00"
	case a < 10:
		return trimZeros(strconv.FormatFloat(v, 'f', 2, 64))
	case a < 100:
		return trimZeros(strconv.FormatFloat(v, 'f', 1, 64))
	}
	return thousands(strconv.FormatFloat(v, 'f', 0, 64))
}

// trimZeros makes 3.00 a 3: counts are whole.
func trimZeros(s string) string {
	if whole, ok := strings.CutSuffix(s, ".00"); ok {
		return whole
	}
	if whole, ok := strings.CutSuffix(s, ".0"); ok {
		return whole
	}
	return s
}

func thousands(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Format writes a value with its unit.
func (u Unit) Format(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	s := u.scaleOf(v)
	return strings.TrimSpace(number(v/s.at) + " " + s.name)
}

// Spread writes a median with what it lies between.
func (u Unit) Spread(s stats.Summary) string {
	if s.N == 0 {
		return "–"
	}
	if s.Min == s.Max {
		return u.Format(s.Median)
	}
	step := u.scaleOf(s.Median)
	if low, high := number(s.Min/step.at), number(s.Max/step.at); low != high {
		return fmt.Sprintf("%s (%s–%s)", u.Format(s.Median), low, high)
	}
	return u.Format(s.Median)
}

// ratio writes how many times as much something is.
func ratio(s stats.Summary) string {
	if s.N == 0 {
		return "–"
	}
	digits := func(v float64) string {
		if v >= 100 {
			return number(v)
		}
		if v >= 10 {
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	if s.N == 1 {
		return digits(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", digits(s.Median), digits(s.Min), digits(s.Max))
}
