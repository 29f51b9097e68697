package line

// This file tests the form of the lines, byte for byte: programs parse them.

import (
	"bytes"
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

// appended is v behind dst.
func appended(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case Event:
		return v.Append(dst)
	case Error:
		return v.Append(dst)
	}
	panic("neither Event nor Error")
}

func TestLinesAreWrittenByteForByte(t *testing.T) {
	for _, c := range lines {
		got, err := appended([]byte("before\n"), c.value)
		if err != nil || string(got) != "before\n"+c.want {
			t.Errorf("%+v: %v\ngot  %s\nwant %s", c.value, err, got, c.want)
		}
		if got, err := c.value.(json.Marshaler).MarshalJSON(); err != nil || string(got) != c.want {
			t.Errorf("MarshalJSON of %+v: %v\ngot  %s\nwant %s", c.value, err, got, c.want)
		}
		if strings.Count(c.want, "\n") != 0 {
			t.Errorf("%q is more than one line", c.want)
		}
	}
}

func TestATimeThatJSONCannotHoldIsAnErrorAndWritesNothing(t *testing.T) {
	far := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) // RFC 3339 has four digits
	for _, v := range []any{Event{Time: far}, Error{Time: far}} {
		if got, err := appended([]byte("before"), v); err == nil || string(got) != "before" {
			t.Errorf("%+v: %q, %v", v, got, err)
		}
	}
}

func TestAppendMakesNoGarbage(t *testing.T) {
	room := make([]byte, 0, 1024)
	ev := Event{Time: noon, Op: []string{"MOVED_TO"}, Path: "a\n\xff", From: "b", Cookie: 7}
	if n := testing.AllocsPerRun(100, func() {
		if got, err := ev.Append(room); err != nil || &got[0] != &room[:1][0] {
			t.Errorf("%q, %v", got, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// slow is Event as encoding/json writes it by its tags.
type slow struct {
	Time      *time.Time `json:"time,omitempty"`
	Op        []string   `json:"op"`
	Path      string     `json:"path"`
	PathB64   []byte     `json:"path_b64,omitempty"`
	From      string     `json:"from,omitempty"`
	FromB64   []byte     `json:"from_b64,omitempty"`
	Exchange  bool       `json:"exchange,omitempty"`
	Cookie    uint32     `json:"cookie,omitempty"`
	Synthetic bool       `json:"synthetic,omitempty"`
}

func slowly(ev Event) ([]byte, error) {
	o := slow{Op: ev.Op, Path: ev.Path, From: ev.From, Exchange: ev.Exchange, Cookie: ev.Cookie, Synthetic: ev.Synthetic}
	if !ev.Time.IsZero() {
		o.Time = &ev.Time
	}
	if o.Op == nil {
		o.Op = []string{}
	}
	if !utf8.ValidString(ev.Path) {
		o.PathB64 = []byte(ev.Path)
	}
	if !utf8.ValidString(ev.From) {
		o.FromB64 = []byte(ev.From)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(o)
	return buf.Bytes(), err
}

// sameAsEncodingJSON is the property: a line is what encoding/json writes.
func sameAsEncodingJSON(t *rapid.T) {
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.StringOf(rapid.RuneFrom([]rune("a\"\\/<>&\b\f\n\r\t\x00\x1f\x7f\u2027\u2028\u2029\u202a\ufffd\U0001f600"))))
	var at time.Time
	if rapid.Bool().Draw(t, "timed") {
		zone := rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 0), time.FixedZone("", -3600*5-1800), time.FixedZone("far", 25*3600)})
		at = time.Unix(rapid.Int64Range(-1<<37, 1<<38).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).In(zone.Draw(t, "zone"))
	}
	ev := Event{
		Time: at, Op: rapid.SliceOfN(text, 0, 3).Draw(t, "op"), Path: text.Draw(t, "path"), From: text.Draw(t, "from"),
		Exchange: rapid.Bool().Draw(t, "exchange"), Cookie: rapid.Uint32().Draw(t, "cookie"), Synthetic: rapid.Bool().Draw(t, "synthetic"),
	}
	got, err := ev.Append(nil)
	want, wantErr := slowly(ev)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%+v: %v, but encoding/json says %v", ev, err, wantErr)
	}
	if err == nil && string(got)+"\n" != string(want) {
		t.Fatalf("%+v:\ngot  %s\nwant %s", ev, got, want)
	}
}

func TestALineIsWhatEncodingJSONWrites(t *testing.T) { rapid.Check(t, sameAsEncodingJSON) }

func FuzzLine(f *testing.F) { f.Fuzz(rapid.MakeFuzz(sameAsEncodingJSON)) }

func BenchmarkAppend(b *testing.B) {
	room := make([]byte, 0, 1024)
	ev := Event{Time: noon.Add(123456789), Op: []string{"ATTRIB"}, Path: "dir/name-of-a-file"}
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		if _, err := ev.Append(room); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAnyPathsComeBackFromALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		ev := Event{Op: []string{"MOVED_TO"}, Path: path.Draw(t, "path"), From: path.Draw(t, "from")}
		text, err := ev.Append(nil)
		if err != nil || !utf8.Valid(text) || strings.Contains(string(text), "\n") {
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
