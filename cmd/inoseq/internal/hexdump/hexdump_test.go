package hexdump

// This file tests the dumps in testdata, which the programs wrote that their names tell, and dumps
// that are none.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func mustReadFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDumpsOfManyProgramsAreTheSameBytes(t *testing.T) {
	want := mustReadFile(t, "testdata/bytes")
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d dumps, %v", len(names), err)
	}
	for _, name := range names {
		dump := mustReadFile(t, name)
		for how, r := range map[string]io.Reader{
			"at once": bytes.NewReader(dump), "byte by byte": iotest.OneByteReader(bytes.NewReader(dump)),
		} {
			got, err := io.ReadAll(NewReader(r))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, %s: %v\n got %x\nwant %x", name, how, err, got, want)
			}
		}
	}
}

func TestADumpOfNothingIsNothing(t *testing.T) {
	for _, text := range []string{"", "\n", " \n\t\n", "0000000\n"} {
		if got, err := io.ReadAll(NewReader(strings.NewReader(text))); len(got) > 0 || err != nil {
			t.Errorf("%q: %x, %v", text, got, err)
		}
	}
}

var faults = []struct {
	text         string
	line, column int
	good         int // bytes before it
	says         string
}{
	{"0100 0", 1, 6, 2, "whole bytes"},
	{"01 02\n03 0g\n", 2, 5, 3, "not a hexadecimal digit"},
	{"01 02\n*\n", 2, 1, 2, "od -v"},
	{"\n00000000: 0100  ..\n00000003: 01  .\n", 3, 1, 2, "lines missing"},
	{"00000000: 0100  ..\n00000002 01  .\n", 2, 9, 2, "colon"},
	{"00000000: 6162  ba\n", 1, 11, 0, "does not show"},
	{"00000000: 6162  abc\n", 1, 17, 0, "3 characters"},
	{"00000000: 6162\n*\n", 2, 1, 2, "xxd without -a"},
	{"0000000 2061 0020\n", 1, 1, 0, "numbers"},
	{"0000000 020141 000040\n", 1, 1, 0, "numbers"},
	{"00000000  61 62  |ab\n", 1, 18, 2, "not a hexadecimal digit"},
	{"00000000  61  |a|\n00000001  61 62  |ab\n", 2, 21, 1, "no end"},
	{"00000000  61 62  |abc|\n", 1, 18, 0, "3 characters"},
	{"00000000  61 62  |ac|\n", 1, 14, 0, "does not show"},
	{"00000000  6162  |ab|\n", 1, 11, 0, "whole bytes"},
	{"0000000 61 62\n*\n", 3, 1, 2, "ends with a *"},
	{"0000000 61 62\n*\n*\n", 3, 1, 2, "od -v"},
	{"0000000 61 62\n*\n0000005\n", 3, 1, 2, "lines missing"},
	{"0000000 61 62\n*\n777777777777777777777777\n", 3, 1, 2, "lines missing"},
	{"0000000 61 62\n0000002x 61\n", 2, 8, 2, "not part of an offset"},
}

func TestWhatIsNoDumpIsToldWithLineAndColumnAfterWhatIsWhole(t *testing.T) {
	for _, f := range faults {
		got, err := io.ReadAll(NewReader(strings.NewReader(f.text)))
		var at *Error
		if !errors.As(err, &at) || at.Line != f.line || at.Column != f.column || !strings.Contains(err.Error(), f.says) {
			t.Errorf("%q: %v; want line %d, column %d, %q", f.text, err, f.line, f.column, f.says)
		}
		if len(got) != f.good {
			t.Errorf("%q: %x before the fault, want %d bytes", f.text, got, f.good)
		}
	}
}

func TestAnErrorOfTheReaderIsPassedOn(t *testing.T) {
	broken := errors.New("broken")
	got, err := io.ReadAll(NewReader(io.MultiReader(strings.NewReader("0102\n"), iotest.ErrReader(broken))))
	if !bytes.Equal(got, []byte{1, 2}) || err != broken {
		t.Errorf("%x, %v", got, err)
	}
}

// dump writes b as a program would.
func dump(b []byte, k kind, width int) string {
	var s strings.Builder
	for at := 0; at < len(b); at += width {
		line := b[at:min(at+width, len(b))]
		shown := shown(line)
		pad := strings.Repeat(" ", 3*(width-len(line)))
		switch k {
		case bare:
			fmt.Fprintf(&s, "%x\n", line)
		case xxd:
			fmt.Fprintf(&s, "%08x: % x%s  %s\n", at, line, pad, shown)
		case canonical:
			fmt.Fprintf(&s, "%08x  % x%s  |%s|\n", at, line, pad, shown)
		case od:
			fmt.Fprintf(&s, "%07o % x\n", at, line)
		}
	}
	return s.String()
}

// shown is the column of text.
func shown(line []byte) string {
	text := bytes.Clone(line)
	for i, c := range text {
		if c < ' ' || c > '~' {
			text[i] = '.'
		}
	}
	return string(text)
}

func TestAnyBytesComeBackFromADump(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte(" |>a*.")))).Draw(t, "bytes")
		k := rapid.SampledFrom([]kind{bare, xxd, canonical, od}).Draw(t, "kind")
		text := dump(b, k, rapid.IntRange(1, 32).Draw(t, "width"))
		got, err := io.ReadAll(NewReader(strings.NewReader(text)))
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%s\n%v\n got %x\nwant %x", text, err, got, b)
		}
	})
}

func FuzzReader(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.txt")
	for _, name := range names {
		f.Add(mustReadFile(f, name))
	}
	for _, fault := range faults {
		f.Add([]byte(fault.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		const most = 1 << 16
		got, err := io.ReadAll(io.LimitReader(NewReader(bytes.NewReader(text)), most))
		var at *Error
		if err != nil && (!errors.As(err, &at) || at.Line < 1 || at.Column < 1 || at.Line > 1+bytes.Count(text, []byte("\n"))+1) {
			t.Fatal(err)
		}
		if err != nil || len(got) == most {
			return
		}
		again, err := io.ReadAll(NewReader(strings.NewReader(dump(got, canonical, 16))))
		if err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%x, %v; want %x", again, err, got)
		}
	})
}
