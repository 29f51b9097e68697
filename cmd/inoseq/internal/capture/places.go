package capture

// This file knows where the watches of a capture stand, as the records that were told move them. The
// one who records and the one who decodes apply the same records in the same order, and so agree.
//
// Who was renamed is told by MOVE_SELF, which has the watch itself; where from and where to, by the
// MOVED_FROM and MOVED_TO before it. fsnotify_move in include/linux/fsnotify.h queues the three in this
// order, so that a MOVE_SELF whose MOVED_TO has not come has none among the watched directories: what
// was renamed has left them. An exchange (RENAME_EXCHANGE) is two such triples.

import (
	"strings"

	"github.com/inoseq/inoseq/inotify"
)

// Places are the watches of one instance.
type Places struct {
	byWD  map[int32]*place
	froms ring
	pairs ring
}

// place is where a watch stands: name in another place, or, without that, at a path.
type place struct {
	in   *place
	name string
	wd   int32
	lost bool // it was moved to where nobody sees
}

// spot is a name in a directory.
type spot struct {
	dir  *place
	name string
}

// rename is a MOVED_FROM, in froms, or a pair of that and MOVED_TO.
type rename struct {
	cookie   uint32
	from, to spot
}

// ring has the latest renames of directories. The three records of one stand close together.
type ring struct {
	last [256]rename
	next int
}

func (r *ring) add(n rename) {
	r.last[r.next%len(r.last)] = n
	r.next++
}

// take returns the latest that match, and forgets it.
func (r *ring) take(match func(*rename) bool) (rename, bool) {
	for i := r.next - 1; i >= max(0, r.next-len(r.last)); i-- {
		n := &r.last[i%len(r.last)]
		if n.from.dir != nil && match(n) {
			found := *n
			*n = rename{}
			return found, true
		}
	}
	return rename{}, false
}

// NewPlaces returns the places of an instance that watches nothing.
func NewPlaces() *Places { return &Places{byWD: make(map[int32]*place)} }

// Set notes where w stands.
func (p *Places) Set(w Watch) {
	pl := p.byWD[w.WD]
	if pl == nil {
		pl = &place{wd: w.WD}
		p.byWD[w.WD] = pl
	}
	pl.lost = false
	pl.in, pl.name = nil, w.Path
	if in := p.byWD[w.In]; w.In != 0 && in != nil && !in.within(pl) {
		pl.in, pl.name = in, w.Path[strings.LastIndexByte(w.Path, '/')+1:]
	}
}

// within reports whether pl is below top, or is it.
func (pl *place) within(top *place) bool {
	for ; pl != nil; pl = pl.in {
		if pl == top {
			return true
		}
	}
	return false
}

// path is "" if it is not known.
func (pl *place) path() string {
	size := 0
	for at := pl; at != nil; at = at.in {
		if at.lost {
			return ""
		}
		size += len(at.name) + 1
	}
	room := make([]byte, size)
	end := size
	for at := pl; at != nil; at = at.in {
		if at != pl && !(at.in == nil && strings.HasSuffix(at.name, "/")) {
			end--
			room[end] = '/'
		}
		end -= len(at.name)
		copy(room[end:], at.name)
	}
	return string(room[end:])
}

// Path returns the path of the watch wd, if it is known.
func (p *Places) Path(wd int32) (path string, known bool) {
	pl := p.byWD[wd]
	if pl == nil {
		return "", false
	}
	path = pl.path()
	return path, path != ""
}

// Stands returns the directory that wd stands in, 0 for what was named on the command line, and its name
// there, or its path.
func (p *Places) Stands(wd int32) (in int32, name string, known bool) {
	pl := p.byWD[wd]
	if pl == nil || pl.lost {
		return 0, "", false
	}
	if pl.in != nil {
		in = pl.in.wd
	}
	return in, pl.name, true
}

// At reports whether wd is known to stand at name in the directory of the watch in.
func (p *Places) At(wd, in int32, name string) bool {
	pl := p.byWD[wd]
	return pl != nil && !pl.lost && pl.in != nil && pl.in == p.byWD[in] && pl.name == name
}

// Join returns the path of name in the directory dir, or of dir itself if name is empty: as
// inotify.Event does it.
func Join(dir, name string) string {
	switch {
	case name == "":
		return dir
	case dir == "" || strings.HasSuffix(dir, "/"):
		return dir + name
	}
	return dir + "/" + name
}

// Tell applies rec, and returns the path that it is about, if that is known.
func (p *Places) Tell(rec inotify.Record) (path string, known bool) {
	if rec.Mask.Has(inotify.MoveSelf) {
		p.Apply(rec) // it tells where the directory stands now
		path, known = p.Path(rec.WD)
	} else {
		path, known = p.Path(rec.WD)
		p.Apply(rec)
	}
	return Join(path, string(rec.Name)), known
}

// Apply notes what rec says: a directory that was renamed stands elsewhere from then on, a watch that
// is gone nowhere.
func (p *Places) Apply(rec inotify.Record) {
	if !rec.Mask.HasAny(inotify.MoveSelf | inotify.Move | inotify.Ignored) {
		return
	}
	pl := p.byWD[rec.WD]
	switch {
	case pl == nil:
	case rec.Mask.Has(inotify.MoveSelf):
		p.moved(pl)
	case rec.Mask.Has(inotify.MovedFrom | inotify.IsDir):
		p.froms.add(rename{cookie: rec.Cookie, from: spot{pl, string(rec.Name)}})
	case rec.Mask.Has(inotify.MovedTo | inotify.IsDir):
		n, ok := p.froms.take(func(n *rename) bool { return n.cookie == rec.Cookie })
		if ok {
			n.to = spot{pl, string(rec.Name)}
			p.pairs.add(n)
		}
	case rec.Mask.Has(inotify.Ignored):
		delete(p.byWD, rec.WD)
	}
}

// moved has pl stand where the latest rename took it.
func (p *Places) moved(pl *place) {
	if pl.in == nil {
		return // named by whoever watches it, by whatever path: there is no telling
	}
	here := func(n *rename) bool { return n.from == spot{pl.in, pl.name} }
	if n, ok := p.pairs.take(here); ok && !n.to.dir.within(pl) {
		pl.in, pl.name = n.to.dir, n.to.name
		return
	}
	if _, ok := p.froms.take(here); ok {
		pl.lost = true
	}
}

// Lost returns the watches that were moved to where nobody sees, and those below them.
func (p *Places) Lost() (wds []int32) {
	for wd, pl := range p.byWD {
		if pl.path() == "" {
			wds = append(wds, wd)
		}
	}
	return wds
}
