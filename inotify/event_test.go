package inotify

// This file tests how an Event tells of itself on every operating system: its path, its text, its
// JSON and its place in a log.

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var (
	_ fmt.Stringer   = Event{}
	_ slog.LogValuer = Event{}
	_ json.Marshaler = Event{}
)

func TestPathJoinsWithOneSlashAndCleansNothing(t *testing.T) {
	for _, c := range []struct{ dir, name, want string }{
		{"", "", ""},
		{"", "name", "name"},
		{"dir", "", "dir"},
		{"dir", "name", "dir/name"},
		{"dir/", "name", "dir/name"},
		{"dir/", "", "dir/"},
		{"dir//", "name", "dir//name"},
		{"/", "name", "/name"},
		{"/", "", "/"},
		{"//", "name", "//name"},
		{".", "name", "./name"},
		{"..", "name", "../name"},
		{"./a//b/../c", "name", "./a//b/../c/name"},
		{"dir ", " name", "dir / name"},
		{"d\xff", "n\xfe", "d\xff/n\xfe"},
		{"a\\b", "c\\d", "a\\b/c\\d"}, // a slash on every system: the paths are Linux's
	} {
		if got := (Event{Mask: Create, Name: c.name, dir: c.dir}).Path(); got != c.want {
			t.Errorf("%q and %q: %q, want %q", c.dir, c.name, got, c.want)
		}
	}
}

func TestAnEventPrintsItsMaskAndItsQuotedPath(t *testing.T) {
	for _, c := range []struct {
		ev   Event
		want string
	}{
		{Event{}, `0`},
		{Event{Mask: QueueOverflow}, `Q_OVERFLOW`},
		{Event{Mask: Create | IsDir, Name: "name", dir: "/dir"}, `CREATE|ISDIR "/dir/name"`},
		{Event{Mask: DeleteSelf, dir: "/dir"}, `DELETE_SELF "/dir"`},
		{Event{Mask: MovedFrom, Cookie: 7, Name: "name", dir: "."}, `MOVED_FROM "./name"`},
		{Event{Mask: Modify, Name: "unknown watch"}, `MODIFY "unknown watch"`},
		{Event{Mask: 0x800000 | Create, dir: "d"}, `CREATE|0x800000 "d"`},
		{Event{Mask: Create, Name: "caf\u00e9 \u4e16", dir: "d"}, "CREATE \"d/caf\u00e9 \u4e16\""},
		{Event{Mask: Create, Name: "a\nCREATE \"b\"", dir: "d"}, `CREATE "d/a\nCREATE \"b\""`},
		{Event{Mask: Create, Name: "\x1b[2J\x07\x7f\u009b\u202e", dir: "d"}, `CREATE "d/\x1b[2J\a\x7f\u009b\u202e"`},
		{Event{Mask: Create, Name: "\xff\xc3", dir: "d\t"}, `CREATE "d\t/\xff\xc3"`},
		{Event{Mask: Create, Name: `back\slash`, dir: "d"}, `CREATE "d/back\\slash"`},
	} {
		if got := c.ev.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if got := fmt.Sprintf("%v", c.ev); got != c.want {
			t.Errorf("%%v gives %s, want %s", got, c.want)
		}
	}
}

func TestAnEventInJSON(t *testing.T) {
	for _, c := range []struct {
		ev   Event
		want string
	}{
		{Event{Mask: MovedFrom | IsDir, Cookie: 7, Name: "name", dir: "/dir"},
			`{"op":["MOVED_FROM","ISDIR"],"path":"/dir/name","cookie":7}`},
		{Event{Mask: Create, Name: "name", dir: "."}, `{"op":["CREATE"],"path":"./name"}`},
		{Event{Mask: DeleteSelf, dir: "/dir"}, `{"op":["DELETE_SELF"],"path":"/dir"}`},
		{Event{Mask: QueueOverflow}, `{"op":["Q_OVERFLOW"],"path":""}`},
		{Event{}, `{"op":[],"path":""}`},
		{Event{Mask: Create | 0x801000, dir: "d"}, `{"op":["CREATE","0x801000"],"path":"d"}`},
		{Event{Mask: MovedTo, Cookie: 1<<32 - 1, dir: "d"}, `{"op":["MOVED_TO"],"path":"d","cookie":4294967295}`},
		{Event{Mask: Create, Name: "<a&b>", dir: "d"}, `{"op":["CREATE"],"path":"d/<a&b>"}`},
		{Event{Mask: Create, Name: "a\n\"\x1b\u00e9", dir: "d"}, `{"op":["CREATE"],"path":"d/a\n\"\u001bé"}`},
		{Event{Mask: Create, Name: "a\xff", dir: "d"}, `{"op":["CREATE"],"path":"d/a\ufffd","path_b64":"ZC9h/w=="}`},
		{Event{Mask: Create, Name: "a\ufffd", dir: "d"}, "{\"op\":[\"CREATE\"],\"path\":\"d/a\ufffd\"}"}, // is text
		{Event{Mask: Create, Name: "\xa9", dir: "\xc3"}, `{"op":["CREATE"],"path":"\ufffd/\ufffd","path_b64":"wy+p"}`},
	} {
		got, err := c.ev.MarshalJSON()
		if err != nil || string(got) != c.want {
			t.Errorf("%v: %v\ngot  %s\nwant %s", c.ev, err, got, c.want)
		}
		var plain bytes.Buffer
		enc := json.NewEncoder(&plain)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(c.ev); err != nil || plain.String() != c.want+"\n" {
			t.Errorf("%v through an encoder: %s, %v", c.ev, &plain, err)
		}
		inSlice, err := json.Marshal([]any{c.ev, &c.ev})
		if err != nil || !json.Valid(inSlice) {
			t.Errorf("%v in a slice: %s, %v", c.ev, inSlice, err)
		}
	}
}

func TestAnyPathComesBackFromJSONAndFromText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		ev := Event{
			Mask:   Mask(rapid.Uint32().Draw(t, "mask")),
			Cookie: rapid.Uint32Range(0, 2).Draw(t, "cookie"),
			Name:   name.Draw(t, "name"), dir: name.Draw(t, "dir"),
		}
		checkEventJSON(t, ev)
		text := ev.String()
		if strings.ContainsFunc(text, isControl) || !utf8.ValidString(text) {
			t.Fatalf("%q could write to a terminal", text)
		}
		mask, path, _ := strings.Cut(text, " ")
		if m, err := ParseMask(mask); m != ev.Mask || err != nil {
			t.Fatalf("%q: mask %v, %v", text, m, err)
		}
		var back string
		if _, err := fmt.Sscanf(path, "%q", &back); back != ev.Path() || err != nil && path != "" {
			t.Fatalf("%q: path %q, %v, want %q", text, back, err, ev.Path())
		}
	})
}

// checkEventJSON: the path of an event is that of its JSON: path_b64 if it is there, else path.
func checkEventJSON(t failer, ev Event) {
	t.Helper()
	data, err := json.Marshal(ev)
	var back struct {
		Op      []string
		Path    string
		PathB64 *string `json:"path_b64"`
		Cookie  *uint32
	}
	if err == nil {
		err = json.Unmarshal(data, &back)
	}
	if err != nil {
		t.Fatalf("%v: %s, %v", ev, data, err)
	}
	path := back.Path
	if !utf8.ValidString(path) || (back.PathB64 != nil) == utf8.ValidString(ev.Path()) {
		t.Fatalf("%s of a path %q", data, ev.Path())
	}
	if back.PathB64 != nil {
		raw, err := base64.StdEncoding.DecodeString(*back.PathB64)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		path = string(raw)
	}
	if path != ev.Path() || (back.Cookie != nil) != (ev.Cookie != 0) || ev.Cookie != 0 && *back.Cookie != ev.Cookie {
		t.Fatalf("%s of %+v", data, ev)
	}
	var mask Mask
	for _, word := range back.Op {
		m, err := ParseMask(word)
		if err != nil || m == 0 {
			t.Fatalf("%s: %q, %v", data, word, err)
		}
		mask |= m
	}
	if mask != ev.Mask {
		t.Fatalf("%s of mask %v", data, ev.Mask)
	}
}

func TestAnEventInALog(t *testing.T) {
	for _, c := range []struct {
		ev         Event
		text, json string
	}{
		{Event{Mask: Create | IsDir, Name: "name", dir: "/dir"},
			`event.op=CREATE|ISDIR event.path=/dir/name`,
			`"event":{"op":"CREATE|ISDIR","path":"/dir/name"}`},
		{Event{Mask: MovedTo, Cookie: 7, Name: "a b", dir: "d"},
			`event.op=MOVED_TO event.path="d/a b" event.cookie=7`,
			`"event":{"op":"MOVED_TO","path":"d/a b","cookie":7}`},
		{Event{Mask: Create, Name: "a\n\x1b[2J\xff", dir: "d"},
			`event.op=CREATE event.path="d/a\n\x1b[2J\xff"`,
			`"event":{"op":"CREATE","path":"d/a\n\u001b[2J\ufffd"}`},
		{Event{Mask: QueueOverflow},
			`event.op=Q_OVERFLOW event.path=""`,
			`"event":{"op":"Q_OVERFLOW","path":""}`},
		{Event{Mask: 0x800000, Cookie: 1<<32 - 1, dir: "d"},
			`event.op=0x800000 event.path=d event.cookie=4294967295`,
			`"event":{"op":"0x800000","path":"d","cookie":4294967295}`},
	} {
		var text, js bytes.Buffer
		noTime := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key != "event" {
				return slog.Attr{}
			}
			return a
		}}
		slog.New(slog.NewTextHandler(&text, noTime)).Info("seen", "event", c.ev)
		slog.New(slog.NewJSONHandler(&js, noTime)).Info("seen", "event", c.ev)
		if text.String() != c.text+"\n" {
			t.Errorf("text: got %s want %s", &text, c.text)
		}
		if js.String() != "{"+c.json+"}\n" {
			t.Errorf("JSON: got %s want {%s}", &js, c.json)
		}
	}
}
