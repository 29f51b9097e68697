package compat

// This file reads what is to be watched: the arguments, and the lines of --fromfile.

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// pathList is what is to be watched, and what is not to be entered.
type pathList struct{ Watch, Exclude []string }

// mostLine is how much of a line of --fromfile is taken at once; the rest is another path.
const mostLine = 4095

func readPaths(args []string, fromFile *string, stdin io.Reader, stderr io.Writer) (list pathList) {
	if fromFile != nil {
		in := stdin
		if *fromFile != "-" {
			f, err := os.Open(*fromFile)
			if err != nil {
				fmt.Fprintf(stderr, "Couldn't open %s: %s\n", *fromFile, reason(err))
			} else {
				defer f.Close()
			}
			in = f
			if err != nil {
				in = bytes.NewReader(nil)
			}
		}
		text, _ := io.ReadAll(in) // what could be read is taken
		for len(text) > 0 {
			line := text[:min(len(text), mostLine)]
			if at := bytes.IndexByte(line, '\n'); at >= 0 {
				line = line[:at+1]
			}
			text = text[len(line):]
			if at := bytes.IndexByte(line, 0); at >= 0 {
				line = line[:at]
			}
			list.add(strings.TrimSuffix(string(line), "\n"))
		}
	}
	for _, arg := range args {
		list.add(arg)
	}
	return list
}

func (l *pathList) add(path string) {
	switch {
	case path == "" || path == "@":
	case path[0] == '@':
		l.Exclude = append(l.Exclude, path[1:])
	default:
		l.Watch = append(l.Watch, path)
	}
}

// excludes reports whether the directory at path is named by @path: spelled the same, but for a slash
// at the end.
func (l *pathList) excludes(path string) bool {
	path = strings.TrimSuffix(path, "/")
	for _, other := range l.Exclude {
		if strings.TrimSuffix(other, "/") == path {
			return true
		}
	}
	return false
}
