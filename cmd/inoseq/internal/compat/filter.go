package compat

// This file holds what both programs do with --exclude, --include and their twins that fold case.

import (
	"errors"
	"fmt"
	"io"
)

// expressions are the options; nil is one that was not given.
type expressions struct {
	Exclude, ExcludeFold, Include, IncludeFold *string

	excludes, foldedExcludes int // how often the option was given
}

// expressionLong are the options, the last of both programs. Their letters are no short options.
var expressionLong = []longOption{
	{"exclude", true, '1'}, {"excludei", true, '2'}, {"include", true, '3'}, {"includei", true, '4'},
}

// take takes an option, if it is one of these.
func (e *expressions) take(opt byte, arg string) bool {
	switch opt {
	case '1':
		e.Exclude = &arg
		e.excludes++
	case '2':
		e.ExcludeFold = &arg
		e.foldedExcludes++
	case '3':
		e.Include = &arg
	case '4':
		e.IncludeFold = &arg
	default:
		return false
	}
	return true
}

// check tells what cannot be given together.
func (e *expressions) check(stderr io.Writer) bool {
	switch {
	case e.Exclude != nil && e.ExcludeFold != nil:
		fmt.Fprintln(stderr, "--exclude and --excludei cannot both be specified.")
	case e.Include != nil && e.IncludeFold != nil:
		fmt.Fprintln(stderr, "--include and --includei cannot both be specified.")
	case (e.Exclude != nil || e.ExcludeFold != nil) && (e.Include != nil || e.IncludeFold != nil):
		fmt.Fprintln(stderr, "include and exclude regexp cannot both be specified.")
	default:
		return true
	}
	return false
}

// filter says which events are passed over.
type filter struct {
	pattern *pattern // nil: none
	include bool
}

func (e *expressions) compile(stderr io.Writer) (f filter, ok bool) {
	for _, one := range []struct {
		name          string
		expr          *string
		fold, include bool
	}{
		{"exclude", e.Exclude, false, false}, {"exclude", e.ExcludeFold, true, false},
		{"include", e.Include, false, true}, {"include", e.IncludeFold, true, true},
	} {
		if one.expr == nil {
			continue
		}
		p, err := compile(*one.expr, one.fold)
		if err != nil {
			fmt.Fprintf(stderr, "Error in `%s' regular expression.\n", one.name)
			if errors.Is(err, errCannot) {
				fmt.Fprintf(stderr, "It is one for inotifywait, but %v: write it without.\n", err)
			}
			return f, false
		}
		f = filter{pattern: p, include: one.include}
	}
	return f, true
}

// drops reports whether ev is passed over.
func (f *filter) drops(ev *event) bool {
	return f.pattern != nil && f.pattern.match(ev.path()) != f.include
}

// dropsAllBelow reports whether all events are passed over whose paths begin with dir.
func (f *filter) dropsAllBelow(dir string) bool {
	return f.pattern != nil && !f.include && f.pattern.matchesAllBelow([]byte(dir))
}
