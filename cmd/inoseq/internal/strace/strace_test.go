package strace

// This file tests traces of real programs, in testdata with what is to be found in them, in the forms
// that strace can write; and lines that are hard.
//
// tail.txt is of tail -n1 -F w/log, inotifywait.txt of inotifywait -m -t 1 w, go.txt of inoseq watch w,
// the others of fork.c, fork-stderr.txt without -o and with -ttt -T -y.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/inoseq/inoseq/inotify"
)

func mustReadFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// told returns a line for each event and error.
func told(text string) string {
	var b strings.Builder
	for ev, err := range Decode(strings.NewReader(text), binary.LittleEndian) {
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
			continue
		}
		fmt.Fprintf(&b, "pid %d fd %d: %v %q %q", ev.PID, ev.FD, ev.Record.Mask, ev.Path, ev.Record.Name)
		if !ev.Time.IsZero() {
			fmt.Fprintf(&b, " at %v", ev.Time)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestTracesOfRealProgramsTellWhatTheyWereTold(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) < 5 {
		t.Fatalf("%d traces, %v", len(names), err)
	}
	for _, name := range names {
		want := mustReadFile(t, strings.TrimSuffix(name, "txt")+"want")
		if got := told(mustReadFile(t, name)); got != want {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
}

// forms are what options of strace do to a line behind its pid.
var forms = map[string]func(r *rand.Rand, rest string) string{
	"-t":     func(_ *rand.Rand, rest string) string { return "18:31:21 " + rest },
	"-tt":    func(_ *rand.Rand, rest string) string { return "18:31:21.478299 " + rest },
	"-r":     func(_ *rand.Rand, rest string) string { return "     0.000123 " + rest },
	"-tt -r": func(_ *rand.Rand, rest string) string { return "18:31:21.478299 (+     0.000123) " + rest },
	"-i -n":  func(_ *rand.Rand, rest string) string { return "[00007f0a1b2c3d4e] [ 253] " + rest },
	"-T": func(_ *rand.Rand, rest string) string {
		if strings.Contains(rest, ") ") && strings.Contains(rest, "= ") && !strings.HasPrefix(rest, "---") {
			return rest + " <0.000012>"
		}
		return rest
	},
	"among others": func(r *rand.Rand, rest string) string {
		return []string{"", "hello\n", "tail: no files remaining\n", "\n", "read(\n"}[r.Intn(5)] + rest
	},
}

func TestTheFormOfLinesMakesNoDifference(t *testing.T) {
	for _, name := range []string{"tail", "fork", "inotifywait"} {
		text := mustReadFile(t, "testdata/"+name+".txt")
		want := mustReadFile(t, "testdata/"+name+".want")
		for options, form := range forms {
			r := rand.New(rand.NewSource(1))
			var b strings.Builder
			for _, line := range strings.SplitAfter(text, "\n") {
				pid, rest, _ := strings.Cut(line, "  ")
				if rest == "" {
					continue
				}
				formed := form(r, strings.TrimSuffix(rest, "\n"))
				if before, rest, ok := cutLast(formed, "\n"); ok { // what the program wrote, on a line of its own
					fmt.Fprintln(&b, before)
					formed = rest
				}
				fmt.Fprintf(&b, "%s  %s\n", pid, formed)
			}
			if got := told(b.String()); got != want {
				t.Errorf("%s, %s: got\n%swant\n%s", name, options, got, want)
			}
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// create is what read(2) returns when x was made in the watch 1.
const create = `\1\0\0\0\0\1\0\0\0\0\0\0\20\0\0\0x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0`

// x is the end of a read(2) that returns it.
const x = `"` + create + `", 4096) = 32` + "\n"

// hardLines are traces, by what is hard in them, with what they tell.
var hardLines = map[string]struct{ text, want string }{
	"a descriptor that is copied": {`inotify_init1(0) = 3
inotify_add_watch(3, "d", IN_CREATE) = 1
dup2(3, 7) = 7
dup3(7, 8, O_CLOEXEC) = 8
fcntl(8, F_DUPFD, 20) = 20
close(3) = 0
close(7) = 0
close(8) = 0
read(20, ` + x, "pid 0 fd 20: CREATE \"d\" \"x\"\n"},
	"what is closed is not read": {`inotify_init1(0) = 3
inotify_add_watch(3, "d", IN_CREATE) = 1
close_range(3, 4294967295, 0) = 0
read(3, ` + x, ""},
	"two threads": {`10 inotify_init1(0) = 3
10 inotify_add_watch(3, "d", IN_CREATE) = 1
10 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, exit_signal=0} <unfinished ...>
11 read(3,  <unfinished ...>
10 <... clone3 resumed> => {parent_tid=[11]}, 88) = 11
10 close(3) = 0
10 inotify_init1(0) = 3
11 <... read resumed>` + x, "pid 11 fd 3: CREATE \"d\" \"x\"\n"},
	"what a thread makes, the others have": {`10 inotify_init1(0) = 3
10 clone(flags=CLONE_VM|CLONE_FILES) = 11
10 fork() = 12
11 close(3) = 0
11 inotify_init1(0) = 4
11 inotify_add_watch(4, "d", IN_CREATE) = 1
10 read(3, ` + x + "12 read(4, " + x + "12 read(3, " + x + "10 read(4, " + x,
		"pid 12 fd 3: CREATE \"\" \"x\"\npid 10 fd 4: CREATE \"d\" \"x\"\n"},
	"a close that returns late": {`10 inotify_init1(0) = 3
10 clone(flags=CLONE_FILES) = 11
11 close(3 <unfinished ...>
10 inotify_init1(0) = 3
10 inotify_add_watch(3, "d", IN_CREATE) = 1
11 <... close resumed>) = 0
10 read(3, ` + x, "pid 10 fd 3: CREATE \"d\" \"x\"\n"},
	"a child that becomes another program": {`10 inotify_init1(IN_CLOEXEC) = 3
10 inotify_init1(0) = 4
10 inotify_add_watch(3, "d", IN_CREATE) = 1
10 inotify_add_watch(4, "e", IN_CREATE) = 1
10 vfork() = 11
11 execve("/bin/x", ["x"], 0x1 /* 2 vars */) = 0
11 read(3, ` + x + "11 read(4, " + x + "10 read(3, " + x,
		"pid 11 fd 4: CREATE \"e\" \"x\"\npid 10 fd 3: CREATE \"d\" \"x\"\n"},
	"a child whose start is not traced": {`10 inotify_init1(0) = 3
10 inotify_add_watch(3, "d", IN_CREATE) = 1
11 close(3) = 0
12 read(3, ` + x + "11 read(3, " + x + "10 read(3, " + x,
		"pid 12 fd 3: CREATE \"d\" \"x\"\npid 10 fd 3: CREATE \"d\" \"x\"\n"},
	"the only process has no pid": {`inotify_init1(0) = 3
inotify_add_watch(3, "d", IN_CREATE) = 1
fork(strace: Process 11 attached
) = 11
[pid    11] read(3, ` + x + `[pid    10] read(3, ` + x + "[pid    10] close(3) = 0\n[pid    10] +++ exited with 0 +++\nread(3, " + x,
		"pid 11 fd 3: CREATE \"d\" \"x\"\npid 10 fd 3: CREATE \"d\" \"x\"\npid 11 fd 3: CREATE \"d\" \"x\"\n"},
	"names of processes": {`[pid    10<a b>] inotify_init1(0) = 3
[pid    10<a b>] inotify_add_watch(3, "d\"),\n(", IN_CREATE) = 1
[pid    10<a b>] read(3, ` + x, "pid 10 fd 3: CREATE \"d\\\"),\\n(\" \"x\"\n"},
	"instances said by -y": {`read(3<anon_inode:inotify>, ` + x + `read(4</a, (b>(deleted), ` + x +
		`read(5<\x61\x6e\x6f\x6e\x5f\x69\x6e\x6f\x64\x65\x3a\x69\x6e\x6f\x74\x69\x66\x79>, ` + x +
		`read(6<TCP:[127.0.0.1:80->127.0.0.1:90]>, ` + x,
		"pid 0 fd 3: CREATE \"\" \"x\"\npid 0 fd 5: CREATE \"\" \"x\"\n"},
	"another file under the number": {`inotify_init1(0) = 3
inotify_add_watch(3, "d", IN_CREATE) = 1
read(3, "\x7fELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0", 18) = 18
read(3, ` + x, ""},
	"data that was cut off": {`inotify_init1(0) = 3
inotify_add_watch(3, "d", IN_CREATE) = 1
read(3, "` + create + `\1\0\0\0\0\1"..., 4096) = 96
inotify_add_watch(3, "long"..., IN_CREATE) = 2
inotify_add_watch(3, 0x7ffd, IN_CREATE) = 3
read(3, 0x7ffd, 4096) = 32
read(3, ` + x,
		"error: line 3: strace cut what read(2) returned off after 38 of 96 bytes: run it with -s 65536\n" +
			"pid 0 fd 3: CREATE \"d\" \"x\"\n" +
			"error: line 4: strace cut the path \"long\" off: run it with -s 65536\n" +
			"error: line 5: the path that is watched is not shown: 0x7ffd\n" +
			"error: line 6: what read(2) returned from descriptor 3, an inotify instance, is not shown\n" +
			"pid 0 fd 3: CREATE \"d\" \"x\"\n"},
	"the other byte order": {`inotify_init1(0) = 3
read(3, "\0\0\0\1\0\0\1\0\0\0\0\0\0\0\0\0", 16) = 16
`, "error: line 2: the events are in the other byte order: say so with --order\n"},
	"calls that fail": {`inotify_init1(0) = -1 EMFILE (Too many open files)
inotify_init1(0) = 3
inotify_add_watch(3, "d", IN_CREATE) = -1 ENOENT (No such file or directory)
read(3, 0x1, 10) = -1 EAGAIN (Resource temporarily unavailable)
read(3, 0x1, 10) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
`, ""},
	"nothing at all": {"", ""},
	"something else": {"hello\nworld\n", "error: no system call is here: this is not output of strace\n"},
}

func TestHardLines(t *testing.T) {
	for name, test := range hardLines {
		if got := told(test.text); got != test.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, test.want)
		}
	}
}

func TestAWatchThatIsGoneHasNoPath(t *testing.T) {
	const ignored = `"\1\0\0\0\0\200\0\0\0\0\0\0\0\0\0\0", 99) = 16` + "\n"
	got := told("inotify_init() = 3\ninotify_add_watch(3, \"d\", IN_CREATE) = 1\ninotify_rm_watch(3, 1) = 0\n" +
		"read(3, " + ignored + "read(3, " + ignored)
	if want := "pid 0 fd 3: IGNORED \"d\" \"\"\npid 0 fd 3: IGNORED \"\" \"\"\n"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestAnErrorOfTheReaderAndALineBeyondAllMeasureEndTheSequence(t *testing.T) {
	broken := errors.New("broken")
	var last error
	for _, err := range Decode(io.MultiReader(strings.NewReader("close(3) = 0\n"), iotest.ErrReader(broken)), binary.LittleEndian) {
		last = err
	}
	if last != broken {
		t.Errorf("the last error is %v", last)
	}
	for _, err := range Decode(strings.NewReader("close(3) = 0\n"+strings.Repeat("x", longestLine+1)), binary.LittleEndian) {
		last = err
	}
	var at *LineError
	if !errors.As(last, &at) || at.Line != 2 {
		t.Errorf("the last error is %v", last)
	}
}

func TestALoopThatBreaksGetsNoMore(t *testing.T) {
	text := mustReadFile(t, "testdata/inotifywait.txt")
	for range Decode(strings.NewReader(text), binary.LittleEndian) {
		break
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("10 inotify_init1(0) = 3\n10 inotify_add_watch(3, \"d\", IN_CREATE) = 1\n10 clone(flags=CLONE_FILES <unfinished ...>\n" +
		"11 read(3<anon_inode:inotify>,  <unfinished ...>\n10 <... clone resumed>) = 11\n11 <... read resumed>\"" + create + "\", 99) = 32 <0.1>\n")
	f.Add("1795458681.461217 dup3(3, 4, O_CLOEXEC) = 4\n[pid 1] fork(strace: Process 2 attached\n) = 2\n+++ exited with 0 +++\n" +
		"18:31:21 (+ 0.1) fcntl(3, F_DUPFD, 20) = 20\nclose_range(3, 4294967295, 0) = 0\nexecve(\"\") = 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		bytes := 0
		for ev, err := range Decode(strings.NewReader(text), binary.LittleEndian) {
			if err == nil {
				bytes += inotify.HeaderSize + len(ev.Record.Name)
			}
		}
		if bytes > len(text) {
			t.Fatalf("%d bytes of events in %d bytes", bytes, len(text))
		}
	})
}
