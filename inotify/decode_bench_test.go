package inotify

// This file holds the benchmark of Decode, beside the same work done by an unsafe pointer walk.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"unsafe"
)

// BenchmarkDecode and BenchmarkDecodeUnsafe do equal work. The design allows the first at most 1.5
// times the time of the second, and no allocation. To compare, let them run in turn:
//
//	go test -run '^$' -bench Decode -count 10 ./inotify
func BenchmarkDecode(b *testing.B) { benchmarkWalk(b, sumDecode) }

func BenchmarkDecodeUnsafe(b *testing.B) { benchmarkWalk(b, sumUnsafe) }

func benchmarkWalk(b *testing.B, walk func([]byte) recordSum) {
	for _, load := range benchLoads {
		b.Run(load.name, func(b *testing.B) {
			buf := mustFillBuffer(b, load.nameOf)
			want := sumDecode(buf)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if walk(buf) != want {
					b.Fatal("the sum of the records is wrong")
				}
			}
			b.ReportMetric(float64(want.records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// benchLoads are the shapes of input: a file with a longer name every so often, as in a source
// tree; no names, as from watches on files; and names that fill what NAME_MAX allows.
var benchLoads = []struct {
	name   string
	nameOf func(i int) string
}{
	{"short", func(i int) string { return fmt.Sprintf("file-%d", i) }},
	{"mixed", func(i int) string { return string(bytes.Repeat([]byte{'n'}, i*7%48)) }},
	{"none", func(int) string { return "" }},
	{"long", func(int) string { return string(bytes.Repeat([]byte{'n'}, 255)) }},
}

// mustFillBuffer returns as many records as one read of the default size returns.
func mustFillBuffer(tb testing.TB, nameOf func(i int) string) []byte {
	tb.Helper()
	buf := make([]byte, 0, readBufferSize)
	for i := 0; ; i++ {
		rec := Record{WD: int32(i%64 + 1), Mask: Modify, Cookie: uint32(i), Name: []byte(nameOf(i))}
		next, err := AppendRecord(buf, rec, binary.NativeEndian)
		if err != nil {
			tb.Fatal(err)
		}
		if len(next) > readBufferSize {
			return buf
		}
		buf = next
	}
}

// recordSum is what both walks make of the records, so that neither can leave anything out.
type recordSum struct {
	records, nameBytes int
	numbers            uint32
}

func (s *recordSum) add(wd int32, mask Mask, cookie uint32, name []byte) {
	s.records++
	s.nameBytes += len(name)
	s.numbers += uint32(wd) + uint32(mask) + cookie
}

func sumDecode(buf []byte) (s recordSum) {
	for rec, err := range Decode(buf, binary.NativeEndian) {
		if err != nil {
			break
		}
		s.add(rec.WD, rec.Mask, rec.Cookie, rec.Name)
	}
	return s
}

// rawEvent is struct inotify_event of inotify(7) without its name.
type rawEvent struct {
	wd                int32
	mask, cookie, len uint32
}

// sumUnsafe is how such buffers are commonly walked: the kernel is trusted with the length.
func sumUnsafe(buf []byte) (s recordSum) {
	for pos := 0; pos+HeaderSize <= len(buf); {
		raw := (*rawEvent)(unsafe.Pointer(&buf[pos]))
		var name []byte
		if raw.len > 0 {
			name = unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(raw), HeaderSize)), raw.len)
			if i := bytes.IndexByte(name, 0); i >= 0 {
				name = name[:i]
			}
		}
		s.add(raw.wd, Mask(raw.mask), raw.cookie, name)
		pos += HeaderSize + int(raw.len)
	}
	return s
}

func TestTheUnsafeWalkOfTheBenchmarkSeesWhatDecodeSees(t *testing.T) {
	for _, load := range benchLoads {
		buf := mustFillBuffer(t, load.nameOf)
		if got, want := sumUnsafe(buf), sumDecode(buf); got != want || got.records < 100 {
			t.Errorf("%s: unsafe walk %+v, Decode %+v", load.name, got, want)
		}
	}
}
