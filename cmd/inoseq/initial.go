package main

// This file holds --initial for what is not a tree: what is there is told first, and joins with the
// events that come after. A directory is watched, then listed, so nothing falls between; a change
// before the listing is in the listing and in the queue. It is told once because, up to a mark that
// is put into the queue after the listing, a creation of what is known is not told, nor anything of
// what is not known. (Trees do the same: see tree.WithInitial.)

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/tree"
)

// initial is what was there.
type initial struct {
	queue []event // still to be told
	known map[*inotify.Watch]map[string]struct{}
	mark  *inotify.Watch // its end is the mark
}

// entryEvents is what changes the entries of a directory. Who keeps account of them asks for all of
// it: events that are equal are merged, inotify(7).
const entryEvents = inotify.Create | inotify.Delete | inotify.Move

// list lists all that is watched, and puts the mark into the queue.
func (s *plain) list() (problems []error, err error) {
	in := &initial{known: make(map[*inotify.Watch]map[string]struct{})}
	for watch := range s.w.Watches() {
		path := watch.Path()
		if !s.dirs[watch] {
			in.queue = append(in.queue, event{Event: tree.Event{Path: path, Mask: inotify.Create, Synthetic: true}, name: len(path)})
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // if it is gone, that is told
			problems = append(problems, err)
		}
		names := make(map[string]struct{}, len(entries))
		for _, entry := range entries {
			names[entry.Name()] = struct{}{}
			in.queue = append(in.queue, listed(path, entry))
		}
		in.known[watch] = names
	}
	r, w, err := os.Pipe() // nobody watches that
	if err != nil {
		return problems, err
	}
	defer r.Close()
	defer w.Close()
	if in.mark, err = s.w.AddFile(r, inotify.DeleteSelf|inotify.MaskCreate); err != nil {
		return problems, err
	}
	s.first = in
	return problems, in.mark.Remove()
}

func listed(dir string, entry fs.DirEntry) event {
	mask := inotify.Create
	if entry.IsDir() {
		mask |= inotify.IsDir
	}
	path := dir
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return event{Event: tree.Event{Path: path + entry.Name(), Mask: mask, Synthetic: true}, name: len(path)}
}

// next returns what is to be told next.
func (in *initial) next() (event, bool) {
	if len(in.queue) == 0 {
		return event{}, false
	}
	ev := in.queue[0]
	if in.queue = in.queue[1:]; len(in.queue) == 0 {
		in.queue = nil
	}
	return ev, true
}

// knows reports whether ev is to be told by what is known, and keeps account of it.
func (s *plain) knows(ev *inotify.Event, err error) bool {
	in := s.first
	if err != nil {
		if errors.Is(err, inotify.ErrOverflow) {
			s.first = nil // the mark may be among what was lost
		}
		return true
	}
	if ev.Watch == in.mark {
		s.first = nil
		return false
	}
	names := in.known[ev.Watch]
	if names == nil || ev.Name == "" {
		return true
	}
	_, there := names[ev.Name]
	switch {
	case ev.Has(inotify.Create):
		names[ev.Name] = struct{}{}
		return !there
	case ev.Has(inotify.MovedTo): // it replaces what is there
		names[ev.Name] = struct{}{}
		return true
	case ev.HasAny(inotify.Delete | inotify.MovedFrom):
		delete(names, ev.Name)
	}
	return there
}
