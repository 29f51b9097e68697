package hexdump

// This file knows what the lines of each kind of dump look like.

import (
	"bytes"
	"strconv"
)

// kind is a form of dump.
type kind uint8

const (
	unknown   kind = iota // nothing was seen yet
	bare                  // 0100 0000 00
	xxd                   // 00000000: 0100 0000  ....
	canonical             // 00000000  01 00 00 00  |....|, of hexdump -C
	od                    // 0000000 01 00 00 00
	words                 // 0000000 0001 0000, of hexdump and od alone: numbers, not bytes
)

// kindOf looks at the first line with something on it.
func kindOf(text []byte) kind {
	fields := bytes.Fields(text)
	if len(fields) == 0 {
		return unknown
	}
	first, rest := fields[0], fields[1:]
	if n := len(first) - 1; n > 0 && first[n] == ':' && allHex(first[:n]) {
		return xxd
	}
	if !allHex(first) || len(first) < 6 {
		return bare
	}
	if len(rest) == 0 {
		if string(first) == "0000000" {
			return od // of nothing
		}
		return bare
	}
	switch {
	case text[len(text)-1] == '|':
		return canonical
	case len(rest[0]) == 2 && allHex(rest[0]):
		return od
	case len(first)%2 == 1:
		return words
	}
	return bare
}

func allHex(text []byte) bool {
	for _, c := range text {
		if hexDigit(c) < 0 {
			return false
		}
	}
	return len(text) > 0
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// count is a way to read the offsets: a base, and where the dump begins in it.
type count struct {
	base  int
	first uint64
	begun bool
}

// countsOf returns how the offsets of a dump can be meant: od writes seven octal digits, with -Ad seven
// decimal ones, with -Ax six hexadecimal ones.
func countsOf(k kind, text []byte) []count {
	if k == od && len(bytes.Fields(text)[0]) != 6 {
		return []count{{base: 8}, {base: 10}}
	}
	return []count{{base: 16}}
}

// take takes a line apart.
func (d *Reader) take(text []byte) {
	at := spaces(text, 0)
	switch {
	case at == len(text):
		return
	case d.kind == words:
		d.fail(at, "a dump of numbers, whose bytes depend on the machine: make one with xxd, hexdump -C or od -An -v -tx1")
		return
	case string(bytes.TrimSpace(text)) == "*":
		if d.kind == xxd {
			d.fail(at, "a * stands for lines like the one before, which is understood in dumps of hexdump -C and od: make this one with xxd without -a")
			return
		}
		if d.kind != canonical && d.kind != od || len(d.last) == 0 || d.star {
			d.fail(at, "a * stands for lines like the one before; how many is told by offsets, which are not there: make the dump with od -v")
			return
		}
		d.star = true
		return
	}
	if d.kind != bare {
		if at = d.offset(text, at); d.err != nil {
			return
		}
	}
	had := len(d.out)
	at = d.bytes(text, at)
	if d.err != nil {
		return
	}
	line := d.out[had:]
	d.total += uint64(len(line))
	if at < len(text) {
		if d.text(text, at, line); d.err != nil {
			d.out = d.out[:had]
		}
	}
	d.last = append(d.last[:0], line...)
}

func spaces(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	return at
}

// offset reads the offset at the start of a line and says whether it follows; with a * before it, what
// that stands for is put out. It returns where the bytes begin.
func (d *Reader) offset(text []byte, at int) int {
	end := at
	for end < len(text) && hexDigit(text[end]) >= 0 {
		end++
	}
	digits := string(text[at:end])
	next := end
	if d.kind == xxd {
		if end == len(text) || text[end] != ':' {
			d.fail(end, "a colon should end the offset here")
			return end
		}
		next++
	}
	if next < len(text) && text[next] != ' ' && text[next] != '\t' {
		d.fail(next, "%q is not part of an offset", text[next])
		return end
	}
	gap := uint64(0)
	fits := d.counts[:0]
	for _, c := range d.counts {
		n, err := strconv.ParseUint(digits, c.base, 64)
		if err != nil {
			continue
		}
		if !c.begun {
			c.first, c.begun = n, true
		}
		missing := n - c.first - d.total // modulo 2^64
		switch {
		case len(fits) > 0 && missing != gap:
			continue
		case d.star && missing > 0 && missing <= longestRepeat && missing%uint64(len(d.last)) == 0:
		case d.star || missing != 0:
			continue
		}
		gap = missing
		fits = append(fits, c)
	}
	if len(fits) == 0 {
		d.fail(at, "the offset %q does not follow the %d bytes before it: are lines missing?", digits, d.total)
		return end
	}
	d.counts = fits
	for d.total += gap; gap > 0; gap -= uint64(len(d.last)) {
		d.out = append(d.out, d.last...)
	}
	d.star = false
	return next
}

// bytes reads pairs of digits to the end of the line, or to the column of text, whose start it returns.
func (d *Reader) bytes(text []byte, at int) int {
	d.places = d.places[:0]
	for {
		begin := spaces(text, at)
		if begin == len(text) {
			return begin
		}
		switch {
		case d.kind == xxd && len(d.places) > 0 && begin-at >= 2,
			d.kind == canonical && text[begin] == '|',
			d.kind == od && text[begin] == '>':
			return begin
		}
		end := begin
		for end < len(text) && text[end] != ' ' && text[end] != '\t' {
			if hexDigit(text[end]) < 0 {
				d.fail(end, "%q is not a hexadecimal digit", text[end])
				return end
			}
			end++
		}
		if n := end - begin; n%2 != 0 || n != 2 && (d.kind == od || d.kind == canonical) {
			d.fail(begin, "%q is not a number of whole bytes", text[begin:end])
			return end
		}
		for i := begin; i < end; i += 2 {
			d.places = append(d.places, i)
			d.out = append(d.out, byte(hexDigit(text[i])<<4|hexDigit(text[i+1])))
		}
		at = end
	}
}

// text compares the column of text, where there is one, with the bytes of its line. What was cut off
// at its end, as by an editor that removes spaces, is not missed.
func (d *Reader) text(text []byte, at int, line []byte) {
	switch d.kind {
	case od:
		return // od pads and escapes it in its own ways
	case canonical:
		shown := text[at+1:]
		if len(shown) == 0 || shown[len(shown)-1] != '|' {
			d.fail(len(text), "the column of text has no end, a |")
			return
		}
		shown = shown[:len(shown)-1]
		if len(shown) != len(line) {
			d.fail(at, "the column of text has %d characters for %d bytes", len(shown), len(line))
			return
		}
		d.compare(shown, line)
	case xxd:
		if len(text)-at > len(line) {
			d.fail(at, "the column of text has %d characters for %d bytes", len(text)-at, len(line))
			return
		}
		// It can begin with spaces, which look like those before it.
		for begin := at; len(text)-begin <= len(line) && text[begin-1] == ' '; begin-- {
			if differs(text[begin:], line) < 0 {
				return
			}
		}
		d.compare(text[at:], line)
	}
}

// compare fails at the first byte that the text does not show.
func (d *Reader) compare(shown, line []byte) {
	if i := differs(shown, line); i >= 0 {
		d.fail(d.places[i], "the column of text does not show this byte, %02x: is this a dump of numbers, as by xxd -e?", line[i])
	}
}

// differs returns the first byte that is not shown, or -1.
func differs(shown, line []byte) int {
	for i, b := range line {
		want := byte('.')
		if ' ' <= b && b <= '~' {
			want = b
		}
		if i < len(shown) && shown[i] != want || i >= len(shown) && want != ' ' {
			return i
		}
	}
	return -1
}
