package main

// This file holds --gitignore: what is left out, and what happens when that changes.

import (
	"errors"
	"path"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/gitignore"
	"github.com/inoseq/inoseq/inotify"
)

// ignores is the rules of each root. The events about .gitignore files are needed to keep them true,
// so the tree is asked for them, and tells more than was asked for.
type ignores map[string]*gitignore.Tree

func newIgnores(rs roots) ignores {
	is := make(ignores, len(rs))
	for _, root := range rs {
		is[root] = gitignore.New(root)
	}
	return is
}

// ruleEvents change what a .gitignore file says.
const ruleEvents = inotify.CloseWrite | inotify.Delete | inotify.Move

// skips reports whether rel is left out of a tree. The files themselves never are: see heed.
func (is ignores) skips(root, rel string, isDir bool) bool {
	rules := is[root]
	return rules != nil && path.Base(rel) != gitignore.Name && rules.Ignored(rel, isDir)
}

// heed looks at a step of the sequence for what changes the rules, and reports whether to tell it.
func (s *whole) heed(ev *event, err error) bool {
	if err != nil {
		if errors.Is(err, inotify.ErrOverflow) {
			for root := range s.ignores {
				s.ask(root)
			}
		}
		return true
	}
	root, rel := s.roots.split(ev.Path)
	rules := s.ignores[root]
	if rules == nil {
		return s.wants(ev)
	}
	changed := ev.HasAny(ruleEvents) && path.Base(rel) == gitignore.Name
	if ev.Has(inotify.IsDir) && ev.HasAny(inotify.Delete|inotify.Move) {
		changed = rules.ForgetDir(rel, ev.HasAny(inotify.Move)) || changed
	}
	if ev.From != "" {
		from, rel := s.roots.split(ev.From)
		was := path.Base(rel) == gitignore.Name
		if rules := s.ignores[from]; ev.Has(inotify.IsDir) && rules != nil {
			was = rules.ForgetDir(rel, true) || was
		}
		if was {
			s.ask(from)
		}
	}
	if changed {
		s.ask(root)
	}
	if path.Base(rel) == gitignore.Name && rules.Ignored(rel, ev.Has(inotify.IsDir)) {
		return false
	}
	return s.wants(ev)
}

// ask has the rules of a root be read again, and be applied to all that is known. The tree is gone if
// that is an error.
func (s *whole) ask(root string) {
	s.ignores[root].Forget()
	_ = s.w.Refilter(root)
}

// wants reports whether ev was asked for, as package tree does it.
func (s *whole) wants(ev *event) bool {
	switch {
	case ev.name == len(ev.Path): // about a root
		return ev.HasAny(s.asked | inotify.DeleteSelf | inotify.MoveSelf | inotify.Unmount)
	case ev.Synthetic && ev.Has(inotify.Create):
		return s.initial || s.asked.HasAny(inotify.Create|inotify.MovedTo|inotify.Modify|inotify.CloseWrite)
	case ev.Synthetic && ev.Has(inotify.Delete):
		return s.asked.HasAny(inotify.Delete | inotify.MovedFrom)
	case ev.From != "":
		return s.asked.HasAny(inotify.Move)
	}
	return ev.HasAny(s.asked)
}
