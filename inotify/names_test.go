package inotify

// This file tests the cache of late names.

import (
	"fmt"
	"testing"
	"unsafe"

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

func TestFourNamesOfASetStayAndAFifthTakesThePlaceOfTheOldest(t *testing.T) {
	bySet := make(map[uint64][]string)
	for i := 0; len(bySet) < nameSets || i < 10000; i++ {
		name := fmt.Sprintf("file%08d", i)
		set := hashName(padded(name)) % nameSets
		bySet[set] = append(bySet[set], name)
	}
	var c nameCache
	for set, names := range bySet {
		kept := make(map[string]*byte)
		get := func(name string) (same bool) {
			s := c.get(padded(name))
			same = unsafe.StringData(s) == kept[name]
			kept[name] = unsafe.StringData(s)
			return same
		}
		for range 3 { // each way takes the place of what stood there
			five := names[:nameWays+1]
			names = names[nameWays+1:]
			for _, name := range five[:nameWays] {
				get(name)
			}
			for _, name := range five[:nameWays] {
				if !get(name) {
					t.Fatalf("set %d: %q was made again, beside three others", set, name)
				}
			}
			get(five[nameWays])
			for _, name := range five[1:] {
				if !get(name) {
					t.Fatalf("set %d: %q was made again, and was not the oldest", set, name)
				}
			}
		}
	}
}

func TestNamesWithTheSameTagAreKeptSideBySide(t *testing.T) {
	type place struct{ set, tag uint64 }
	seen, pairs := make(map[place]string), 0
	for i := range 100000 {
		name := fmt.Sprintf("file%08d", i)
		h := hashName(padded(name))
		at := place{h % nameSets, h >> 16 & 0xFFFF}
		other, found := seen[at]
		if !found {
			seen[at] = name
			continue
		}
		var c nameCache
		first, second := unsafe.StringData(c.get(padded(other))), unsafe.StringData(c.get(padded(name)))
		if unsafe.StringData(c.get(padded(other))) != first || unsafe.StringData(c.get(padded(name))) != second {
			t.Fatalf("%q and %q drive each other out", other, name)
		}
		pairs++
	}
	if pairs == 0 {
		t.Fatal("no two names had the same")
	}
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
