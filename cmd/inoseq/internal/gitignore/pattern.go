// Package gitignore answers whether git would ignore a path, by the .gitignore files of a tree, as
// gitignore(5) has it. How globs match is left to package doublestar.
package gitignore

// This file reads the lines of a .gitignore file, and matches them with paths.

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// pattern is a line.
type pattern struct {
	glob     string
	negated  bool // what matches is not ignored
	dirOnly  bool
	anchored bool // matches all of the path below the file's directory; otherwise its last name
	literal  bool // no character of glob is special
}

// parse reads a file.
func parse(content string) []pattern {
	var ps []pattern
	content = strings.TrimPrefix(content, "\ufeff")
	for content != "" {
		var text string
		text, content, _ = strings.Cut(content, "\n")
		if p, ok := parseLine(strings.TrimSuffix(text, "\r")); ok {
			ps = append(ps, p)
		}
	}
	return ps
}

func parseLine(text string) (p pattern, ok bool) {
	if strings.HasPrefix(text, "#") {
		return p, false
	}
	text = trimBlanks(text)
	text, p.negated = strings.CutPrefix(text, "!")
	text, p.dirOnly = strings.CutSuffix(text, "/")
	p.anchored = strings.Contains(text, "/")
	text = strings.TrimPrefix(text, "/")
	if text == "" {
		return p, false
	}
	// Behind the last slash, two stars are all that is in a directory, but not the directory.
	if strings.HasSuffix(text, "/**") {
		text += "/*"
	}
	p.literal = !strings.ContainsAny(text, `*?[\`)
	if !p.literal {
		text, ok = brackets(escapeBraces(text))
		if !ok || !doublestar.ValidatePattern(text) {
			return p, false // git matches nothing with it, either
		}
	}
	p.glob = text
	return p, true
}

// trimBlanks removes blanks at the end that no backslash keeps.
func trimBlanks(s string) string {
	end := len(s)
	for end > 0 && s[end-1] == ' ' {
		end--
	}
	backslashes := 0
	for end-1-backslashes >= 0 && s[end-1-backslashes] == '\\' {
		backslashes++
	}
	if backslashes%2 == 1 && end < len(s) {
		end++
	}
	return s[:end]
}

// escapeBraces has braces mean themselves: they are special to doublestar alone.
func escapeBraces(s string) string {
	if !strings.ContainsAny(s, "{}") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			b.WriteByte(s[i])
			i++
		case s[i] == '{' || s[i] == '}':
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// match reports whether the pattern is about rel, a path below the file's directory.
func (p *pattern) match(rel string, isDir bool) bool {
	if p.dirOnly && !isDir {
		return false
	}
	if !p.anchored {
		rel = path.Base(rel)
	}
	if p.literal {
		return rel == p.glob
	}
	return doublestar.MatchUnvalidated(p.glob, rel)
}
