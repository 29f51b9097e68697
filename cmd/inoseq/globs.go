package main

// This file holds the option --skip: globs, relative to the root of a tree.

import (
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// globs is what --skip names.
type globs []glob

type glob struct {
	pattern string
	dirOnly bool
}

func parseGlobs(texts []string) (globs, error) {
	var gs globs
	for _, text := range texts {
		pattern, dirOnly := strings.CutSuffix(text, "/")
		switch {
		case pattern == "":
			return nil, fmt.Errorf("--skip %q would leave out everything, or nothing: name a glob, such as '**/*.tmp'", text)
		case strings.HasPrefix(pattern, "/"):
			return nil, fmt.Errorf("--skip %q begins with a slash, and is relative to PATH: write %q", text, strings.TrimLeft(text, "/"))
		case strings.HasPrefix(pattern, "./"), strings.HasPrefix(pattern, "../"):
			return nil, fmt.Errorf("--skip %q is matched with what is below PATH, which never begins with a dot and a slash: leave that out", text)
		case !doublestar.ValidatePattern(pattern):
			return nil, fmt.Errorf("--skip %q is no glob: close its brackets and braces, and double a backslash", text)
		}
		gs = append(gs, glob{pattern, dirOnly})
	}
	return gs, nil
}

// match reports whether rel, a path relative to the root, is to be left out.
func (gs globs) match(rel string, isDir bool) bool {
	for _, g := range gs {
		if g.dirOnly && !isDir {
			continue
		}
		if doublestar.MatchUnvalidated(g.pattern, rel) {
			return true
		}
	}
	return false
}
