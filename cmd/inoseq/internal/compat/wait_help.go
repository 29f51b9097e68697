package compat

// This file is the help of inotifywait.

import "strings"

// helpFor has a text call the program by the name that it was called by: it stands there as NAME.
func helpFor(text string, command bool, link, name string) string {
	if !command {
		name = link
	}
	return strings.ReplaceAll(text, "NAME", name)
}

const waitHelp = `inotifywait ` + Version + ` (inoseq wait)
Wait for something to happen to files.
Usage: NAME [OPTION]... PATH...

What is watched:
	-r|--recursive	Directories with all below them, also what is made later.
	-P|--no-dereference
	              	A link itself, not what it leads to.
	@PATH         	Do not enter the directory PATH.
	--fromfile FILE
	              	Read paths, and @ paths, from the lines of FILE; - is standard input.
	-I|--inotify  	Watch with inotify; there is nothing else.

What is told:
	-e|--event LIST	These events, separated by commas; may be repeated. All, if omitted.
	--exclude RE  	Nothing of paths that match the POSIX extended regular expression RE.
	              	The last one counts.
	--excludei RE 	The same, not minding case.
	--include RE  	Nothing of paths that do not match RE.
	--includei RE 	The same, not minding case.

How it is told:
	-q|--quiet    	No messages, only events and errors.
	-qq           	No events, either: the exit status says it.
	-c|--csv      	Events as comma-separated values.
	--format FMT  	Events by FMT: %w watched path, %f file in it, %e events,
	              	%Xe events joined by X, %T time, %c cookie of a rename, %0 NUL, %n newline.
	--no-newline  	Nothing behind what --format makes.
	--timefmt FMT 	What %T is, by strftime(3).
	-o|--outfile FILE
	              	Events are appended to FILE.
	-s|--syslog   	Errors and messages go to syslog, once the options have been read.

How long:
	-m|--monitor  	For ever; without it the first event is the last.
	-t|--timeout N	Until nothing has happened for N seconds; 0 is for ever.
	-d|--daemon   	As -m and -s, in the background; needs --outfile, of a file that is there.
	-h|--help     	This text.

Examples:
	NAME -q -e close_write,moved_to incoming
	NAME -m -r --format '%T %w%f %e' --timefmt %T src
	NAME -m -r -q -e close_write --no-newline --format '%w%f%0' src | xargs -0 -n 1 wc -l

Exit status:
	0  -  An event was asked for, and came.
	1  -  An event came that was not asked for (as when a file goes), or something failed.
	2  -  Nothing came in the time of --timeout.

Events:
` + eventsHelp

const eventsHelp = `	access		a file or directory was read
	modify		a file was written
	attrib		permissions, times, owner or number of links changed
	close_write	what was open for writing was closed
	close_nowrite	what was open for reading only was closed
	close		either of the two
	open		a file or directory was opened
	moved_to	something was renamed into the directory
	moved_from	something was renamed out of the directory
	move		either of the two
	move_self	what is watched was renamed
	create		something was made in the directory
	delete		something was removed from the directory
	delete_self	what is watched was removed
	unmount		the file system of what is watched was unmounted
`
