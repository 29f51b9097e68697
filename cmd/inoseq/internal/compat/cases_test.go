//go:build linux

package compat

// This file reads the cases of the differential test, which are data: testdata/*.cases. A case begins
// with a line "== NAME"; the lines behind it are "KEY: VALUE", and a key may be repeated:
//
//	run: ARGS        what the program is started with, as a shell reads it
//	sh: COMMAND      instead of run: a whole command line, which calls $PROGRAM
//	before: COMMAND  what the shell does first, in an empty directory
//	do: COMMAND      what it does when the watches are established
//	again: COMMAND   what it does then again and again until the program has ended
//	ready: N         they are when the process has N of them: it does not say so
//	last: COMMAND    what it does at the end, instead of changes in zz-end: something that makes the
//	                 program print zz-end. What it prints before that is compared
//	alone: yes       the program ends by itself, and watches no zz-end
//	counts: SIGNAL   the program, inotifywatch, watches no zz-end: the signal ends it when it has counted
//	end: SIGNAL      what ends it, instead of TERM
//	show: FILE       a file that is compared, too
//	hide: KIND       what cannot be equal: times (digits become #), order (lines are sorted),
//	                 cookies (c=NUMBER becomes c=1 for the first and so on)
//	needs: WHAT      user (an ordinary one) or namespaces
//	differs: NAME    a difference that is allowed, of allowed.txt
//	want: TEXT       then: a line of ours, in order; "want: none" is no line
//
// What a program prints at the end is waited for when it sleeps: then it has handled all that was done.
//
// In do, "exchange A B" is renameat2(2) with RENAME_EXCHANGE; "original has N watches" waits for that and does
// nothing with our program, and "ours has N watches" the other way round.
//
// No case may depend on time: the two programs and the shell can each be stopped for a second anywhere.

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// diffCase is one case.
type diffCase struct {
	file, name string
	values     map[string][]string
}

func (c *diffCase) get(key string) string {
	if v := c.values[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (c *diffCase) has(key, value string) bool {
	for _, v := range c.values[key] {
		if v == value {
			return true
		}
	}
	return false
}

var caseKeys = map[string]bool{
	"run": true, "sh": true, "before": true, "do": true, "again": true, "ready": true, "last": true, "alone": true,
	"counts": true, "end": true,
	"show": true, "hide": true, "needs": true, "differs": true, "want": true,
}

// mustReadCases reads testdata/pattern.
func mustReadCases(t *testing.T, pattern string) (cases []*diffCase) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	names := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if name, ok := strings.CutPrefix(line, "== "); ok {
				if names[name] {
					t.Fatalf("%s:%d: there is another case %q", file, i+1, name)
				}
				names[name] = true
				cases = append(cases, &diffCase{file: file, name: name, values: make(map[string][]string)})
				continue
			}
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			key, value, ok := strings.Cut(line, ":")
			if !ok || !caseKeys[key] || len(cases) == 0 {
				t.Fatalf("%s:%d: cannot read %q", file, i+1, line)
			}
			c := cases[len(cases)-1]
			c.values[key] = append(c.values[key], strings.TrimPrefix(value, " "))
		}
	}
	return cases
}

// mustReadAllowed reads the list of differences that are allowed: "NAME: REASON", and the lines of a
// reason that goes on are indented.
func mustReadAllowed(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "allowed.txt"))
	if err != nil {
		t.Fatal(err)
	}
	allowed := make(map[string]string)
	name := ""
	for _, line := range strings.Split(string(text), "\n") {
		switch {
		case line == "" || line[0] == '#':
		case line[0] == ' ' || line[0] == '\t':
			allowed[name] += " " + strings.TrimSpace(line)
		default:
			var reason string
			name, reason, _ = strings.Cut(line, ":")
			allowed[name] = strings.TrimSpace(reason)
		}
	}
	for name, reason := range allowed {
		if name == "" || reason == "" {
			t.Fatalf("a difference needs a name and a reason: %q: %q", name, reason)
		}
	}
	return allowed
}
