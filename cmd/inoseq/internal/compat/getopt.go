package compat

// This file reads command lines as getopt_long(3) of the GNU C library does: options may stand behind
// other arguments, a long option may be shortened as long as it is clear, short options may be joined.
// The command line libraries for Go do none of the three in the same way, and scripts rely on them; the
// messages are glibc's (posix/getopt.c, 2.36).

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// longOption is an option with a long name; short is what next returns for it.
type longOption struct {
	name  string
	arg   bool
	short byte
}

// options is a command line on its way.
type options struct {
	name   string // of the program, for messages
	stderr io.Writer
	short  string // as getopt(3) has it: a letter, and a colon behind it if it takes an argument
	long   []longOption

	args    []string // not yet read
	cluster string   // the rest of joined short options
	rest    []string // what is no option
}

// Besides the letters of options, next returns these.
const (
	endOfOptions byte = 0
	wrongOption  byte = '?' // it has been told
)

// next returns the next option and its argument.
func (o *options) next() (opt byte, arg string) {
	for o.cluster == "" {
		if len(o.args) == 0 {
			return endOfOptions, ""
		}
		word := o.args[0]
		switch {
		case word == "--":
			o.rest = append(o.rest, o.args[1:]...)
			o.args = nil
		case len(word) < 2 || word[0] != '-':
			if _, posix := os.LookupEnv("POSIXLY_CORRECT"); posix {
				o.rest = append(o.rest, o.args...)
				o.args = nil
				continue
			}
			o.rest = append(o.rest, word)
			o.args = o.args[1:]
		case word[1] == '-':
			o.args = o.args[1:]
			return o.longOption(word[2:])
		default:
			o.args = o.args[1:]
			o.cluster = word[1:]
		}
	}
	return o.shortOption()
}

func (o *options) shortOption() (opt byte, arg string) {
	opt = o.cluster[0]
	o.cluster = o.cluster[1:]
	at := strings.IndexByte(o.short, opt)
	if at < 0 || opt == ':' || opt == ';' {
		o.say("invalid option -- '%s'", []byte{opt})
		return wrongOption, ""
	}
	if !strings.HasPrefix(o.short[at+1:], ":") {
		return opt, ""
	}
	if arg, o.cluster = o.cluster, ""; arg != "" {
		return opt, arg
	}
	if len(o.args) == 0 {
		o.say("option requires an argument -- '%s'", []byte{opt})
		return wrongOption, ""
	}
	arg, o.args = o.args[0], o.args[1:]
	return opt, arg
}

func (o *options) longOption(word string) (opt byte, arg string) {
	name, value, hasValue := strings.Cut(word, "=")
	found, clear := o.find(name, word)
	switch {
	case !clear:
		return wrongOption, ""
	case found == nil:
		o.say("unrecognized option '--%s'", word)
		return wrongOption, ""
	case hasValue && !found.arg:
		o.say("option '--%s' doesn't allow an argument", found.name)
		return wrongOption, ""
	case hasValue || !found.arg:
		return found.short, value
	case len(o.args) == 0:
		o.say("option '--%s' requires an argument", found.name)
		return wrongOption, ""
	}
	value, o.args = o.args[0], o.args[1:]
	return found.short, value
}

// find returns the long option that name, of word, means, or nil; it is not clear if it may be several.
func (o *options) find(name, word string) (found *longOption, clear bool) {
	var may []string
	for i, long := range o.long {
		if long.name == name {
			return &o.long[i], true
		}
		if strings.HasPrefix(long.name, name) {
			if found == nil {
				found = &o.long[i]
			}
			may = append(may, " '--"+long.name+"'")
		}
	}
	if len(may) > 1 {
		o.say("option '--%s' is ambiguous; possibilities:%s", word, strings.Join(may, ""))
		return nil, false
	}
	return found, true
}

func (o *options) say(format string, args ...any) {
	fmt.Fprintf(o.stderr, o.name+": "+format+"\n", args...)
}
