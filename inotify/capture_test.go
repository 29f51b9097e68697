package inotify

// This file reads the captures in testdata/captures, which capture_linux_test.go makes, and holds
// each against the listing beside it: one record a line, as a person reads it.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const captureDir = "testdata/captures"

// mustReadCaptures returns the captures by name: bytes of a little-endian kernel.
func mustReadCaptures(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(captureDir, "*.bin"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no captures in %s: %v", captureDir, err)
	}
	captures := make(map[string][]byte)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		captures[strings.TrimSuffix(filepath.Base(file), ".bin")] = raw
	}
	return captures
}

// listing returns one line a record.
func listing(recs []told) string {
	var b strings.Builder
	for _, r := range recs {
		fmt.Fprintf(&b, "wd %d, %v, cookie %d, name %q\n", r.WD, r.Mask, r.Cookie, r.Name)
	}
	return b.String()
}

func TestCapturesDecodeAsTheirListingsSay(t *testing.T) {
	for name, raw := range mustReadCaptures(t) {
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join(captureDir, name+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")) // a checkout on Windows
			recs, err := mustTell(t, Decode(raw, binary.LittleEndian))
			if err != nil {
				t.Fatal(err)
			}
			if got := listing(recs); got != string(want) {
				t.Errorf("decoded:\n%slisted:\n%s", got, want)
			}
			var again []byte
			for rec := range Decode(raw, binary.LittleEndian) {
				if again, err = AppendRecord(again, rec, binary.LittleEndian); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(again, raw) {
				t.Errorf("the kernel wrote %q\nAppendRecord   %q", raw, again)
			}
		})
	}
}
