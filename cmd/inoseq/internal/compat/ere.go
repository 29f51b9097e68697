package compat

// This file turns POSIX extended regular expressions, as regcomp(3) of glibc takes them in the C locale,
// into those of package regexp. What is matched are bytes, whatever they encode: pattern and text are
// widened, so that a byte becomes the rune of its number. Package regexp's own POSIX mode is not it: its
// anchors match at line ends, its dot stops at them, and its brackets know no backslash.
//
// Folding cannot be left to package regexp alone where it goes beyond ASCII: K also stands for the Kelvin
// sign there. No byte is widened to one of those, so it makes no difference.
//
// Back-references and the anchors \< and \> cannot be had from package regexp, nor counts above 1000.

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// pattern is a compiled regular expression.
type pattern struct {
	re      *regexp.Regexp
	anchors bool // it has an anchor that looks at what follows
}

// errExpression is a regular expression that regcomp(3) would not take, either.
var errExpression = errors.New("not a regular expression")

// errCannot is one that only glibc takes.
var errCannot = errors.New("cannot be matched here")

func compile(expr string, fold bool) (*pattern, error) {
	t := translator{in: expr}
	if err := t.alternatives(0); err != nil {
		return nil, err
	}
	flags := "(?s)"
	if fold {
		flags = "(?si)"
	}
	re, err := regexp.Compile(flags + t.out.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errCannot, err)
	}
	return &pattern{re: re, anchors: t.anchors}, nil
}

// match reports whether the expression matches somewhere in text.
func (p *pattern) match(text []byte) bool { return p.re.MatchString(widen(string(text))) }

// matchesAllBelow reports whether it matches whatever begins with text.
func (p *pattern) matchesAllBelow(text []byte) bool { return !p.anchors && p.match(text) }

// firstWide is the rune of byte 0x80: in a private use area, whose runes have no other case.
const firstWide = 0xE080

// widen makes a rune of each byte.
func widen(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] < 0x80
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
		} else {
			b.WriteRune(wide(s[i]))
		}
	}
	return b.String()
}

// translator reads an expression and writes that of package regexp.
type translator struct {
	in      string
	at      int
	out     strings.Builder
	anchors bool
	groups  int // that have begun
}

func (t *translator) more() bool { return t.at < len(t.in) }

// alternatives reads up to the end, or to the parenthesis that closes depth.
func (t *translator) alternatives(depth int) error {
	for {
		if !t.more() {
			if depth > 0 {
				return errExpression
			}
			return nil
		}
		switch c := t.in[t.at]; {
		case c == '|':
			t.at++
			t.out.WriteByte('|')
			if t.more() && strings.IndexByte("*+?{", t.in[t.at]) >= 0 {
				return errExpression
			}
		case c == ')' && depth > 0:
			return nil
		default:
			if err := t.piece(depth); err != nil {
				return err
			}
		}
	}
}

// piece reads an atom and the repetitions behind it.
func (t *translator) piece(depth int) error {
	start := t.out.Len()
	repeats, err := t.atom(depth)
	if err != nil || !repeats {
		return err
	}
	for t.more() {
		op := ""
		switch t.in[t.at] {
		case '*', '+', '?':
			op = t.in[t.at : t.at+1]
			t.at++
		case '{':
			if op, err = t.interval(); err != nil {
				return err
			}
		default:
			return nil
		}
		// Package regexp would take a second one for something else, or not at all.
		whole := t.out.String()
		t.out.Reset()
		t.out.WriteString(whole[:start] + "(?:" + whole[start:] + ")" + op)
	}
	return nil
}

// interval reads {n}, {n,}, {,m} or {n,m}.
func (t *translator) interval() (string, error) {
	end := strings.IndexByte(t.in[t.at:], '}')
	if end < 0 {
		return "", errExpression
	}
	text := t.in[t.at+1 : t.at+end]
	t.at += end + 1
	low, high, both := strings.Cut(text, ",")
	if low == "" && both {
		low = "0"
	}
	n, err := strconv.ParseUint(low, 10, 16)
	if err != nil || n > 32767 {
		return "", errExpression
	}
	if high != "" {
		if m, err := strconv.ParseUint(high, 10, 16); err != nil || m > 32767 || m < n {
			return "", errExpression
		}
	}
	if both {
		low += ","
	}
	return "{" + low + high + "}", nil
}

// atom reads one, and reports whether it may be repeated.
func (t *translator) atom(depth int) (repeats bool, err error) {
	c := t.in[t.at]
	t.at++
	switch c {
	case '*', '+', '?', '{':
		return false, errExpression // there is nothing to repeat
	case '(':
		t.groups++
		t.out.WriteString("(?:")
		if t.more() && strings.IndexByte("*+?{", t.in[t.at]) >= 0 {
			return false, errExpression
		}
		if err := t.alternatives(depth + 1); err != nil {
			return false, err
		}
		t.at++
		t.out.WriteByte(')')
		return true, nil
	case '^', '$':
		t.anchors = t.anchors || c == '$'
		t.out.WriteString(map[byte]string{'^': `\A`, '$': `\z`}[c])
		return false, nil
	case '.':
		t.out.WriteByte('.')
		return true, nil
	case '[':
		return true, t.bracket()
	case '\\':
		return t.escape()
	}
	t.literal(c)
	return true, nil
}

func (t *translator) literal(c byte) {
	t.out.WriteString(regexp.QuoteMeta(widen(string([]byte{c}))))
}

func (t *translator) escape() (repeats bool, err error) {
	if !t.more() {
		return false, errExpression
	}
	c := t.in[t.at]
	t.at++
	switch {
	case strings.IndexByte("wWsS", c) >= 0:
		t.out.WriteString(map[byte]string{
			'w': `[0-9A-Za-z_]`, 'W': `[^0-9A-Za-z_]`, 's': `[\t-\r ]`, 'S': `[^\t-\r ]`,
		}[c])
		return true, nil
	case c == 'b' || c == 'B':
		t.anchors = true
		t.out.WriteString(`\` + string(c))
		return false, nil
	case c == '`':
		t.out.WriteString(`\A`)
		return false, nil
	case c == '\'':
		t.anchors = true
		t.out.WriteString(`\z`)
		return false, nil
	case c == '<' || c == '>':
		return false, fmt.Errorf("%w: \\%c", errCannot, c)
	case '1' <= c && c <= '9':
		if int(c-'0') > t.groups {
			return false, errExpression
		}
		return false, fmt.Errorf("%w: the back-reference \\%c", errCannot, c)
	}
	t.literal(c)
	return true, nil
}
