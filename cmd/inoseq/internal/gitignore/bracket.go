package gitignore

// This file turns the brackets of git, which are those of the shell, into those of package doublestar,
// which has no [:classes:] and takes no ] for the first character.

import "strings"

// classes is what is in a [:class:].
var classes = map[string]string{
	"alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": " \t", "cntrl": "\x01-\x1f\x7f", "digit": "0-9",
	"graph": `\!-~`, "lower": "a-z", "print": " -~", "punct": "\\!-/:-@\\[-`{-~", "space": " \t-\r", "upper": "A-Z",
	"xdigit": "0-9A-Fa-f",
}

// brackets turns those of a whole pattern. It is not ok if one does not end, or matches nothing.
func brackets(pattern string) (text string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		end := i + 1
		switch pattern[i] {
		case '\\':
			end = min(i+2, len(pattern))
		case '[':
			if text, end = bracket(pattern, i); text == "" {
				return "", false
			}
			b.WriteString(text)
			i = end
			continue
		}
		b.WriteString(pattern[i:end])
		i = end
	}
	return b.String(), true
}

// bracket turns the one that begins at i, and returns its end. The text is empty if there is none, or if
// it matches nothing. A slash is never matched.
func bracket(pattern string, i int) (text string, end int) {
	var b strings.Builder
	i++
	not := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if not {
		i++
	}
	var before byte // a range can begin with it
	for first := true; ; first = false {
		if i == len(pattern) {
			return "", i
		}
		c := pattern[i]
		if c == ']' && !first {
			break
		}
		if class, after := classAt(pattern, i); after > 0 {
			if classes[class] == "" {
				return "", i // git matches nothing with it
			}
			b.WriteString(classes[class])
			before, i = 0, after
			continue
		}
		isRange := c == '-' && before != 0 && i+1 < len(pattern) && pattern[i+1] != ']'
		if isRange {
			i++
		}
		if pattern[i] == '\\' {
			if i++; i == len(pattern) {
				return "", i
			}
		}
		c = pattern[i]
		i++
		switch {
		case !isRange:
			before = c
			if c != '/' {
				one(&b, c)
			}
		case before <= c:
			one(&b, before)
			b.WriteByte('-')
			one(&b, c)
			before = 0
		default: // from the last to the first: nothing
			before = 0
		}
	}
	switch {
	case b.Len() == 0 && not: // only a slash is in it
		return "?", i + 1
	case b.Len() > 0 && not:
		return "[^" + b.String() + "]", i + 1
	case b.Len() > 0:
		return "[" + b.String() + "]", i + 1
	}
	return "", i
}

// one writes a character that means itself. Those of more than one byte are taken as they are.
func one(b *strings.Builder, c byte) {
	if c < 0x80 {
		b.WriteByte('\\')
	}
	b.WriteByte(c)
}

// classAt returns the name of the [:class:] at i, and its end; that is 0 if there is none.
func classAt(pattern string, i int) (name string, end int) {
	rest, ok := strings.CutPrefix(pattern[i:], "[:")
	at := strings.IndexByte(rest, ']')
	if !ok || at < 1 || rest[at-1] != ':' {
		return "", 0
	}
	return rest[:at-1], i + len("[:") + at + 1
}
