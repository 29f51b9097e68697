//go:build linux

package inotify

// This file measures what is done with records that have been read, without the system call: little
// beside what the kernel does, and so lost in the noise of delivery_bench_test.go.

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
)

func benchmarkBuffer(b *testing.B, nameOf func(i int) string) {
	dir := b.TempDir()
	w, err := New()
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	wt, err := w.Add(dir, Attrib)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	for range w.EventsUntilIdle(ctx, 0) { // makes the buffer
		b.Fatal("an event of nothing")
	}
	var sum uint64
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		b.StopTimer()
		buf, records := w.source.buf[:0], 0
		for {
			rec := Record{WD: wt.WD(), Mask: Attrib, Name: []byte(nameOf(n + records))}
			next, err := AppendRecord(buf, rec, binary.NativeEndian)
			if err != nil {
				b.Fatal(err)
			}
			if len(next) > readBufferSize {
				break
			}
			buf = next
			records++
		}
		b.StartTimer()
		for range 16 { // the same again, so that the timer's steps do not count
			w.source.start, w.source.end = 0, len(buf)
			for ev, err := range w.EventsUntilIdle(ctx, 0) {
				if err != nil {
					b.Fatal(err)
				}
				sum += uint64(ev.Mask)
				n++
			}
		}
	}
}

func BenchmarkBufferRepeatingNames(b *testing.B) {
	benchmarkBuffer(b, func(i int) string { return fmt.Sprintf("file%08d", i%64) })
}

func BenchmarkBufferNewNames(b *testing.B) {
	benchmarkBuffer(b, func(i int) string { return fmt.Sprintf("file%08d", i) })
}
