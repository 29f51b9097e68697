package compat

// This file reads the command line of inotifywait.

import (
	"fmt"
	"io"
	"strings"

	"github.com/inoseq/inoseq/inotify"
)

// waitOptions is the command line of inotifywait. It goes to the daemon, therefore the capitals.
type waitOptions struct {
	Events     inotify.Mask // 0: all
	Timeout    uint32       // seconds
	Quiet      int
	Format     *string // nil: not given
	TimeFormat *string
	FromFile   *string
	OutFile    *string
	Expr       expressions
	Paths      pathList

	Monitor, Recursive, CSV, Daemon, Syslog, NoDereference, NoNewline bool
}

const waitShort = "mrhcdsPqt:fo:e:IFS"

var waitLong = append([]longOption{
	{"help", false, 'h'}, {"event", true, 'e'}, {"monitor", false, 'm'}, {"quiet", false, 'q'},
	{"timeout", true, 't'}, {"filename", false, 'f'}, {"recursive", false, 'r'}, {"inotify", false, 'I'},
	{"fanotify", false, 'F'}, {"filesystem", false, 'S'}, {"csv", false, 'c'}, {"daemon", false, 'd'},
	{"syslog", false, 's'}, {"no-dereference", false, 'P'}, {"format", true, 'n'}, {"no-newline", false, '0'},
	{"timefmt", true, 'i'}, {"fromfile", true, 'z'}, {"outfile", true, 'o'},
}, expressionLong...)

// parseWait reads the command line and tells what is wrong with it. Names are what is no option.
func parseWait(env Env, args []string) (o waitOptions, names []string, ok bool) {
	line := options{name: env.Name, stderr: env.Stderr, short: waitShort, long: waitLong, args: args}
	opt, arg := line.next()
	for ; opt != endOfOptions && opt != wrongOption; opt, arg = line.next() {
		if !o.flag(opt) && !o.Expr.take(opt, arg) && !o.value(env, opt, arg) {
			return o, nil, false
		}
	}
	if o.Format != nil && !o.NoNewline {
		*o.Format += "\n"
	}
	if !o.check(env) {
		return o, nil, false
	}
	const warning = "only the last option will be taken into consideration."
	if o.Expr.excludes > 1 {
		fmt.Fprintln(env.Stderr, "--exclude: "+warning)
	}
	if o.Expr.foldedExcludes > 1 {
		fmt.Fprintln(env.Stderr, "--excludei: "+warning)
	}
	return o, line.rest, opt != wrongOption
}

// flag takes an option that cannot be wrong.
func (o *waitOptions) flag(opt byte) bool {
	switch opt {
	case 'm':
		o.Monitor = true
	case 'q':
		o.Quiet++
	case 'r':
		o.Recursive = true
	case 'c':
		o.CSV = true
	case 'd':
		o.Daemon, o.Monitor, o.Syslog = true, true, true
	case 's':
		o.Syslog = true
	case 'P':
		o.NoDereference = true
	case '0':
		o.NoNewline = true
	case 'I': // inotify: what else
	default:
		return false
	}
	return true
}

// value takes any other option.
func (o *waitOptions) value(env Env, opt byte, arg string) bool {
	switch opt {
	case 'h':
		_, _ = io.WriteString(env.Stdout, helpFor(waitHelp, env.Command, "inotifywait", "inoseq wait"))
		return false
	case 'F', 'S':
		refuseFanotify(env, opt)
		return false
	case 'f':
		fmt.Fprintln(env.Stderr, "The '--filename' option no longer exists.  The option it enabled in earlier\n"+
			"versions of inotifywait is now turned on by default.")
		return false
	case 'n':
		o.Format = &arg
	case 'i':
		o.TimeFormat = &arg
	case 'z':
		return once(env, "fromfile", &o.FromFile, arg)
	case 'o':
		return once(env, "outfile", &o.OutFile, arg)
	case 't':
		var ok bool
		o.Timeout, ok = parseTimeout(arg, env.Stderr)
		return ok
	case 'e':
		return addEvents(env, &o.Events, arg)
	}
	return true
}

// once takes an option that may be given once.
func once(env Env, name string, to **string, arg string) bool {
	if *to != nil {
		fmt.Fprintf(env.Stderr, "Multiple --%s options given.\n", name)
		return false
	}
	*to = &arg
	return true
}

// check tells what does not go together.
func (o *waitOptions) check(env Env) bool {
	if !o.Expr.check(env.Stderr) {
		return false
	}
	var text string
	switch {
	case o.Format != nil && o.CSV:
		text = "-c and --format cannot both be specified."
	case o.Format == nil && o.NoNewline:
		text = "--no-newline cannot be specified without --format."
	case o.Format == nil && o.TimeFormat != nil:
		text = "--timefmt cannot be specified without --format."
	case o.Format != nil && strings.Contains(*o.Format, "%T") && o.TimeFormat == nil:
		text = "%T is in --format string, but --timefmt was not specified."
	case o.Daemon && o.OutFile == nil:
		text = "-o must be specified with -d."
	default:
		return true
	}
	fmt.Fprintln(env.Stderr, text)
	return false
}
