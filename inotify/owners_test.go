//go:build linux

package inotify

// This file tests the table of owners, and what a watch costs in it.

import (
	"maps"
	"math"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func TestTheOwnersAreWhatAMapHas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o owners
		model := make(map[int32]*Watch)
		wds := rapid.OneOf(rapid.Int32Range(-9, 40), rapid.Int32Range(math.MaxInt32-9, math.MaxInt32), rapid.Int32())
		t.Repeat(map[string]func(*rapid.T){
			"own": func(t *rapid.T) {
				wd := wds.Draw(t, "wd")
				model[wd] = &Watch{wd: wd}
				o.set(wd, model[wd])
			},
			"disown": func(t *rapid.T) {
				wd := wds.Draw(t, "wd")
				delete(model, wd)
				o.set(wd, nil)
			},
			"get": func(t *rapid.T) {
				if wd := wds.Draw(t, "wd"); o.get(wd) != model[wd] {
					t.Fatalf("%d: %v, want %v", wd, o.get(wd), model[wd])
				}
			},
			"": func(t *rapid.T) {
				all := make(map[int32]*Watch)
				for wt := range o.all {
					all[wt.wd] = wt
				}
				if o.count != len(model) || !maps.Equal(all, model) {
					t.Fatalf("%d owners, want %d", o.count, len(model))
				}
				for first, g := range o.groups {
					if *g == (ownerGroup{}) {
						t.Fatalf("the group of %d is kept empty", first)
					}
				}
			},
		})
	})
}

func TestAMomentIsTheTickItWasMadeOf(t *testing.T) {
	for _, tick := range []uint64{0, 1, 1<<16 - 1, 1 << 16, 1<<32 - 1, 1 << 32, 0x123456789ABC, 1<<48 - 1} {
		if got := momentOf(tick).tick(); got != tick {
			t.Errorf("%#x became %#x", tick, got)
		}
	}
}

func TestAWatchAndItsPlaceInTheTableAreSmall(t *testing.T) {
	if size := unsafe.Sizeof(Watch{}); size > 48 {
		t.Errorf("a Watch has %d bytes: the next size that is allocated is 64", size)
	}
	var o owners
	for wd := range int32(1000) {
		o.set(wd+1, &Watch{wd: wd + 1})
	}
	if groups := len(o.groups); groups > 1000/len(ownerGroup{})+1 {
		t.Errorf("%d entries of the map for 1,000 descriptors in a row", groups)
	}
	wds := slices.Collect(maps.Keys(o.groups))
	for _, first := range wds {
		for at := range int32(len(ownerGroup{})) {
			o.set(first+at, nil)
		}
	}
	if o.count != 0 || len(o.groups) != 0 {
		t.Errorf("%d Watches in %d groups are left", o.count, len(o.groups))
	}
}
