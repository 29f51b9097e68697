package inotify

// This file tests the cache of late names.

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestTheCacheReturnsTheNameItWasAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c nameCache
		// Few letters, so that names come again and share sets; lengths around those that hashName
		// treats differently.
		name := rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 1, 20, -1)
		for _, n := range rapid.SliceOfN(name, 1, 200).Draw(t, "names") {
			buf := []byte(n)
			got := c.get(buf)
			for i := range buf {
				buf[i] = 'x' // as a later read would
			}
			if got != n {
				t.Fatalf("asked for %q, got %q", n, got)
			}
		}
	})
}

func TestNamesThatDifferInADigitAreSpreadOverTheSets(t *testing.T) {
	for _, form := range []string{"%d", "f%06d", "file%08d", "x%d.go", "report-2024-01-%02d.txt", "%016x", "%08d.jpg"} {
		for _, first := range []int{0, 1000, 123456} {
			sets := make(map[uint64]int)
			for i := range 64 {
				set := hashName(fmt.Appendf(nil, form, first+i)) % nameSets
				if sets[set]++; sets[set] > nameWays {
					t.Errorf("%q from %d: more than %d names share set %d", form, first, nameWays, set)
				}
			}
		}
	}
}
