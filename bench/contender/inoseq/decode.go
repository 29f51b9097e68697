//go:build linux

package main

// This file decodes alone: with the library's Decode, with a walk by unsafe pointers, and with a decoder
// that makes a string of every name.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"github.com/inoseq/inoseq/inotify"
)

// sum is what every walk makes of the records, so that none can leave anything out.
type sum struct {
	records, nameBytes int
	numbers            uint32
}

func (s *sum) add(wd int32, mask, cookie uint32, nameBytes int) {
	s.records++
	s.nameBytes += nameBytes
	s.numbers += uint32(wd) + mask + cookie
}

// walks are the decoders by name.
var walks = []struct {
	name string
	walk func([]byte) sum
}{
	{"unsafe", walkUnsafe},
	{"inoseq", walkInoseq},
	{"strings", walkStrings},
}

// decode has each decoder go through at least n records of a buffer as read(2) returns it.
func decode(n int) map[string]float64 {
	buf := records()
	want := walkInoseq(buf)
	figures := map[string]float64{}
	var before, after runtime.MemStats
	for _, w := range walks {
		w.walk(buf)
		runtime.GC()
		runtime.ReadMemStats(&before)
		start, done := time.Now(), 0
		for done < n {
			got := w.walk(buf)
			if got != want {
				panic(fmt.Sprintf("%s: %+v, want %+v", w.name, got, want))
			}
			done += got.records
		}
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		figures[w.name+"/records"] = float64(done) / took.Seconds()
		figures[w.name+"/time"] = float64(took) / float64(done)
		figures[w.name+"/mallocs"] = float64(after.Mallocs-before.Mallocs) / float64(done)
	}
	return figures
}

// records fills 64 KiB with names as a source tree has them.
func records() (buf []byte) {
	for i := 0; ; i++ {
		name := fmt.Sprintf("file%d%s.go", i, strings.Repeat("x", i%13))
		rec := inotify.Record{WD: int32(i%64 + 1), Mask: inotify.Modify, Cookie: uint32(i), Name: []byte(name)}
		next, err := inotify.AppendRecord(buf, rec, binary.NativeEndian)
		if err != nil {
			panic(err)
		}
		if len(next) > 64<<10 {
			return buf
		}
		buf = next
	}
}

func walkInoseq(buf []byte) (s sum) {
	for rec, err := range inotify.Decode(buf, binary.NativeEndian) {
		if err != nil {
			panic(err)
		}
		s.add(rec.WD, uint32(rec.Mask), rec.Cookie, len(rec.Name))
	}
	return s
}

// header is struct inotify_event of inotify(7) without its name.
type header struct {
	wd                int32
	mask, cookie, len uint32
}

// walkUnsafe trusts the kernel with the length, as such walks do.
func walkUnsafe(buf []byte) (s sum) {
	for p := 0; p+16 <= len(buf); {
		h := (*header)(unsafe.Pointer(&buf[p]))
		var name []byte
		if h.len > 0 {
			name = unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(h), 16)), h.len)
			if i := bytes.IndexByte(name, 0); i >= 0 {
				name = name[:i]
			}
		}
		s.add(h.wd, h.mask, h.cookie, len(name))
		p += 16 + int(h.len)
	}
	return s
}

var lastName string

// walkStrings makes a string of every name.
func walkStrings(buf []byte) (s sum) {
	for p := 0; p+16 <= len(buf); {
		h := (*header)(unsafe.Pointer(&buf[p]))
		lastName = string(bytes.TrimRight(buf[p+16:p+16+int(h.len)], "\x00"))
		s.add(h.wd, h.mask, h.cookie, len(lastName))
		p += 16 + int(h.len)
	}
	return s
}
