package compat

// This file makes strftime(3) of glibc, in the C locale, out of package strftime, which has the
// conversions but not the flags and widths.

import (
	"strings"
	"time"

	"github.com/ncruces/go-strftime"
)

// formatTime is empty where strftime(3) would return 0: with an empty format, and beyond its buffer.
func formatTime(format string, now time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); {
		if format[i] != '%' {
			b.WriteByte(format[i])
			i++
			continue
		}
		c, end := parseConversion(format, i)
		b.WriteString(c.text(format[i:end], now))
		i = end
	}
	if b.Len() >= mostText-1 {
		return ""
	}
	return b.String()
}

// conversion is %, flags, a width, E or O, and the letter.
type conversion struct {
	pad    byte // of _ - 0, the last; 0 if there is none
	upper  bool
	swap   bool
	width  int
	letter byte // 0 if the format ends before it
}

func parseConversion(format string, at int) (c conversion, end int) {
	i := at + 1
flags:
	for ; i < len(format); i++ {
		switch f := format[i]; f {
		case '_', '-', '0', '+':
			c.pad = f
		case '^':
			c.upper = true
		case '#':
			c.swap = true
		default:
			break flags
		}
	}
	for ; i < len(format) && '0' <= format[i] && format[i] <= '9'; i++ {
		c.width = min(c.width*10+int(format[i]-'0'), mostText)
	}
	if i < len(format) && (format[i] == 'E' || format[i] == 'O') {
		i++ // other numerals and eras, which the C locale has not
	}
	if i < len(format) {
		c.letter = format[i]
		i++
	}
	return c, i
}

// number is how glibc pads a conversion that is a number: with what, to how many digits.
var number = map[byte]struct {
	pad    byte
	digits int
}{
	'C': {'0', 2}, 'd': {'0', 2}, 'e': {' ', 2}, 'g': {'0', 2}, 'G': {'0', 1}, 'H': {'0', 2}, 'I': {'0', 2},
	'j': {'0', 3}, 'k': {' ', 2}, 'l': {' ', 2}, 'm': {'0', 2}, 'M': {'0', 2}, 's': {'0', 1}, 'S': {'0', 2},
	'u': {'0', 1}, 'U': {'0', 2}, 'V': {'0', 2}, 'w': {'0', 1}, 'W': {'0', 2}, 'y': {'0', 2}, 'Y': {'0', 1},
}

const conversions = "aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%"

// text is what the conversion gives; what glibc does not know it prints as it stands.
func (c conversion) text(verbatim string, now time.Time) string {
	if c.letter == 0 || strings.IndexByte(conversions, c.letter) < 0 {
		return c.padText(verbatim)
	}
	text := strftime.Format("%"+string(c.letter), now)
	if n, ok := number[c.letter]; ok {
		return c.padNumber(strings.TrimLeft(text[:len(text)-1], " 0")+text[len(text)-1:], n.pad, n.digits)
	}
	switch {
	case c.swap && strings.IndexByte("aAbBh", c.letter) >= 0 || c.upper:
		text = strings.ToUpper(text)
	case c.swap && (c.letter == 'p' || c.letter == 'Z'):
		text = strings.ToLower(text)
	}
	if c.letter == 'z' && c.pad != '-' && len(text) < c.width {
		return text[:1] + strings.Repeat("0", c.width-len(text)) + text[1:]
	}
	return c.padText(text)
}

// padText fills up with blanks, also with the flag -, as glibc does.
func (c conversion) padText(text string) string {
	pad := " "
	if c.pad == '0' || c.pad == '+' {
		pad = "0"
	}
	return strings.Repeat(pad, max(c.width-len(text), 0)) + text
}

func (c conversion) padNumber(digits string, pad byte, width int) string {
	switch c.pad {
	case '-':
		return c.padText(digits)
	case '_':
		pad = ' '
	case '0', '+':
		pad = '0'
	}
	return strings.Repeat(string(pad), max(max(width, c.width)-len(digits), 0)) + digits
}
