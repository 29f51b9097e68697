package capture

// This file tests the lines of a capture: that they come back, and what is said of damage.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/inoseq/inoseq/inotify"
)

const head = `{"capture":1,"order":"big","kernel":"6.18","events":"CREATE"}` + "\n"

// readAll returns the entries of a capture, and what it ends with.
func readAll(r io.Reader) (h Head, entries []any, err error) {
	c, h, err := NewReader(r)
	for err == nil {
		var entry any
		if entry, err = c.Next(); err == nil {
			entries = append(entries, entry)
		}
	}
	return h, entries, err
}

func drawEntry(t *rapid.T) any {
	if rapid.Bool().Draw(t, "watch") {
		return &Watch{
			WD: rapid.Int32Min(1).Draw(t, "wd"), In: rapid.Int32Min(0).Draw(t, "in"),
			Path: string(rapid.SliceOf(rapid.Byte()).Draw(t, "path")),
			Mask: inotify.Mask(rapid.Uint32().Draw(t, "mask")),
		}
	}
	return &Read{
		Time: time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
		Raw:  rapid.SliceOf(rapid.Byte()).Draw(t, "raw"),
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Head{
			Order:  rapid.SampledFrom([]binary.ByteOrder{binary.LittleEndian, binary.BigEndian}).Draw(t, "order"),
			Kernel: rapid.String().Draw(t, "kernel"),
			Events: inotify.Mask(rapid.Uint32().Draw(t, "events")),
		}
		want := rapid.SliceOf(rapid.Custom(drawEntry)).Draw(t, "entries")
		text := AppendHead(nil, h)
		for _, entry := range want {
			switch entry := entry.(type) {
			case *Watch:
				text = AppendWatch(text, *entry)
			case *Read:
				text = AppendRead(text, *entry)
			}
		}
		if n := bytes.Count(text, []byte("\n")); n != 1+len(want) {
			t.Fatalf("%d lines for %d entries", n, len(want))
		}
		got, entries, err := readAll(iotest.HalfReader(bytes.NewReader(text)))
		if err != io.EOF || got != h && got.Kernel == h.Kernel || len(entries) != len(want) {
			t.Fatalf("%s\n%+v, %d entries, %v", text, got, len(entries), err)
		}
		for i := range want {
			if !reflect.DeepEqual(entries[i], want[i]) {
				t.Fatalf("entry %d is %+v, want %+v", i, entries[i], want[i])
			}
		}
	})
}

func TestTheNativeOrderHasItsName(t *testing.T) {
	_, _, err := NewReader(bytes.NewReader(AppendHead(nil, Head{Order: binary.NativeEndian})))
	if err != nil {
		t.Error(err)
	}
}

func TestACaptureThatIsCutOffHasAllWholeLinesAndSaysWhere(t *testing.T) {
	text := head +
		`{"wd":1,"path":"d","mask":"CREATE"}` + "\n" +
		`{"time":"2026-11-23T18:40:16Z","raw":"AQAAAAABAEAAAAAAEAAAAG4AAAAAAAAAAAAAAAAAAAA="}` + "\n"
	lines := strings.SplitAfter(text, "\n")
	for cut := range len(text) + 1 {
		whole, offset := 0, 0
		for whole < 3 && offset+len(lines[whole])-1 <= cut { // a line that lacks only its end is whole
			offset += len(lines[whole])
			whole++
		}
		_, entries, err := readAll(strings.NewReader(text[:cut]))
		var at *LineError
		switch {
		case whole > 0 && cut >= offset-1 && cut <= offset:
			if err != io.EOF || len(entries) != whole-1 {
				t.Errorf("cut at %d: %d entries, %v", cut, len(entries), err)
			}
		case !errors.As(err, &at) || at.Line != whole+1 || at.Offset != int64(offset) || len(entries) != max(0, whole-1):
			t.Errorf("cut at %d: %d entries, %v", cut, len(entries), err)
		}
	}
}

func TestDamageIsToldWithLineAndOffset(t *testing.T) {
	for _, c := range []struct {
		text string
		line int
		says string
	}{
		{"", 1, "not a capture"},
		{"\n", 1, "not a capture"},
		{"hello\n", 1, "not a capture"},
		{"hello", 1, "not a capture"},
		{`{"wd":1,"path":"d"}` + "\n", 1, "not a capture"},
		{`{"capture":2,"order":"big"}` + "\n", 1, "version 2"},
		{`{"capture":1,"order":"middle"}` + "\n", 1, `"middle"`},
		{`{"capture":1,"ord`, 1, "cut off"},
		{head + "\n", 2, "unexpected end"},
		{head + "{}\n", 2, "neither a watch nor a read"},
		{head + "[1]\n", 2, ": neither a watch nor a read"},
		{head + `{"wd":"1","path":"d"}` + "\n", 2, `: the member "wd" cannot be a string`},
		{head + `{"wd":1}` + "\n", 2, "neither"},
		{head + `{"wd":0,"path":"d"}` + "\n", 2, "begin at 1"},
		{head + `{"wd":1,"path":"d","raw":""}` + "\n", 2, "both"},
		{head + `{"wd":1,"path":"d","mask":"FOO"}` + "\n", 2, "FOO"},
		{head + `{"time":"now","raw":""}` + "\n", 2, "now"},
		{head + `{"raw":"*"}` + "\n", 2, "base64"},
		{head + `{"raw":""}` + "\n" + strings.Repeat(" ", longestLine+1) + "\n", 3, "longer than"},
	} {
		_, _, err := readAll(strings.NewReader(c.text))
		var at *LineError
		if !errors.As(err, &at) || at.Line != c.line || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.80q: %v; want line %d, %q", c.text, err, c.line, c.says)
		}
	}
	broken := errors.New("broken")
	if _, _, err := readAll(io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken))); err != broken {
		t.Errorf("an error of the reader comes back as %v", err)
	}
}

func TestMembersThatAreNotKnownArePassedOver(t *testing.T) {
	_, entries, err := readAll(strings.NewReader(head + `{"wd":1,"path":"d","color":"red"}` + "\n"))
	if err != io.EOF || len(entries) != 1 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(head + `{"wd":1,"path":"d","mask":"CREATE"}` + "\n" + `{"wd":2,"in":1,"path":"d/e","mask":"CREATE"}` + "\n" +
		`{"time":"2026-11-23T18:40:16Z","raw":"AQAAAAABAEAAAAAAEAAAAG4AAAAAAAAAAAAAAAAAAAA="}` + "\n"))
	f.Add([]byte(strings.Replace(head, "big", "little", 1) + `{"wd":2,"in":2,"path":"d/e","path_b64":"/w=="}` + "\n" +
		`{"raw":"AgAAAAAIAAAAAAAAAAAAAAIAAAAAgAAAAAAAAAAAAAA="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, h, err := NewReader(bytes.NewReader(text))
		places := NewPlaces()
		for err == nil {
			var entry any
			entry, err = c.Next()
			switch entry := entry.(type) {
			case *Watch:
				places.Set(*entry)
			case *Read:
				for rec, err := range inotify.Decode(entry.Raw, h.Order) {
					if err == nil {
						places.Tell(rec)
					}
				}
			}
		}
		var at *LineError
		if err != io.EOF && (!errors.As(err, &at) || at.Offset > int64(len(text)) || at.Line > 1+bytes.Count(text, []byte("\n"))) {
			t.Fatal(err)
		}
	})
}
