package compat

// This file reads the command line of inotifywatch.

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/inoseq/inoseq/inotify"
)

// statOptions is the command line of inotifywatch.
type statOptions struct {
	events   inotify.Mask // 0: all
	timeout  uint32       // seconds
	sort     inotify.Mask // 0: by the total
	fromFile *string
	expr     expressions

	ascending, verbose, zero, recursive, noDereference, live bool

	sortSet bool // by -a: -d does not count, there
}

const statShort = "hrPa:d:zve:t:IFS"

var statLong = append([]longOption{
	{"help", false, 'h'}, {"event", true, 'e'}, {"timeout", true, 't'}, {"verbose", false, 'v'}, {"zero", false, 'z'},
	{"ascending", true, 'a'}, {"descending", true, 'd'}, {"recursive", false, 'r'}, {"inotify", false, 'I'},
	{"fanotify", false, 'F'}, {"filesystem", false, 'S'}, {"no-dereference", false, 'P'}, {"fromfile", true, 'o'},
}, expressionLong...)

// parseStat reads the command line and tells what is wrong with it. Names are what is no option.
func parseStat(env Env, args []string) (o statOptions, names []string, ok bool) {
	line := options{name: env.Name, stderr: env.Stderr, short: statShort, long: statLong, args: args}
	if env.Command {
		line.long = append(slices.Clone(statLong), longOption{"live", false, 'l'})
	}
	opt, arg := line.next()
	for ; opt != endOfOptions && opt != wrongOption; opt, arg = line.next() {
		if !o.expr.take(opt, arg) && !o.take(env, opt, arg) {
			return o, nil, false
		}
	}
	watched := o.events
	if watched == 0 {
		watched = inotify.AllEvents
	}
	if o.sort != 0 && !o.sort.HasAny(watched) {
		fmt.Fprintln(env.Stderr, "Can't sort by an event which isn't being watched for!")
		return o, nil, false
	}
	if !o.expr.check(env.Stderr) {
		return o, nil, false
	}
	return o, line.rest, opt != wrongOption
}

func (o *statOptions) take(env Env, opt byte, arg string) (ok bool) {
	switch opt {
	case 'h':
		_, _ = io.WriteString(env.Stdout, statHelp(env.Command))
		return false
	case 'F', 'S':
		refuseFanotify(env, opt)
		return false
	case 'v':
		o.verbose = true
	case 'r':
		o.recursive = true
	case 'P':
		o.noDereference = true
	case 'l':
		o.live = true
	case 'z':
		o.zero = true
	case 'o':
		return once(env, "fromfile", &o.fromFile, arg)
	case 't':
		o.timeout, ok = parseTimeout(arg, env.Stderr)
		return ok
	case 'e':
		return addEvents(env, &o.events, arg)
	case 'a', 'd':
		return o.sortBy(env, opt == 'a', arg)
	}
	return true
}

func (o *statOptions) sortBy(env Env, ascending bool, key string) bool {
	fold := strings.ToLower(key)
	switch {
	case o.sortSet:
		fmt.Fprintln(env.Stderr, "Please specify -a or -d once only!")
		return false
	case ascending && fold == "move":
		fmt.Fprintln(env.Stderr, "Cannot sort by `move' event; please use `moved_from' or `moved_to'.")
		return false
	case ascending && fold == "close":
		fmt.Fprintln(env.Stderr, "Cannot sort by `close' event; please use `close_write' or `close_nowrite'.")
		return false
	case fold == "total":
		o.sort = 0
	default:
		mask, ok := parseEvents(key)
		if !ok {
			fmt.Fprintf(env.Stderr, "'%s' is not a valid key for sorting!\n", key)
			return false
		}
		o.sort = mask
		if !ascending && mask == inotify.Access {
			o.sort = 0 // there, -1 stands for the total, and for access turned round
		}
	}
	o.ascending = ascending
	o.sortSet = o.sortSet || ascending
	return true
}

// statHelp is the text of -h, also for what only the command stat of inoseq has.
func statHelp(command bool) string {
	text := statHelpOptions + statHelpEnd
	if command {
		text = statHelpOptions + statHelpLive + statHelpEnd
	}
	return helpFor(text, command, "inotifywatch", "inoseq stat")
}

const statHelpOptions = `inotifywatch ` + Version + ` (inoseq stat)
Count what happens to files.
Usage: NAME [OPTION]... PATH...

	-r|--recursive	Watch directories with all below them; @PATH is not entered.
	-P|--no-dereference, --fromfile FILE, --exclude RE, --excludei RE, --include RE, --includei RE,
	-e|--event LIST	As those of inotifywait.
	-t|--timeout N	Count for N seconds; without it, until a signal comes (INT, HUP, TERM).
	-a|--ascending EVENT, -d|--descending EVENT
	              	Sort by an event, or by total.
	-z|--zero     	Rows and columns of zeros, too.
	-v|--verbose  	Say more.
	-h|--help     	This text.
`

const statHelpLive = `	--live        	On a terminal, show the table as it grows, with events a second; q or ^C ends it.
`

const statHelpEnd = `
SIGUSR1 prints the table as it is. Exit status: 0, or 1 if something failed.

Examples:
	NAME -r -t 60 src
	NAME -e create,delete -d create incoming

Events:
` + eventsHelp
