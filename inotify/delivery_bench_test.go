//go:build linux

package inotify

// This file measures delivery from a queue that was filled while nobody read, beside the least that
// can be done: read(2) into a buffer of the same size and a walk over the records, as a C program
// would.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// queued is how many events a round fills the queue with: fewer than the default limit of 16,384.
const queued = 16000

func mustFill(b *testing.B, names []string) {
	b.Helper()
	for i := range queued {
		if err := os.Chmod(names[i%len(names)], os.FileMode(0o600+i/len(names)%2)); err != nil {
			b.Fatal(err)
		}
	}
}

func mustFiles(b *testing.B, dir string, n int) []string {
	b.Helper()
	names := make([]string, n)
	for i := range names {
		names[i] = filepath.Join(dir, fmt.Sprintf("file%08d", i))
		if err := os.WriteFile(names[i], nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return names
}

// rawWalk drains the instance fd as a C program would and returns how many events it saw.
func rawWalk(fd int, buf []byte, sum *uint64) (n int) {
	for {
		got, err := unix.Read(fd, buf)
		if err != nil {
			return n
		}
		for p := 0; p < got; {
			ev := (*unix.InotifyEvent)(unsafe.Pointer(&buf[p]))
			*sum += uint64(ev.Wd) + uint64(ev.Mask) + uint64(buf[p+16])
			p += 16 + int(ev.Len)
			n++
		}
	}
}

// benchmarkDelivery reports the time of one event, and its ratio to the raw walk's, measured in turn.
func benchmarkDelivery(b *testing.B, files int) {
	dir := b.TempDir()
	names := mustFiles(b, dir, files)
	w, err := New()
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Add(dir, Attrib); err != nil {
		b.Fatal(err)
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		b.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_ATTRIB); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 64<<10)
	var sum uint64
	var ours, raw time.Duration
	ctx := context.Background()
	b.ReportAllocs()
	b.ResetTimer()
	b.StopTimer()
	events := 0
	for n := 0; n < b.N; n += queued {
		mustFill(b, names)
		walk := func() {
			start := time.Now()
			if got := rawWalk(fd, buf, &sum); got != queued {
				b.Fatalf("raw walk saw %d of %d events", got, queued)
			}
			raw += time.Since(start)
		}
		first := n/queued%2 == 0 // in turn: who comes second finds the kernel's memory warm
		if first {
			walk()
		}
		b.StartTimer()
		start := time.Now()
		got := 0
		for ev, err := range w.EventsUntilIdle(ctx, 0) {
			if err != nil {
				b.Fatal(err)
			}
			sum += uint64(ev.Mask)
			got++
		}
		ours += time.Since(start)
		b.StopTimer()
		if !first {
			walk()
		}
		if got != queued {
			b.Fatalf("loop saw %d of %d events", got, queued)
		}
		events += got
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(events), "ns/event")
	b.ReportMetric(float64(ours)/float64(raw), "x-raw-read")
}

func BenchmarkDeliveryRepeatingNames(b *testing.B) { benchmarkDelivery(b, 64) }
func BenchmarkDeliveryNewNames(b *testing.B)       { benchmarkDelivery(b, queued) }

func BenchmarkPath(b *testing.B) {
	ev := Event{Name: "file00000001", dir: "/srv/www/uploads"}
	b.ReportAllocs()
	for range b.N {
		benchPath = ev.Path()
	}
}

var benchPath string

// BenchmarkAdd adds and removes a watch, beside the two system calls alone.
func BenchmarkAdd(b *testing.B) {
	dir := b.TempDir()
	b.Run("Add and Remove", func(b *testing.B) {
		w := mustNew(b)
		b.ReportAllocs()
		for range b.N {
			wt, err := w.Add(dir, Create)
			if err != nil {
				b.Fatal(err)
			}
			if err := wt.Remove(); err != nil {
				b.Fatal(err)
			}
			for range w.EventsUntilIdle(context.Background(), 0) { // the Ignored
				break
			}
		}
	})
	b.Run("system calls", func(b *testing.B) {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
		if err != nil {
			b.Fatal(err)
		}
		defer unix.Close(fd)
		buf := make([]byte, readBufferSize)
		for range b.N {
			wd, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE)
			if err == nil {
				_, err = unix.InotifyRmWatch(fd, uint32(wd))
			}
			if err == nil {
				_, err = unix.Read(fd, buf)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
