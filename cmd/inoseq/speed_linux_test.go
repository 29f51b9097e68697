package main

// This file measures what 100,000 events a second cost, beside inotifywait:
//
//	go test ./cmd/inoseq -run '^$' -bench BesideInotifywait -benchtime 5x
//
// Both write to a file on tmpfs, in turn, for the same number of events that another process raises.

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	speedEvents = 200_000
	speedFiles  = 64
)

// raiseEvents is a program: DIR and N are its arguments. It changes the modes of files in turn, evenly
// spaced.
func raiseEvents() {
	dir, n := os.Args[1], must(strconv.Atoi(os.Args[2]))
	var names [speedFiles]string
	for i := range names {
		names[i] = filepath.Join(dir, fmt.Sprintf("name-of-a-file-%d", i))
		must(0, os.WriteFile(names[i], nil, 0o644))
	}
	began := time.Now()
	for i := range n {
		for time.Since(began) < time.Duration(i)*10*time.Microsecond {
		}
		must(0, os.Chmod(names[i%speedFiles], 0o600+os.FileMode(i/speedFiles%2)))
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func BenchmarkJSONBesideInotifywait(b *testing.B) {
	if out, _ := exec.Command("inotifywait", "--help").Output(); !bytes.HasPrefix(out, []byte("inotifywait 3.22")) {
		b.Skip("needs inotifywait 3.22: apt-get install inotify-tools")
	}
	var ours, theirs time.Duration
	var oursLines, theirsLines int
	for range b.N {
		used, lines := readSpeed(b, "inotifywait", "-m", "-e", "attrib")
		theirs, theirsLines = theirs+used, theirsLines+lines
		used, lines = readSpeed(b, "inoseq", "watch", "--json", "-e", "attrib")
		ours, oursLines = ours+used, oursLines+lines
	}
	each := func(d time.Duration, lines int) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(lines) }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(each(ours, oursLines), "CPU-µs/event")
	b.ReportMetric(each(theirs, theirsLines), "inotifywait-CPU-µs/event")
	b.ReportMetric(each(ours, oursLines)/each(theirs, theirsLines), "x-inotifywait")
	b.ReportMetric(float64(oursLines)/float64(b.N*speedEvents), "told")
	b.ReportMetric(float64(theirsLines)/float64(b.N*speedEvents), "inotifywait-told")
}

// readSpeed runs a program while events are raised, and returns the time that it took of processors,
// in the kernel and outside, and how many lines it wrote.
func readSpeed(b *testing.B, name string, args ...string) (used time.Duration, lines int) {
	dir := mustMkdir(b)
	watched := filepath.Join(dir, "watched")
	check(b, os.Mkdir(watched, 0o755))
	out, err := os.Create(filepath.Join(dir, "out"))
	check(b, err)
	defer out.Close()
	cmd := exec.Command(name, append(args, watched)...)
	cmd.Stdout = out
	said, err := cmd.StderrPipe()
	check(b, err)
	check(b, cmd.Start())
	var text strings.Builder
	for buf := make([]byte, 1); !strings.Contains(text.String(), "atches established") && !strings.Contains(text.String(), "watching"); {
		_, err := said.Read(buf)
		check(b, err)
		text.Write(buf)
	}
	check(b, exec.Command("raise-events", watched, strconv.Itoa(speedEvents)).Run())
	for size := int64(-1); ; time.Sleep(100 * time.Millisecond) { // until it has caught up
		info, err := out.Stat()
		check(b, err)
		if info.Size() == size {
			break
		}
		size = info.Size()
	}
	check(b, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait() // inotifywait is ended by the signal
	content, err := os.ReadFile(out.Name())
	check(b, err)
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), bytes.Count(content, []byte("\n"))
}

func check(b *testing.B, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}
