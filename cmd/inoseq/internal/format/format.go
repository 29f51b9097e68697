// Package format prints an event as a text with specifiers says, those of inotifywait(1):
//
//	%w   the watched directory with a slash behind it, or the watched file
//	%f   the name in that directory; nothing if the event is about what is watched itself
//	%e   what happened, joined by commas: CREATE,ISDIR
//	%Xe  the same, joined by the character X, which is none of the others here: %:e, %|e
//	%T   the time, as [Format.Append] is told to write it
//	%c   the cookie that joins the two halves of a rename, in hexadecimal; 0 if there is none
//	%F   the old path of a rename that is one event; nothing otherwise
//	%0   NUL
//	%n   a newline
//	%%   a percent sign
//
// So %w%f is always the path. All else is printed as it is. What is no specifier is an error, where
// inotifywait prints it, or something else. Names are bytes, and printed as they are.
package format

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/inoseq/inoseq/inotify"
)

// Event is what is printed.
type Event struct {
	Dir, Name string // of %w and %f
	From      string
	Mask      inotify.Mask
	Cookie    uint32
}

// Format is a text that was understood.
type Format struct {
	parts []part
	names map[key]string // of masks
}

// part is a specifier, or text.
type part struct {
	verb byte   // 0: text
	text string // of text, and between the names of %e
}

type key struct {
	mask inotify.Mask
	sep  string
}

// Parse takes text apart. Its errors say where, and what to write instead.
func Parse(text string) (*Format, error) {
	f := &Format{names: make(map[key]string)}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "%")
		f.literal(before)
		if !found {
			break
		}
		used, err := f.specifier(after)
		if err != nil {
			return nil, fmt.Errorf("at byte %d: %w", len(text)-len(after)-1, err)
		}
		rest = after[used:]
	}
	return f, nil
}

// literal adds text as it is.
func (f *Format) literal(text string) {
	switch last := len(f.parts) - 1; {
	case text == "":
	case last >= 0 && f.parts[last].verb == 0:
		f.parts[last].text += text
	default:
		f.parts = append(f.parts, part{text: text})
	}
}

const known = "%w, %f, %e, %Xe with any character X, %T, %c, %F, %n, %0 and %%"

// specifier adds what text, which stands behind a percent sign, begins with.
func (f *Format) specifier(text string) (used int, err error) {
	if text == "" {
		return 0, fmt.Errorf("a percent sign at the end: write %%%% for a percent sign")
	}
	switch text[0] {
	case 'w', 'f', 'T', 'c', 'F':
		f.parts = append(f.parts, part{verb: text[0]})
		return 1, nil
	case 'e':
		f.parts = append(f.parts, part{verb: 'e', text: ","})
		return 1, nil
	case 'n':
		f.literal("\n")
		return 1, nil
	case '0':
		f.literal("\x00")
		return 1, nil
	case '%':
		f.literal("%")
		return 1, nil
	}
	_, size := utf8.DecodeRuneInString(text)
	if strings.HasPrefix(text[size:], "e") {
		f.parts = append(f.parts, part{verb: 'e', text: text[:size]})
		return size + 1, nil
	}
	return 0, fmt.Errorf("%%%s is none of the specifiers %s", text[:size], known)
}

// HasTime reports whether there is a %T.
func (f *Format) HasTime() bool {
	for _, p := range f.parts {
		if p.verb == 'T' {
			return true
		}
	}
	return false
}

// Append appends e to dst, and calls now for each %T, which appends the time.
func (f *Format) Append(dst []byte, e *Event, now func(dst []byte) []byte) []byte {
	for _, p := range f.parts {
		switch p.verb {
		case 0:
			dst = append(dst, p.text...)
		case 'w':
			dst = append(dst, e.Dir...)
		case 'f':
			dst = append(dst, e.Name...)
		case 'F':
			dst = append(dst, e.From...)
		case 'e':
			dst = append(dst, f.events(e.Mask, p.text)...)
		case 'c':
			dst = strconv.AppendUint(dst, uint64(e.Cookie), 16)
		case 'T':
			dst = now(dst)
		}
	}
	return dst
}

// events returns the names of mask, joined by sep. There are few masks: they are kept.
func (f *Format) events(mask inotify.Mask, sep string) string {
	k := key{mask, sep}
	text, ok := f.names[k]
	if !ok {
		text = strings.ReplaceAll(mask.String(), "|", sep)
		if len(f.names) < 1000 {
			f.names[k] = text
		}
	}
	return text
}
