// Package compat is inotifywait and inotifywatch of inotify-tools 3.22.6.0, as Debian 12 ships them:
// their options, output, messages and exit statuses. What is wrong there is right here, and only that
// differs; the list is testdata/allowed.txt, with a reason each, and a test holds that it is complete and
// not too long.
package compat

// This file holds what both programs share: their surroundings, exit statuses and errors.

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Env is what a program has from its caller.
type Env struct {
	Name           string // of the program, for the messages about options
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Command        bool // it is called as a command of inoseq: what only that has, is there
}

// Exit statuses.
const (
	statusFine    = 0
	statusFailed  = 1
	statusTimeout = 2
)

// Version is that of inotify-tools.
const Version = "3.22.6.0"

// reason is what strerror(3) says of err.
func reason(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// refuseFanotify tells that -F and -S are not there. Debian's programs take them and watch with inotify
// all the same, which is not what was asked for.
func refuseFanotify(env Env, opt byte) {
	name := map[byte]string{'F': "-F (--fanotify)", 'S': "-S (--filesystem)"}[opt]
	fmt.Fprintf(env.Stderr, "%s: %s needs fanotify(7), which is not used here: leave it out to watch with inotify(7), -r for all below.\n",
		env.Name, name)
}

func tellInitError(stderr io.Writer, err error) {
	fmt.Fprintf(stderr, "Couldn't initialize inotify: %s\n", reason(err))
	if errors.Is(err, syscall.EMFILE) {
		fmt.Fprintln(stderr, "Try increasing the value of /proc/sys/fs/inotify/max_user_instances")
	}
}

// tellWatchError tells why path cannot be watched; couldNot is the verb.
func tellWatchError(say func(string, ...any), couldNot, path string, err error) {
	if errors.Is(err, syscall.ENOSPC) {
		say("Failed to watch %s; upper limit on inotify watches reached!\n", path)
		say("Please increase the amount of inotify watches allowed per user via `/proc/sys/fs/inotify/max_user_watches'.\n")
		return
	}
	say("%s %s: %s\n", couldNot, path, reason(err))
}

// tellNoEvent tells of a word after -e that names none.
func tellNoEvent(stderr io.Writer, word string) {
	fmt.Fprintf(stderr, "'%s' is not a valid event!  Run with the '--help' option to see a list of events.\n", word)
}

// Main runs the program that a command line is for, if it is one of the two: by the name that the
// process was started as, or by the first argument, wait or stat.
func Main(args []string) (status int, ok bool) {
	if status, ok := Daemon(); ok {
		return status, true
	}
	if len(args) == 0 {
		return 0, false
	}
	env := Env{Name: args[0], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	switch filepath.Base(args[0]) {
	case "inotifywait":
		defaultSignals()
		return Wait(env, args[1:]), true
	case "inotifywatch":
		defaultSignals()
		return Stat(env, args[1:]), true
	}
	if len(args) < 2 {
		return 0, false
	}
	env.Command = true
	switch args[1] {
	case "wait":
		env.Name = "inotifywait"
		defaultSignals()
		return Wait(env, args[2:]), true
	case "stat":
		env.Name = "inotifywatch"
		defaultSignals()
		return Stat(env, args[2:]), true
	}
	return 0, false
}
