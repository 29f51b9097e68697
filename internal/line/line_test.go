package line

// This file tests the form of the lines, byte for byte: programs parse them.

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var (
	noon   = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	afters = time.Date(2024, 2, 29, 12, 0, 0, 120_000_003, time.FixedZone("", 2*3600))
)

var lines = []struct {
	value any
	want  string
}{
	{Event{}, `{"op":[],"path":""}`},
	{Event{Op: []string{"CREATE", "ISDIR"}, Path: "/a/b"}, `{"op":["CREATE","ISDIR"],"path":"/a/b"}`},
	{Event{Time: noon, Op: []string{"CREATE"}, Path: "a"}, `{"time":"2024-02-29T12:00:00Z","op":["CREATE"],"path":"a"}`},
	{Event{Time: afters, Op: []string{"CREATE"}, Path: "a"},
		`{"time":"2024-02-29T12:00:00.120000003+02:00","op":["CREATE"],"path":"a"}`},
	{Event{Op: []string{"MOVED_TO"}, Path: "new", From: "old", Cookie: 7}, `{"op":["MOVED_TO"],"path":"new","from":"old","cookie":7}`},
	{Event{Time: noon, Op: []string{"MOVED_TO", "ISDIR"}, Path: "new", From: "old", Exchange: true, Cookie: 1<<32 - 1, Synthetic: true},
		`{"time":"2024-02-29T12:00:00Z","op":["MOVED_TO","ISDIR"],"path":"new","from":"old","exchange":true,"cookie":4294967295,"synthetic":true}`},
	{Event{Op: []string{"CREATE"}, Path: "a", Synthetic: true}, `{"op":["CREATE"],"path":"a","synthetic":true}`},
	{Event{Op: []string{"CREATE"}, Path: "a\xff"}, `{"op":["CREATE"],"path":"a\ufffd","path_b64":"Yf8="}`},
	{Event{Op: []string{"MOVED_TO"}, Path: "text", From: "\xff\xfe/x"},
		`{"op":["MOVED_TO"],"path":"text","from":"\ufffd\ufffd/x","from_b64":"//4veA=="}`},
	{Event{Op: []string{"MOVED_TO"}, Path: "\x80", From: "\x81"},
		`{"op":["MOVED_TO"],"path":"\ufffd","path_b64":"gA==","from":"\ufffd","from_b64":"gQ=="}`},
	{Event{Op: []string{"CREATE"}, Path: `<&>"\` + "\n\t\x1b\u00e9"}, `{"op":["CREATE"],"path":"<&>\"\\\n\t\u001bé"}`},
	{Error{Time: noon, Error: "queue overflow: <lost>"}, `{"time":"2024-02-29T12:00:00Z","error":"queue overflow: <lost>"}`},
	{Error{Time: afters, Error: "a\nb"}, `{"time":"2024-02-29T12:00:00.120000003+02:00","error":"a\nb"}`},
}

func TestLinesAreWrittenByteForByte(t *testing.T) {
	for _, c := range lines {
		got, err := Append([]byte("before\n"), c.value)
		if err != nil || string(got) != "before\n"+c.want+"\n" {
			t.Errorf("%+v: %v\ngot  %s\nwant %s", c.value, err, got, c.want)
		}
		if ev, ok := c.value.(Event); ok {
			if got, err := ev.MarshalJSON(); err != nil || string(got) != c.want {
				t.Errorf("MarshalJSON of %+v: %v\ngot  %s\nwant %s", ev, err, got, c.want)
			}
		}
		if strings.Count(c.want, "\n") != 0 {
			t.Errorf("%q is more than one line", c.want)
		}
	}
}

func TestATimeThatJSONCannotHoldIsAnErrorAndWritesNothing(t *testing.T) {
	far := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) // RFC 3339 has four digits
	for _, v := range []any{Event{Time: far}, Error{Time: far}} {
		if got, err := Append([]byte("before"), v); err == nil || string(got) != "before" {
			t.Errorf("%+v: %q, %v", v, got, err)
		}
	}
}

func TestAppendUsesTheRoomThatIsThere(t *testing.T) {
	room := make([]byte, 0, 1024)
	got, err := Append(room, Event{Path: "a"})
	if err != nil || &got[0] != &room[:1][0] {
		t.Errorf("a new slice was made: %q, %v", got, err)
	}
}

func TestAnyPathsComeBackFromALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		ev := Event{Op: []string{"MOVED_TO"}, Path: path.Draw(t, "path"), From: path.Draw(t, "from")}
		text, err := Append(nil, ev)
		if err != nil || !utf8.Valid(text) || strings.Count(string(text), "\n") != 1 {
			t.Fatalf("%+v: %q, %v", ev, text, err)
		}
		var back map[string]any
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		for key, want := range map[string]string{"path": ev.Path, "from": ev.From} {
			got, _ := back[key].(string)
			if b64, ok := back[key+"_b64"].(string); ok {
				raw, err := base64.StdEncoding.DecodeString(b64)
				if err != nil || utf8.Valid(raw) {
					t.Fatalf("%q: %s_b64 is %q, %v", text, key, raw, err)
				}
				got = string(raw)
			}
			if got != want {
				t.Fatalf("%q: %s is %q, want %q", text, key, got, want)
			}
		}
	})
}
