package format

// This file tests the specifiers, and that what is none is refused.

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/inoseq/inoseq/inotify"
)

var (
	made  = Event{Dir: "dir/", Name: "na\xffme", Mask: inotify.Create | inotify.IsDir}
	moved = Event{Dir: "dir/", Name: "new", From: "dir/old", Mask: inotify.MovedTo, Cookie: 0xab12}
	self  = Event{Dir: "dir/", Mask: inotify.DeleteSelf}
)

func noon(dst []byte) []byte { return append(dst, "12:00"...) }

func TestSpecifiersPrintWhatInotifywaitSays(t *testing.T) {
	for _, tt := range []struct {
		text string
		ev   Event
		want string
	}{
		{"", made, ""},
		{"plain", made, "plain"},
		{"%w%f", made, "dir/na\xffme"},
		{"%w%f", self, "dir/"},
		{"%w|%f|%e", self, "dir/||DELETE_SELF"},
		{"%e", made, "CREATE,ISDIR"},
		{"%:e %|e %_e", made, "CREATE:ISDIR CREATE|ISDIR CREATE_ISDIR"},
		{"%→e", made, "CREATE→ISDIR"},
		{"%we %fe %ee %ce %ne %0e %%e", moved, "dir/e newe MOVED_TOe ab12e \ne \x00e %e"},
		{"%Fe", moved, "dir/olde"},
		{"[%F]", made, "[]"},
		{"%c", made, "0"},
		{"%c", moved, "ab12"},
		{"%T %T%%%n%0", made, "12:00 12:00%\n\x00"},
		{"a%%b%nc%0d", made, "a%b\nc\x00d"},
	} {
		f, err := Parse(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		for range 2 { // names are kept
			if got := string(f.Append([]byte("> "), &tt.ev, noon)); got != "> "+tt.want {
				t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
			}
		}
		if got, want := f.HasTime(), strings.Contains(tt.text, "%T"); got != want {
			t.Errorf("%q: HasTime is %t", tt.text, got)
		}
	}
}

func TestWhatIsNoSpecifierIsRefusedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"%":      "at byte 0: a percent sign at the end: write %%",
		"%w %f%": "at byte 5: a percent sign at the end: write %%",
		"%w %x":  "at byte 3: %x is none of the specifiers %w, ",
		"%é":     "at byte 0: %é is none",
		"ab%: e": "at byte 2: %: is none",
		"% ":     "at byte 0: %  is none",
		"%%%W":   "at byte 2: %W is none",
	} {
		if _, err := Parse(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestAnyTextIsPrintedOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("%%%%wfeTcFn0xe: é\xff"))).Draw(t, "text")
		f, err := Parse(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "at byte ") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		// A reader of one character at a time.
		var want strings.Builder
		for rest := []rune(text); len(rest) > 0; {
			if rest[0] != '%' {
				want.WriteRune(rest[0])
				rest = rest[1:]
				continue
			}
			one := map[rune]string{'w': moved.Dir, 'f': moved.Name, 'e': "MOVED_TO", 'T': "12:00", 'c': "ab12", 'F': moved.From, 'n': "\n", '0': "\x00", '%': "%"}
			if s, ok := one[rest[1]]; ok {
				want.WriteString(s)
				rest = rest[2:]
			} else {
				want.WriteString("MOVED_TO")
				rest = rest[3:]
			}
		}
		if got := string(f.Append(nil, &moved, noon)); got != want.String() {
			t.Fatalf("%q: %q, want %q", text, got, want.String())
		}
	})
}
