package compat

// This file tests the reading of command lines: by a table, and against getopt(1) of util-linux, which
// hands them to getopt_long(3) of the C library.

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// testLong have letters of their own, so that what next returns tells long options from short ones.
var testLong = []longOption{
	{"monitor", false, 'M'}, {"recursive", false, 'R'}, {"timeout", true, 'T'}, {"timefmt", true, 'I'},
	{"exclude", true, 'X'}, {"excludei", true, 'Y'}, {"no-newline", false, 'N'}, {"q", false, 'Q'},
}

const testShort = "mrt:e:"

// readOptions returns what args are read as, in the form in which getopt(1) prints it, and the messages.
func readOptions(args []string) (text, messages string) {
	var stderr, b bytes.Buffer
	line := options{name: "getopt", stderr: &stderr, short: testShort, long: testLong, args: args}
	for {
		opt, arg := line.next()
		if opt == endOfOptions {
			break
		}
		if opt == wrongOption {
			continue
		}
		name, takes := "-"+string(opt), strings.Contains(testShort, string(opt)+":")
		for _, long := range testLong {
			if long.short == opt {
				name, takes = "--"+long.name, long.arg
			}
		}
		fmt.Fprintf(&b, " %s", name)
		if takes {
			fmt.Fprintf(&b, " '%s'", arg)
		}
	}
	b.WriteString(" --")
	for _, arg := range line.rest {
		fmt.Fprintf(&b, " '%s'", arg)
	}
	return b.String(), stderr.String()
}

func TestOptionsAreReadAsByGetoptLong(t *testing.T) {
	for _, tt := range []struct{ args, want, messages string }{
		{"", " --", ""},
		{"a -m b --recursive c", " -m --recursive -- 'a' 'b' 'c'", ""},
		{"-mr", " -m -r --", ""},
		{"-mt5 -t 6", " -m -t '5' -t '6' --", ""},
		{"-t -m", " -t '-m' --", ""},
		{"-t --", " -t '--' --", ""},
		{"-m -- -r x", " -m -- '-r' 'x'", ""},
		{"- -m", " -m -- '-'", ""},
		{"--mon --no-n", " --monitor --no-newline --", ""},
		{"--timeo=5 --timeout 6 --timeout=", " --timeout '5' --timeout '6' --timeout '' --", ""},
		{"--exclude a --excludei b", " --exclude 'a' --excludei 'b' --", ""},
		{"--q", " --q --", ""},
		{"--t 5", " -- '5'", "getopt: option '--t' is ambiguous; possibilities: '--timeout' '--timefmt'\n"},
		{"--ex=5", " --", "getopt: option '--ex=5' is ambiguous; possibilities: '--exclude' '--excludei'\n"},
		{"--none=5 x", " -- 'x'", "getopt: unrecognized option '--none=5'\n"},
		{"--mon=5", " --", "getopt: option '--monitor' doesn't allow an argument\n"},
		{"--timeout", " --", "getopt: option '--timeout' requires an argument\n"},
		{"-t", " --", "getopt: option requires an argument -- 't'\n"},
		{"-mzr", " -m -r --", "getopt: invalid option -- 'z'\n"},
		{"-:", " --", "getopt: invalid option -- ':'\n"},
		{"-m-", " -m --", "getopt: invalid option -- '-'\n"},
	} {
		text, messages := readOptions(strings.Fields(tt.args))
		if text != tt.want || messages != tt.messages {
			t.Errorf("%q: %q, %q, want %q, %q", tt.args, text, messages, tt.want, tt.messages)
		}
	}
}

func TestPOSIXLY_CORRECTEndsOptionsAtTheFirstOther(t *testing.T) {
	t.Setenv("POSIXLY_CORRECT", "")
	if text, messages := readOptions([]string{"-m", "a", "-r"}); text != " -m -- 'a' '-r'" || messages != "" {
		t.Errorf("%q, %q", text, messages)
	}
}

// mustGetopt returns what getopt(1) makes of args.
func mustGetopt(t testing.TB, path string, args []string) (text, messages string) {
	t.Helper()
	var long []string
	for _, l := range testLong {
		name := l.name
		if l.arg {
			name += ":"
		}
		long = append(long, name)
	}
	cmd := exec.Command(path, append([]string{"-n", "getopt", "-o", testShort, "-l", strings.Join(long, ","), "--"}, args...)...)
	cmd.Env = []string{"LC_ALL=C"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 { // 1: messages
		t.Fatalf("getopt: %v\n%s", err, &stderr)
	}
	return strings.TrimSuffix(stdout.String(), "\n"), stderr.String()
}

func TestOptionsAreReadAsGetoptReadsThem(t *testing.T) {
	path, err := exec.LookPath("getopt")
	if err != nil {
		t.Skipf("needs getopt of util-linux with the GNU C library: %v", err)
	}
	version, _ := exec.Command(path, "-V").Output()
	if _, messages := mustGetopt(t, path, []string{"-z"}); !strings.HasPrefix(string(version), "getopt from util-linux") ||
		messages != "getopt: invalid option -- 'z'\n" {
		t.Skipf("needs getopt of util-linux with the GNU C library: it is %q, and says %q", version, messages)
	}
	words := []string{
		"-", "--", "-m", "-r", "-mr", "-t", "-t5", "-mt", "-me5", "-e", "-z", "-mz", "-:", "-t:", "a", "b", "5",
		"--m", "--monitor", "--mon=1", "--t", "--time", "--timeo", "--timeout", "--timeout=", "--timeout=5", "--timef=a",
		"--ex", "--exclude", "--exclude=a", "--excludei", "--q", "--no", "--none", "--=", "--=5", "-M", "-m-", "-=",
	}
	rapid.Check(t, func(r *rapid.T) {
		args := rapid.SliceOfN(rapid.SampledFrom(words), 0, 6).Draw(r, "args")
		text, messages := readOptions(args)
		if theirs, said := mustGetopt(t, path, args); text != theirs || messages != said {
			r.Fatalf("%q: %q, %q; getopt prints %q, %q", args, text, messages, theirs, said)
		}
	})
}
