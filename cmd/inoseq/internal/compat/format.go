package compat

// This file makes the text of an event: --format with its specifiers, and --csv.

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/localtime"
	"github.com/inoseq/inoseq/inotify"
)

// event is what both programs know of an event.
type event struct {
	watch  int64  // which watch: those of one have one number
	dir    string // what is watched, a directory with a slash at the end
	name   string
	mask   inotify.Mask
	cookie uint32

	synthetic bool   // it was found by looking
	from      string // a directory that was renamed: what dir+name was before, with a slash at the end
}

// path is what regular expressions are matched with.
func (ev *event) path() []byte {
	b := append([]byte(ev.dir), ev.name...)
	return b[:min(len(b), mostText)]
}

const (
	mostText      = 4096 // bytes of an event's text, and of a format
	defaultFormat = "%w %,e %f\n"
)

// formatEvent returns the text of ev. It is not whole if the format ends in the midst of a specifier,
// or the time cannot be printed: then nothing is to be printed.
func formatEvent(format, timeFormat string, ev *event) (text []byte, whole bool) {
	b := make([]byte, 0, 128)
	for i := 0; i < len(format) && len(b) < mostText-1; i++ {
		if format[i] != '%' {
			b = append(b, format[i])
			continue
		}
		if i == len(format)-1 {
			return b, false
		}
		i++
		switch c := format[i]; c {
		case '%':
			b = append(b, '%')
		case '0':
			b = append(b, 0)
		case 'n':
			b = append(b, '\n')
		case 'w':
			if len(ev.dir) <= mostText-len(b) {
				b = append(b, ev.dir...)
			}
		case 'f':
			b = append(b, ev.name...)
		case 'c':
			b = strconv.AppendUint(b, uint64(ev.cookie), 16)
		case 'e':
			b = append(b, eventNames(ev.mask, ',')...)
		case 'T':
			now := formatTime(timeFormat, localtime.Now())
			if now == "" {
				return b, false
			}
			b = append(b, now...)
		default:
			if i+1 < len(format) && format[i+1] == 'e' {
				b = append(b, eventNames(ev.mask, c)...)
				i++
			} else {
				b = append(b, '%', c)
			}
		}
	}
	return b[:min(len(b), mostText)], true
}

// formatIsWrong reports what inotifywait refuses: a format that is empty, too long, or, as a side effect
// there, gives no text for an event without a name.
func formatIsWrong(format, timeFormat string) bool {
	if format == "" || len(format) > mostText {
		return true
	}
	text, whole := formatEvent(format, timeFormat, &event{mask: inotify.AllEvents})
	return whole && len(text) == 0
}

// csvEvent returns ev as comma-separated values.
func csvEvent(ev *event) []byte {
	var b bytes.Buffer
	if dir := csvField(ev.dir); dir != "" {
		b.WriteString(dir)
		b.WriteByte(',')
	}
	b.WriteString(csvField(eventNames(ev.mask, ',')))
	b.WriteByte(',')
	b.WriteString(csvField(ev.name))
	b.WriteByte('\n')
	return b.Bytes()
}

func csvField(s string) string {
	switch {
	case s == "" || len(s) > mostText:
		return ""
	case !strings.ContainsAny(s, "\",\n") && s[0] != ' ' && s[len(s)-1] != ' ':
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
