package fdinfo

// This file tests the parser, on every operating system.

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/inoseq/inoseq/inotify"
)

// listing is what Linux 6.18 prints for an instance.
const listing = `pos:	0
flags:	02004000
mnt_id:	15
ino:	1057
inotify wd:11 ino:9e7e sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:7e9e0000640d1b6d
inotify wd:1 ino:ffffffffffffffff sdev:1c mask:80000100 ignored_mask:0 
`

func collect(r io.Reader) (marks []MarkWithHandle, errs []error) {
	for m, err := range ParseWithHandles(r) {
		if err != nil {
			errs = append(errs, err)
		} else {
			marks = append(marks, m)
		}
	}
	return marks, errs
}

func TestAListingIsReadNumberByNumberInHexadecimal(t *testing.T) {
	marks, errs := collect(strings.NewReader(listing))
	want := []MarkWithHandle{
		{Mark{17, 0x9e7e, 0x800013, 0x800afce}, 1, "\x7e\x9e\x00\x00\x64\x0d\x1b\x6d"},
		{Mark{1, math.MaxUint64, 0x1c, inotify.OneShot | inotify.Create}, 0, ""},
	}
	if errs != nil || !slices.Equal(marks, want) {
		t.Errorf("got %+v, %v\nwant %+v", marks, errs, want)
	}
	if marks[0].Major() != 8 || marks[0].Minor() != 0x13 {
		t.Errorf("device %d:%d, want 8:19", marks[0].Major(), marks[0].Minor())
	}
	i := 0
	for m, err := range Parse(strings.NewReader(listing)) {
		if err != nil || i == len(want) || m != want[i].Mark {
			t.Errorf("mark %d is %+v, %v", i, m, err)
		}
		i++
	}
	if i != len(want) {
		t.Errorf("Parse returned %d marks, want %d", i, len(want))
	}
}

func TestABadLineIsToldWithItsNumberAndTextAndTheNextIsRead(t *testing.T) {
	for _, bad := range []string{
		"inotify wd:11 ino:9e7e sdev:800013",
		"inotify ",
		"inotify wd: ino:1 sdev:1 mask:1",
		"inotify wd:g ino:1 sdev:1 mask:1",
		"inotify wd:80000000 ino:1 sdev:1 mask:1",
		"inotify wd:1 ino:10000000000000000 sdev:1 mask:1",
		"inotify wd:1 ino:1 sdev:1 mask:100000000",
		"inotify wd:1 ino:1 sdev:1 mask:-1",
		"inotify wd:1 ino:1 sdev:1 mask:1 f_handle:abc",
		"inotify wd:1 ino:1 sdev:1 mask:1 f_handle:xx",
	} {
		marks, errs := collect(strings.NewReader("pos:\t0\n" + bad + "\ninotify wd:2 ino:1 sdev:1 mask:1\n"))
		var at *LineError
		if len(errs) != 1 || !errors.As(errs[0], &at) || at.Line != 2 || at.Text != bad {
			t.Errorf("%q: errors %v", bad, errs)
		} else if text := at.Error(); !strings.Contains(text, "line 2: ") || !strings.Contains(text, fmt.Sprintf("%q", bad)) {
			t.Errorf("%q: the error reads %s", bad, text)
		}
		if len(marks) != 1 || marks[0].WD != 2 {
			t.Errorf("%q: marks %+v", bad, marks)
		}
	}
}

func TestAnErrorOfTheReaderAndALineBeyondAllMeasureEndTheSequence(t *testing.T) {
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader(listing), iotest.ErrReader(broken))
	if marks, errs := collect(r); len(marks) != 2 || len(errs) != 1 || !errors.Is(errs[0], broken) {
		t.Errorf("%d marks, errors %v", len(marks), errs)
	}
	for cut := range len(listing) + 1 {
		r := io.MultiReader(strings.NewReader(listing[:cut]), iotest.ErrReader(broken))
		marks, errs := collect(r)
		if whole := strings.Count(listing[:cut], "\n") - 4; len(marks) != max(whole, 0) || len(errs) != 1 || errs[0] != broken {
			t.Errorf("cut off at byte %d: %+v, errors %v", cut, marks, errs)
		}
	}
	r = strings.NewReader(listing + "inotify wd:" + strings.Repeat("0", 1<<17) + "1\n" + listing)
	var at *LineError
	if marks, errs := collect(r); len(marks) != 2 || len(errs) != 1 || !errors.As(errs[0], &at) || at.Line != 7 {
		t.Errorf("%d marks, errors %v", len(marks), errs)
	}
}

func TestALoopThatBreaksGetsNoMore(t *testing.T) {
	for range Parse(strings.NewReader(listing)) {
		break
	}
}

// printed is m as the kernel prints it.
func printed(m MarkWithHandle) string {
	text := fmt.Sprintf("inotify wd:%x ino:%x sdev:%x mask:%x ignored_mask:0 ", m.WD, m.Inode, m.Dev, uint32(m.Mask))
	if m.Handle != "" {
		text += fmt.Sprintf("fhandle-bytes:%x fhandle-type:%x f_handle:%x", len(m.Handle), uint32(m.HandleType), m.Handle)
	}
	return text + "\n"
}

func drawMark(t *rapid.T) MarkWithHandle {
	m := MarkWithHandle{Mark: Mark{
		WD:    rapid.Int32Min(0).Draw(t, "wd"),
		Inode: rapid.Uint64().Draw(t, "inode"),
		Dev:   rapid.Uint64().Draw(t, "dev"),
		Mask:  inotify.Mask(rapid.Uint32().Draw(t, "mask")),
	}}
	if handle := rapid.SliceOfN(rapid.Byte(), 0, 128).Draw(t, "handle"); len(handle) > 0 {
		m.Handle = string(handle)
		m.HandleType = rapid.Int32().Draw(t, "type")
	}
	return m
}

func TestWhatTheKernelPrintsIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Custom(drawMark)).Draw(t, "marks")
		text := "pos:\t0\n"
		for _, m := range want {
			text += printed(m)
		}
		marks, errs := collect(iotest.OneByteReader(strings.NewReader(text)))
		if errs != nil || !slices.Equal(marks, want) {
			t.Fatalf("%s\ngot %+v, %v\nwant %+v", text, marks, errs, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(listing)
	f.Add("inotify wd:1 ino:1 sdev:1 mask:1 f_handle:abc\r\ninotify \n\ninotify wd:1")
	f.Fuzz(func(t *testing.T, text string) {
		marks, errs := collect(strings.NewReader(text))
		if most := strings.Count(text, "inotify "); len(marks)+len(errs) > most {
			t.Fatalf("%d marks and %d errors of %d lines", len(marks), len(errs), most)
		}
		for _, err := range errs {
			var at *LineError
			if !errors.As(err, &at) || at.Line < 1 || at.Line > 1+strings.Count(text, "\n") || !strings.Contains(text, at.Text) {
				t.Fatalf("error %v", err)
			}
		}
		// What was understood is understood again when the kernel prints it.
		again := ""
		for _, m := range marks {
			again += printed(m)
		}
		for i, m := range marks {
			if m.Handle == "" {
				marks[i].HandleType = 0
			}
		}
		if got, errs := collect(strings.NewReader(again)); errs != nil || !slices.Equal(got, marks) {
			t.Fatalf("got %+v, %v\nwant %+v", got, errs, marks)
		}
	})
}

func TestTheParserImportsNothingOfAnOperatingSystem(t *testing.T) {
	for _, name := range []string{"fdinfo.go", "../../internal/fdinfo/fdinfo.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if path == "os" || path == "syscall" || path == "unsafe" || strings.HasPrefix(path, "golang.org/x/sys") {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := strings.Repeat(strings.SplitAfter(listing, "\n")[4], 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		for _, err := range Parse(strings.NewReader(text)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
