package inotify

// This file tests Mask on every operating system: how it prints, how it is read back, and how its
// bits are asked for.

import (
	"encoding"
	"encoding/json"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	_ encoding.TextMarshaler   = Mask(0)
	_ encoding.TextUnmarshaler = (*Mask)(nil)
)

// namedFlags are the bits of inotify(7) as a user reads them there, kept apart from the table in
// flags.go: a name that is wrong in the table must not be wrong here too.
var namedFlags = []struct {
	bit    Mask
	kernel string // without IN_
	ours   string
}{
	{Access, "ACCESS", "Access"},
	{Modify, "MODIFY", "Modify"},
	{Attrib, "ATTRIB", "Attrib"},
	{CloseWrite, "CLOSE_WRITE", "CloseWrite"},
	{CloseNoWrite, "CLOSE_NOWRITE", "CloseNoWrite"},
	{Open, "OPEN", "Open"},
	{MovedFrom, "MOVED_FROM", "MovedFrom"},
	{MovedTo, "MOVED_TO", "MovedTo"},
	{Create, "CREATE", "Create"},
	{Delete, "DELETE", "Delete"},
	{DeleteSelf, "DELETE_SELF", "DeleteSelf"},
	{MoveSelf, "MOVE_SELF", "MoveSelf"},
	{Unmount, "UNMOUNT", "Unmount"},
	{QueueOverflow, "Q_OVERFLOW", "QueueOverflow"},
	{Ignored, "IGNORED", "Ignored"},
	{OnlyDir, "ONLYDIR", "OnlyDir"},
	{DontFollow, "DONT_FOLLOW", "DontFollow"},
	{ExclUnlink, "EXCL_UNLINK", "ExclUnlink"},
	{MaskCreate, "MASK_CREATE", "MaskCreate"},
	{MaskAdd, "MASK_ADD", "MaskAdd"},
	{IsDir, "ISDIR", "IsDir"},
	{OneShot, "ONESHOT", "OneShot"},
}

// unnamedFlags are the ten bits that inotify(7) does not name.
const unnamedFlags Mask = 0x00FF_0000 | 0x1000 | 0x0800_0000

func TestEveryBitIsNamedOrUnnamedAndNoneTwice(t *testing.T) {
	all := unnamedFlags
	for _, f := range namedFlags {
		if bits.OnesCount32(uint32(f.bit)) != 1 || all.HasAny(f.bit) {
			t.Errorf("%s is %#x: not one bit, or one that was there before", f.ours, uint32(f.bit))
		}
		all |= f.bit
	}
	if all != 0xFFFF_FFFF {
		t.Errorf("bits left over: %#x", uint32(^all))
	}
}

func TestMaskPrintsTheLowestBitFirstAndUnknownBitsLast(t *testing.T) {
	for _, c := range []struct {
		mask Mask
		want string
	}{
		{0, "0"},
		{Create, "CREATE"},
		{Create | IsDir, "CREATE|ISDIR"},
		{OneShot | IsDir | Access, "ACCESS|ISDIR|ONESHOT"},
		{Close, "CLOSE_WRITE|CLOSE_NOWRITE"},
		{Move, "MOVED_FROM|MOVED_TO"},
		{AllEvents, "ACCESS|MODIFY|ATTRIB|CLOSE_WRITE|CLOSE_NOWRITE|OPEN|MOVED_FROM|MOVED_TO|CREATE|DELETE|DELETE_SELF|MOVE_SELF"},
		{QueueOverflow, "Q_OVERFLOW"},
		{OnlyDir | DontFollow | ExclUnlink | MaskCreate | MaskAdd, "ONLYDIR|DONT_FOLLOW|EXCL_UNLINK|MASK_CREATE|MASK_ADD"},
		{0x800000, "0x800000"},
		{Create | 0x800000, "CREATE|0x800000"},
		{0x1000 | OneShot | 0x800000 | Access, "ACCESS|ONESHOT|0x801000"}, // 0x1000 is lower than ONESHOT and still last
		{unnamedFlags, "0x8ff1000"},
		{0xFFFF_FFFF, strings.Join(kernelWords(), "|") + "|0x8ff1000"},
	} {
		for range 3 { // the order must not be that of a map
			if got := c.mask.String(); got != c.want {
				t.Errorf("Mask(%#x).String() = %q, want %q", uint32(c.mask), got, c.want)
			}
		}
	}
}

// kernelWords are the kernel's names, lowest bit first.
func kernelWords() (words []string) {
	for _, f := range namedFlags {
		words = append(words, f.kernel)
	}
	return words
}

func TestHasWantsAllBitsAndHasAnyOne(t *testing.T) {
	for _, c := range []struct {
		mask, of Mask
		has, any bool
	}{
		{0, 0, true, false},
		{Create, 0, true, false},
		{0, Create, false, false},
		{Create, Create, true, true},
		{Create | IsDir, Create, true, true},
		{Create, Create | IsDir, false, true},
		{CloseWrite, Close, false, true}, // a set is had when all of it is there
		{Close, Close, true, true},
		{CloseWrite, Move, false, false},
		{OneShot, OneShot, true, true},
		{AllEvents, AllEvents | IsDir, false, true},
		{0x800000, 0x800000, true, true},
	} {
		if got := c.mask.Has(c.of); got != c.has {
			t.Errorf("(%v).Has(%v) = %v", c.mask, c.of, got)
		}
		if got := c.mask.HasAny(c.of); got != c.any {
			t.Errorf("(%v).HasAny(%v) = %v", c.mask, c.of, got)
		}
		ev := Event{Mask: c.mask}
		if ev.Has(c.of) != c.has || ev.HasAny(c.of) != c.any {
			t.Errorf("the event of mask %v has something else of %v than its mask", c.mask, c.of)
		}
	}
}

func TestFlagsAreSingleBitsLowestFirst(t *testing.T) {
	for _, c := range []struct {
		mask Mask
		want []Mask
	}{
		{0, nil},
		{Create, []Mask{Create}},
		{OneShot, []Mask{OneShot}},
		{IsDir | Create, []Mask{Create, IsDir}},
		{OneShot | 0x800000 | 0x1000 | Access, []Mask{Access, 0x1000, 0x800000, OneShot}},
	} {
		if got := slices.Collect(c.mask.Flags()); !slices.Equal(got, c.want) {
			t.Errorf("flags of %v: %v, want %v", c.mask, got, c.want)
		}
	}
	if n := len(slices.Collect(Mask(0xFFFF_FFFF).Flags())); n != 32 {
		t.Errorf("a full mask has %d flags", n)
	}
}

func TestFlagsStopWhenTheLoopBreaks(t *testing.T) {
	flags := (Create | Delete | IsDir).Flags()
	for range 2 { // and begin again with the lowest
		var got []Mask
		for f := range flags {
			got = append(got, f)
			if f == Delete {
				break
			}
		}
		if !slices.Equal(got, []Mask{Create, Delete}) {
			t.Errorf("flags before the break: %v", got)
		}
	}
}

// parsedMasks are texts that ParseMask reads.
var parsedMasks = []struct {
	text string
	want Mask
}{
	{"0", 0},
	{"0x0", 0},
	{"017", 17}, // not octal
	{"CREATE", Create},
	{"create", Create},
	{"Create", Create},
	{"cReAtE", Create},
	{"IN_CREATE", Create},
	{"in_create", Create},
	{"In_CloseWrite", CloseWrite},
	{"IN_CLOSE", Close},
	{"close", Close},
	{"MOVE", Move},
	{"all_events", AllEvents},
	{"IN_ALL_EVENTS", AllEvents},
	{"AllEvents", AllEvents},
	{"q_overflow", QueueOverflow},
	{"queueoverflow", QueueOverflow},
	{"create,moved_to", Create | MovedTo},
	{"create|moved_to", Create | MovedTo},
	{"create,IN_DELETE|MovedFrom", Create | Delete | MovedFrom},
	{" create ,\tdelete\n", Create | Delete},
	{"create | isdir", Create | IsDir},
	{"create,create", Create},
	{"close,close_write", Close},
	{"0x800000", 0x800000},
	{"0X800000", 0x800000},
	{"256", Create},
	{"0xffffffff", 0xFFFF_FFFF},
	{"4294967295", 0xFFFF_FFFF},
	{"CREATE|0x800000", Create | 0x800000},
	{"0x100,0x200", Create | Delete},
	{"0,create", Create},
}

func TestParseMaskReadsWhatPeopleWrite(t *testing.T) {
	for _, c := range parsedMasks {
		mustParse(t, c.text, c.want)
	}
	for _, f := range namedFlags {
		for _, word := range []string{
			f.kernel, strings.ToLower(f.kernel), "IN_" + f.kernel, "in_" + strings.ToLower(f.kernel),
			f.ours, strings.ToLower(f.ours), strings.ToUpper(f.ours), " " + f.kernel + " ",
			"0x" + strconv.FormatUint(uint64(f.bit), 16), strconv.FormatUint(uint64(f.bit), 10),
		} {
			mustParse(t, word, f.bit)
			mustParse(t, word+",0x1000", f.bit|0x1000)
			mustParse(t, "0x1000|"+word, f.bit|0x1000)
		}
	}
}

func mustParse(t *testing.T, text string, want Mask) {
	t.Helper()
	if got, err := ParseMask(text); got != want || err != nil {
		t.Errorf("ParseMask(%q) = %v, %v, want %v", text, got, err, want)
	}
}

// refusedMasks are texts that ParseMask does not read, and what its error must quote.
var refusedMasks = []struct{ text, quoted string }{
	{"", "empty word"},
	{" ", "empty word"},
	{",", "empty word"},
	{"create,", "empty word"},
	{"|create", "empty word"},
	{"create,,delete", "empty word"},
	{"creat", `"creat"`},
	{"create delete", `"create delete"`},
	{"create,nonsense|delete", `"nonsense"`},
	{"IN_", `"IN_"`},
	{"IN_IN_CREATE", `"IN_IN_CREATE"`},
	{"_CREATE", `"_CREATE"`},
	{"-1", `"-1"`},
	{"+1", `"+1"`},
	{"0x", `"0x"`},
	{"0b1", `"0b1"`},
	{"1_000", `"1_000"`},
	{"acce\u017fs", "\"acce\u017fs\""}, // a letter whose upper case is S
	{"0xg", `"0xg"`},
	{"1.5", `"1.5"`},
	{"0x100000000", `"0x100000000"`},
	{"4294967296", `"4294967296"`},
	{"create,99999999999999999999", `"99999999999999999999"`},
	{"cre\x00ate", `"cre\x00ate"`},
	{"\xff", `"\xff"`},
	{"\x1b[2J", `"\x1b[2J"`},
}

func TestParseMaskSaysWhichWordIsWrong(t *testing.T) {
	for _, c := range refusedMasks {
		got, err := ParseMask(c.text)
		if err == nil || got != 0 {
			t.Errorf("ParseMask(%q) = %v, %v", c.text, got, err)
			continue
		}
		if !strings.Contains(err.Error(), c.quoted) || !strings.HasPrefix(err.Error(), "inotify: ") {
			t.Errorf("ParseMask(%q): error %q does not have %q", c.text, err, c.quoted)
		}
		m := Create
		if m.UnmarshalText([]byte(c.text)) == nil || m != Create {
			t.Errorf("UnmarshalText(%q) gives no error, or changes the mask", c.text)
		}
	}
}

func TestParseMaskListsTheWordsThatAreKnown(t *testing.T) {
	for _, text := range []string{"creat", "", "create,"} {
		_, err := ParseMask(text)
		if err == nil {
			t.Fatalf("ParseMask(%q) gives no error", text)
		}
		_, list, _ := strings.Cut(err.Error(), "known words: ")
		words := strings.Fields(list)
		for _, word := range append(kernelWords(), "CLOSE", "MOVE", "ALL_EVENTS") {
			if !slices.Contains(words, strings.ToLower(word)) {
				t.Errorf("ParseMask(%q): error %q does not list %q", text, err, strings.ToLower(word))
			}
		}
		for _, word := range words {
			if m, err := ParseMask(word); m == 0 || err != nil {
				t.Errorf("the error lists %q, which is not read: %v, %v", word, m, err)
			}
		}
	}
}

// checkMaskText fails unless m comes back from its text, in all the ways there are.
func checkMaskText(t failer, m Mask) {
	t.Helper()
	text, err := m.MarshalText()
	if err != nil || string(text) != m.String() {
		t.Fatalf("Mask(%#x).MarshalText() = %q, %v", uint32(m), text, err)
	}
	if back, err := ParseMask(string(text)); back != m || err != nil {
		t.Fatalf("Mask(%#x) prints as %q and is read back as %#x, %v", uint32(m), text, uint32(back), err)
	}
	back := ^m
	if err := back.UnmarshalText(text); back != m || err != nil {
		t.Fatalf("Mask(%#x) is unmarshalled as %#x, %v", uint32(m), uint32(back), err)
	}
}

// failer is what the properties need of *testing.T and *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func TestEveryMaskComesBackFromItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Mask(rapid.Uint32().Draw(t, "mask"))
		checkMaskText(t, m)
		checkMaskJSON(t, m)
	})
}

// checkMaskJSON fails unless m comes back from JSON, where it is a string and can be a key.
func checkMaskJSON(t failer, m Mask) {
	t.Helper()
	type both struct {
		Value Mask
		Keys  map[Mask]Mask
	}
	data, err := json.Marshal(both{m, map[Mask]Mask{m: ^m}})
	if err != nil {
		t.Fatalf("marshalling %v: %v", m, err)
	}
	if !strings.HasPrefix(string(data), `{"Value":"`+m.String()+`"`) {
		t.Fatalf("%v in JSON is not a string: %s", m, data)
	}
	var back both
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatalf("unmarshalling %s: %v", data, err)
	}
	if back.Value != m || len(back.Keys) != 1 || back.Keys[m] != ^m {
		t.Fatalf("%v comes back from JSON as %+v", m, back)
	}
}

// All 4 million combinations take over 3 seconds; bits print one by one, so these will do: up to
// three bits, all but up to three, and every combination of the lower and of the upper half.
func TestCombinationsOfNamedBitsComeBackFromTheirText(t *testing.T) {
	n := len(namedFlags)
	var all Mask
	for i := range n {
		all |= namedFlags[i].bit
		for j := range i + 1 {
			for k := range j + 1 {
				m := namedFlags[i].bit | namedFlags[j].bit | namedFlags[k].bit
				checkMaskText(t, m)
				checkMaskText(t, ^m)
			}
		}
	}
	for half := range 1 << (n / 2) {
		var low, high Mask
		for i := range n / 2 {
			if half>>i&1 != 0 {
				low |= namedFlags[i].bit
				high |= namedFlags[n/2+i].bit
			}
		}
		checkMaskText(t, low)
		checkMaskText(t, high)
		checkMaskText(t, all&^low)
	}
}
