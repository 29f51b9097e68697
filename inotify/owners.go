//go:build linux

package inotify

// This file holds what a watch costs in the table, made small: the owners by their descriptors, and the
// moments that a Watch remembers.

// owners has a Watch for each of many descriptors. The kernel counts descriptors up, so that neighbours
// mostly live together: they share an entry of the map, which takes more memory than they do.
type owners struct {
	groups map[int32]*ownerGroup // by the lowest descriptor of the group; none is empty
	count  int                   // of all Watches
}

type ownerGroup [8]*Watch

func placeOf(wd int32) (group, at int32) {
	at = wd & int32(len(ownerGroup{})-1)
	return wd - at, at
}

// get returns the owner of wd, or nil.
func (o *owners) get(wd int32) *Watch {
	group, at := placeOf(wd)
	if g := o.groups[group]; g != nil {
		return g[at]
	}
	return nil
}

// set has wt own wd; nil has nobody own it.
func (o *owners) set(wd int32, wt *Watch) {
	group, at := placeOf(wd)
	g := o.groups[group]
	if g == nil {
		if wt == nil {
			return
		}
		if o.groups == nil {
			o.groups = make(map[int32]*ownerGroup)
		}
		g = new(ownerGroup)
		o.groups[group] = g
	}
	if g[at] != nil {
		o.count--
	}
	if g[at] = wt; wt != nil {
		o.count++
	} else if *g == (ownerGroup{}) {
		delete(o.groups, group)
	}
}

// all is the sequence of all Watches. Those that are set meanwhile may be among them or not.
func (o *owners) all(yield func(*Watch) bool) {
	for _, g := range o.groups {
		for _, wt := range g {
			if wt != nil && !yield(wt) {
				return
			}
		}
	}
}

// moment is a tick of the table in 48 bits: enough for eight years of Adds, a million a second.
type moment [3]uint16

func momentOf(tick uint64) moment {
	return moment{uint16(tick), uint16(tick >> 16), uint16(tick >> 32)}
}

func (m moment) tick() uint64 {
	return uint64(m[0]) | uint64(m[1])<<16 | uint64(m[2])<<32
}
