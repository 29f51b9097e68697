package strace

// This file takes lines apart. It never fails: what is not a line of strace, such as what the traced
// program wrote to the same standard error, is of kind other.

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

type kind uint8

const (
	other      kind = iota // signals, notes of strace, anything
	complete               // name(args) = result
	unfinished             // name(args <unfinished ...>
	resumed                // <... name resumed>args) = result
	exit                   // +++ exited with 0 +++
)

// line is a line of strace.
type line struct {
	kind kind
	pid  int       // 0 if it has none
	time time.Time // zero but for -ttt
	name string    // of the system call
	text string    // what stands behind the parenthesis, or behind "resumed>"
}

var (
	// "[pid  1234] ", of standard error, "1234  ", of -o, each with the name of --decode-pids=comm.
	pidRE = regexp.MustCompile(`^(?:\[pid +([0-9]{1,9})(?:<[^>]*>)?\] *|([0-9]{1,9})(?:<[^>]*>)? +)`)
	// -t, -tt; -r beside it; -ttt; -r alone; -n and -i.
	clockRE    = regexp.MustCompile(`^[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)? +`)
	besideRE   = regexp.MustCompile(`^\(\+ *[0-9]+(?:\.[0-9]+)?\) +`)
	secondsRE  = regexp.MustCompile(`^ *([0-9]{1,12})\.([0-9]{1,9}) +`)
	bracketsRE = regexp.MustCompile(`^\[[ 0-9a-f?]+\] +`)
	resumedRE  = regexp.MustCompile(`^<\.\.\. ([a-z0-9_]+) resumed> ?`)
	attachedRE = regexp.MustCompile(`strace: Process ([0-9]{1,9}) attached(?: with [0-9]+ threads)?$`)
	nameRE     = regexp.MustCompile(`^([a-z][a-z0-9_]*)\(`)
)

const unfinishedEnd = "<unfinished ...>"

func parseLine(text string) (l line) {
	if m := pidRE.FindStringSubmatch(text); m != nil {
		l.pid, _ = strconv.Atoi(m[1] + m[2])
		text = text[len(m[0]):]
	}
	for begin := ""; begin != text; {
		begin = text
		for _, re := range []*regexp.Regexp{clockRE, besideRE, bracketsRE} {
			text = text[len(re.FindString(text)):]
		}
		if m := secondsRE.FindStringSubmatch(text); m != nil {
			l.time = seconds(m[1], m[2])
			text = text[len(m[0]):]
		}
	}
	if strings.HasPrefix(text, "+++ exited with ") || strings.HasPrefix(text, "+++ killed by ") {
		l.kind = exit
		return l
	}
	if m := resumedRE.FindStringSubmatch(text); m != nil {
		l.kind, l.name, l.text = resumed, m[1], text[len(m[0]):]
		if strings.HasSuffix(l.text, unfinishedEnd) {
			l.kind = other // it never returned: "<... read resumed> <unfinished ...>) = ?" has another end
		}
		return l
	}
	m := nameRE.FindStringSubmatch(text)
	if m == nil {
		return l
	}
	l.kind, l.name, l.text = complete, m[1], text[len(m[0]):]
	if rest, ok := strings.CutSuffix(l.text, unfinishedEnd); ok {
		l.kind, l.text = unfinished, strings.TrimSuffix(rest, " ")
	}
	return l
}

// seconds returns the time of -ttt. Those of -r are small, and no time.
func seconds(whole, fraction string) time.Time {
	s, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || s < 1e8 {
		return time.Time{}
	}
	ns, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	return time.Unix(s, ns).UTC()
}

// parseArgs cuts text at the commas that stand in no parentheses and strings. Rest is what follows the
// parenthesis that ends the arguments; it is empty if that is not there.
func parseArgs(text string) (args []string, rest string) {
	depth, begin := 0, 0
	end := func(i int) {
		if arg := strings.TrimSpace(text[begin:i]); arg != "" || len(args) > 0 {
			args = append(args, arg)
		}
		begin = i + 1
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = skipString(text, i)
		case '<':
			i = skipDecoration(text, i)
		case '(', '[', '{':
			depth++
		case ']', '}':
			depth--
		case ')':
			if depth <= 0 {
				end(i)
				return args, text[i+1:]
			}
			depth--
		case ',':
			if depth <= 0 {
				end(i)
			}
		}
	}
	end(len(text))
	return args, ""
}

// skipString returns the last byte of the string that begins at i.
func skipString(text string, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return i
}

// skipDecoration returns the last byte of what -y writes behind a descriptor, 3</dir/name>, or i if
// this is something else. A > in a name is escaped; that of -> in an address is not the last.
func skipDecoration(text string, i int) int {
	for end := i + 1; end < len(text); end++ {
		if text[end] == '>' && (end+1 == len(text) || strings.IndexByte(",) (|", text[end+1]) >= 0) {
			return end
		}
	}
	return i
}

// fd is a descriptor among the arguments.
type fd struct {
	n         int
	decorated bool // by -y
	inotify   bool // and it is an instance
}

func parseFD(arg string) (fd, bool) {
	digits := strings.TrimRight(arg, " ")
	rest := ""
	if i := strings.IndexByte(arg, '<'); i >= 0 {
		digits, rest = arg[:i], arg[i:]
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 0 {
		return fd{}, false
	}
	f := fd{n: int(n), decorated: rest != ""}
	if inner, ok := strings.CutPrefix(rest, "<"); ok {
		if i := strings.LastIndexByte(inner, '>'); i >= 0 {
			inner = inner[:i]
		}
		name, _ := unescape(inner)
		f.inotify = name == "anon_inode:inotify" || name == "inotify"
	}
	return f, true
}

// parseString returns the string that an argument is. Whole is false if strace shortened it.
func parseString(arg string) (s string, whole, ok bool) {
	if !strings.HasPrefix(arg, `"`) {
		return "", false, false
	}
	s, end := unescape(arg[1:])
	switch arg[1+end:] {
	case `"`:
		return s, true, true
	case `"...`:
		return s, false, true
	}
	return s, false, false
}

// unescape undoes the escapes of strace, up to the first plain quote, whose place it returns, or to the
// end.
func unescape(text string) (s string, end int) {
	var b strings.Builder
	for end < len(text) && text[end] != '"' {
		c := text[end]
		end++
		if c != '\\' || end == len(text) {
			b.WriteByte(c)
			continue
		}
		c = text[end]
		end++
		switch {
		case c == 'x':
			n := 0
			for n < 2 && end+n < len(text) && strings.IndexByte("0123456789abcdefABCDEF", text[end+n]) >= 0 {
				n++
			}
			v, _ := strconv.ParseUint(text[end:end+n], 16, 8)
			b.WriteByte(byte(v))
			end += n
		case '0' <= c && c <= '7':
			v := c - '0'
			for n := 0; n < 2 && end < len(text) && '0' <= text[end] && text[end] <= '7'; n++ {
				v = v<<3 | (text[end] - '0')
				end++
			}
			b.WriteByte(v)
		default:
			if i := strings.IndexByte("abfnrtv", c); i >= 0 {
				c = "\a\b\f\n\r\t\v"[i]
			}
			b.WriteByte(c)
		}
	}
	return b.String(), end
}

// parseResult returns the number behind the arguments: " = 3 <0.000012>", " = 4<anon_inode:inotify>".
func parseResult(rest string) (n int, ok bool) {
	rest = strings.TrimLeft(rest, " ")
	rest, ok = strings.CutPrefix(rest, "= ")
	if !ok {
		return 0, false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '-' && (r < '0' || r > '9') })
	if end >= 0 {
		rest = rest[:end]
	}
	v, err := strconv.ParseInt(rest, 10, 32)
	return int(v), err == nil
}
