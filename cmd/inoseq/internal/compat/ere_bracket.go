package compat

// This file reads bracket expressions of POSIX regular expressions, in the C locale: a set of bytes.

import (
	"fmt"
	"strings"
)

// byteSet is a set of bytes.
type byteSet [256]bool

func (s *byteSet) addRange(low, high byte) {
	for c := int(low); c <= int(high); c++ {
		s[c] = true
	}
}

// classes are the character classes of the C locale.
var classes = map[string]func(c byte) bool{
	"alpha":  isAlpha,
	"digit":  isDigit,
	"alnum":  func(c byte) bool { return isAlpha(c) || isDigit(c) },
	"upper":  func(c byte) bool { return 'A' <= c && c <= 'Z' },
	"lower":  func(c byte) bool { return 'a' <= c && c <= 'z' },
	"space":  func(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' },
	"blank":  func(c byte) bool { return c == ' ' || c == '\t' },
	"punct":  func(c byte) bool { return '!' <= c && c <= '~' && !isAlpha(c) && !isDigit(c) },
	"print":  func(c byte) bool { return ' ' <= c && c <= '~' },
	"graph":  func(c byte) bool { return '!' <= c && c <= '~' },
	"cntrl":  func(c byte) bool { return c < ' ' || c == 0x7f },
	"xdigit": func(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' },
}

func isAlpha(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// bracket reads what follows [.
func (t *translator) bracket() error {
	var set byteSet
	negate := strings.HasPrefix(t.in[t.at:], "^")
	if negate {
		t.at++
	}
	for first := true; ; first = false {
		if !t.more() {
			return errExpression
		}
		if t.in[t.at] == ']' && !first {
			t.at++
			break
		}
		if strings.HasPrefix(t.in[t.at:], "[:") {
			name, err := t.delimited(':')
			if err != nil {
				return err
			}
			is := classes[name]
			if is == nil {
				return errExpression
			}
			for c := range set {
				set[c] = set[c] || is(byte(c))
			}
			continue
		}
		if err := t.bracketRange(&set); err != nil {
			return err
		}
	}
	t.writeSet(&set, negate)
	return nil
}

// bracketRange reads an element, or a range of two.
func (t *translator) bracketRange(set *byteSet) error {
	low, equivalent, err := t.element()
	if err != nil {
		return err
	}
	high := low
	if rest := t.in[t.at:]; len(rest) >= 2 && rest[0] == '-' && rest[1] != ']' {
		t.at++
		if high, _, err = t.element(); err != nil {
			return err
		}
		if equivalent || high < low {
			return errExpression
		}
	}
	set.addRange(low, high)
	return nil
}

// element reads a byte, [.x.] or [=x=].
func (t *translator) element() (c byte, equivalent bool, err error) {
	rest := t.in[t.at:]
	for _, mark := range []byte{'.', '='} {
		if strings.HasPrefix(rest, "["+string(mark)) {
			name, err := t.delimited(mark)
			if err != nil || len(name) != 1 {
				return 0, false, errExpression
			}
			return name[0], mark == '=', nil
		}
	}
	if rest == "" {
		return 0, false, errExpression
	}
	t.at++
	return rest[0], false, nil
}

// delimited reads [:name:] and its like.
func (t *translator) delimited(mark byte) (string, error) {
	rest := t.in[t.at+2:]
	end := strings.Index(rest, string(mark)+"]")
	if end < 0 {
		return "", errExpression
	}
	t.at += 2 + end + 2
	return rest[:end], nil
}

// writeSet writes set for package regexp, as ranges of runes.
func (t *translator) writeSet(set *byteSet, negate bool) {
	t.out.WriteByte('[')
	if negate {
		t.out.WriteByte('^')
	}
	empty := true
	for c := 0; c < len(set); c++ {
		if set[c] {
			fmt.Fprintf(&t.out, `\x{%X}`, wide(byte(c)))
			empty = false
		}
	}
	if empty {
		t.out.WriteString(`\x{10FFFF}`) // no byte
	}
	t.out.WriteByte(']')
}

// wide is the rune that widen makes of a byte.
func wide(c byte) rune {
	if c < 0x80 {
		return rune(c)
	}
	return rune(c) - 0x80 + firstWide
}
