package inotify

// This file tests the cache of late names.

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// padded returns name as a record has it.
func padded(name string) []byte {
	field := make([]byte, (len(name)+16)/16*16)
	copy(field, name)
	return field
}

func TestTheCacheReturnsTheNameItWasAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c nameCache
		// Few letters, so that names come again, share sets and begin alike; lengths around those that
		// hashName treats differently.
		name := rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 1, 35, -1)
		fields := []func(string) []byte{padded, func(n string) []byte { return []byte(n) }, func(n string) []byte {
			return append(append([]byte(n), 0), "ab of another kernel"...) // no NULs behind the first
		}}
		for _, n := range rapid.SliceOfN(name, 1, 200).Draw(t, "names") {
			buf := rapid.SampledFrom(fields).Draw(t, "field")(n)
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
				set := hashName(padded(fmt.Sprintf(form, first+i))) % nameSets
				if sets[set]++; sets[set] > nameWays {
					t.Errorf("%q from %d: more than %d names share set %d", form, first, nameWays, set)
				}
			}
		}
	}
}

func TestANameIsTheFieldsUpToItsFirstNUL(t *testing.T) {
	for _, c := range []struct {
		name, field string
		want        bool
	}{
		{"ab", "ab", true},
		{"ab", "ab\x00\x00", true},
		{"ab", "ab\x00c", true},
		{"ab", "abc", false}, // only begins with it
		{"ab", "abc\x00", false},
		{"ab", "a", false},
		{"ab", "a\x00", false},
		{"ab", "xb\x00", false},
		{"", "ab\x00", false},
		{"", "\x00", true},
	} {
		if got := isName(c.name, []byte(c.field)); got != c.want {
			t.Errorf("isName(%q, %q) is %v", c.name, c.field, got)
		}
	}
}
