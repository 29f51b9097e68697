package inotify

// This file tests Decode and AppendRecord by hand-made buffers: what is in them, record by record,
// and what is wrong with them. The buffers are also the seeds of the fuzz tests.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
)

// rawRecord is what a buffer is made of; the length in its header need not be that of its tail.
type rawRecord struct {
	wd     int32
	mask   Mask
	cookie uint32
	length uint32
	tail   string // what follows the header
}

// told is a Record whose name is a string, so that two can be compared.
type told struct {
	WD     int32
	Mask   Mask
	Cookie uint32
	Name   string
}

// decodeCase is a buffer, what is told of it, and the fault that it ends with.
type decodeCase struct {
	name   string
	raw    []rawRecord
	rest   string // bytes after the last record
	want   []told
	offset int64 // of the fault
	err    error // nil: none
}

var decodeCases = []decodeCase{
	{name: "nothing"},
	{name: "a header without a name",
		raw:  []rawRecord{{7, DeleteSelf, 0, 0, ""}},
		want: []told{{7, DeleteSelf, 0, ""}}},
	{name: "a name with its padding",
		raw:  []rawRecord{{1, Create | IsDir, 0, 16, "dir" + nul(13)}},
		want: []told{{1, Create | IsDir, 0, "dir"}}},
	{name: "a name without a NUL is taken whole",
		raw:  []rawRecord{{1, Create, 0, 16, "sixteen bytes..."}, {1, Delete, 0, 3, "abc"}},
		want: []told{{1, Create, 0, "sixteen bytes..."}, {1, Delete, 0, "abc"}}},
	{name: "a name of NULs only is empty",
		raw:  []rawRecord{{1, Create, 0, 32, nul(32)}, {1, Delete, 0, 1, nul(1)}},
		want: []told{{1, Create, 0, ""}, {1, Delete, 0, ""}}},
	{name: "a name ends at its first NUL",
		raw:  []rawRecord{{1, Create, 0, 16, "a\x00b" + nul(13)}, {1, Open, 0, 16, "\x00\x01c" + nul(13)}},
		want: []told{{1, Create, 0, "a"}, {1, Open, 0, ""}}},
	{name: "names of bytes that are no text",
		raw:  []rawRecord{{1, Create, 0, 16, "\xff\x80\x01\n\x1b\x7f" + nul(10)}},
		want: []told{{1, Create, 0, "\xff\x80\x01\n\x1b\x7f"}}},
	{name: "the longest name of most file systems",
		raw:  []rawRecord{{1, Create, 0, 256, long(255) + nul(1)}},
		want: []told{{1, Create, 0, long(255)}}},
	{name: "names longer than NAME_MAX",
		raw: []rawRecord{{1, Create, 0, 608, long(600) + nul(8)}, {1, Create, 0, 4096, long(4095) + nul(1)},
			{1, Create, 0, 4096, long(4096)}},
		want: []told{{1, Create, 0, long(600)}, {1, Create, 0, long(4095)}, {1, Create, 0, long(4096)}}},
	{name: "a rename",
		raw:  []rawRecord{{1, MovedFrom, 77, 16, "old" + nul(13)}, {2, MovedTo, 77, 16, "new" + nul(13)}, {3, MoveSelf, 0, 0, ""}},
		want: []told{{1, MovedFrom, 77, "old"}, {2, MovedTo, 77, "new"}, {3, MoveSelf, 0, ""}}},
	{name: "an overflow",
		raw:  []rawRecord{{1, Modify, 0, 0, ""}, {-1, QueueOverflow, 0, 0, ""}, {1, Attrib, 0, 0, ""}},
		want: []told{{1, Modify, 0, ""}, {-1, QueueOverflow, 0, ""}, {1, Attrib, 0, ""}}},
	{name: "unknown bits and numbers at their ends",
		raw:  []rawRecord{{1<<31 - 1, 0xFFFF_FFFF, 0xFFFF_FFFF, 0, ""}, {-1 << 31, 0x800000, 1 << 31, 0, ""}, {0, 0, 0, 0, ""}},
		want: []told{{1<<31 - 1, 0xFFFF_FFFF, 0xFFFF_FFFF, ""}, {-1 << 31, 0x800000, 1 << 31, ""}, {0, 0, 0, ""}}},
	{name: "numbers with four different bytes",
		raw:  []rawRecord{{0x01020304, 0x05060708, 0x090A0B0C, 16, "a" + nul(15)}},
		want: []told{{0x01020304, 0x05060708, 0x090A0B0C, "a"}}},
	{name: "one byte", rest: "\x01", err: ErrShortHeader},
	{name: "cut one byte before the end of a header",
		raw: []rawRecord{{1, Create, 0, 16, "a" + nul(15)}}, rest: nul(15),
		want: []told{{1, Create, 0, "a"}}, offset: 32, err: ErrShortHeader},
	{name: "cut after the header",
		raw: []rawRecord{{1, Create, 0, 16, ""}}, err: ErrShortName},
	{name: "cut one byte before the end of a name",
		raw:  []rawRecord{{1, Create, 0, 0, ""}, {1, Delete, 0, 16, "a" + nul(14)}},
		want: []told{{1, Create, 0, ""}}, offset: 16, err: ErrShortName},
	{name: "the longest name, cut",
		raw: []rawRecord{{1, Create, 0, 4096, long(4095)}}, err: ErrShortName},
	{name: "a length of one too many, with all its bytes",
		raw:  []rawRecord{{1, Create, 0, 0, ""}, {1, Create, 0, 4097, long(4097)}},
		want: []told{{1, Create, 0, ""}}, offset: 16, err: ErrLongName},
	{name: "a length that is too large is told before what is missing",
		raw: []rawRecord{{1, Create, 0, 4097, ""}}, err: ErrLongName},
	{name: "a length of 2^31-16, which with the header does not fit in 32 bits",
		raw: []rawRecord{{1, Create, 0, 0x7FFF_FFF0, "abc"}}, err: ErrLongName},
	{name: "a length of 2^31", raw: []rawRecord{{1, Create, 0, 0x8000_0000, "abc"}}, err: ErrLongName},
	{name: "a length of 2^32-16, which with the header is zero",
		raw: []rawRecord{{1, Create, 0, 0xFFFF_FFF0, "abc"}}, err: ErrLongName},
	{name: "a length of 2^32-1",
		raw:  []rawRecord{{1, Create, 0, 16, "a" + nul(15)}, {1, Create, 0, 0xFFFF_FFFF, long(64)}},
		want: []told{{1, Create, 0, "a"}}, offset: 32, err: ErrLongName},
}

func nul(n int) string { return strings.Repeat("\x00", n) }

// long returns a name of n bytes in which no 16 are like the next.
func long(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d-", i)
	}
	return b.String()[:n]
}

// bytes returns the buffer of the case in the given order.
func (c decodeCase) bytes(order binary.ByteOrder) (buf []byte) {
	for _, r := range c.raw {
		var header [16]byte
		order.PutUint32(header[0:], uint32(r.wd))
		order.PutUint32(header[4:], uint32(r.mask))
		order.PutUint32(header[8:], r.cookie)
		order.PutUint32(header[12:], r.length)
		buf = append(append(buf, header[:]...), r.tail...)
	}
	return append(buf, c.rest...)
}

// fault returns the error that the case ends with, or nil.
func (c decodeCase) fault() error {
	if c.err == nil {
		return nil
	}
	return &DecodeError{Offset: c.offset, Err: c.err}
}

// mixedEndian is neither of the two usual orders: two little-endian halves, the upper one first, as
// on a PDP-11.
type mixedEndian struct{ binary.ByteOrder }

func (mixedEndian) Uint32(b []byte) uint32 {
	return uint32(b[1])<<24 | uint32(b[0])<<16 | uint32(b[3])<<8 | uint32(b[2])
}

func (mixedEndian) PutUint32(b []byte, v uint32) {
	b[0], b[1], b[2], b[3] = byte(v>>16), byte(v>>24), byte(v), byte(v>>8)
}

func (o mixedEndian) AppendUint16([]byte, uint16) []byte { panic("not needed") }
func (o mixedEndian) AppendUint64([]byte, uint64) []byte { panic("not needed") }
func (o mixedEndian) AppendUint32(b []byte, v uint32) []byte {
	var n [4]byte
	o.PutUint32(n[:], v)
	return append(b, n[:]...)
}

// byteOrder is an order that can be read, written and appended in.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

var byteOrders = []struct {
	name  string
	order byteOrder
}{
	{"little", binary.LittleEndian},
	{"big", binary.BigEndian},
	{"native", binary.NativeEndian},
	{"mixed", mixedEndian{binary.LittleEndian}},
}

// mustTell ranges over seq to its end and returns what it tells. It holds what is true of every
// sequence of records: an error comes once, at the end, with an empty Record.
func mustTell(t failer, seq iter.Seq2[Record, error]) (recs []told, last error) {
	t.Helper()
	for rec, err := range seq {
		if last != nil {
			t.Fatalf("after the error %v: %+v, %v", last, rec, err)
		}
		if last = err; err != nil {
			if rec.WD != 0 || rec.Mask != 0 || rec.Cookie != 0 || rec.Name != nil {
				t.Fatalf("with the error %v: %+v", err, rec)
			}
			continue
		}
		if recs = append(recs, told{rec.WD, rec.Mask, rec.Cookie, string(rec.Name)}); len(recs) > 1<<16 {
			t.Fatalf("no end after %d records, the last %+v", len(recs), recs[1<<16])
		}
	}
	return recs, last
}

// sameError reports whether two errors of a decoder are the same: the same value, or the same fault
// at the same place.
func sameError(a, b error) bool {
	fa, ok := a.(*DecodeError)
	fb, alike := b.(*DecodeError)
	if ok && alike {
		return *fa == *fb
	}
	return a == b
}

func TestDecodeTellsWhatIsInABuffer(t *testing.T) {
	for _, o := range byteOrders {
		for _, c := range decodeCases {
			t.Run(o.name+"/"+c.name, func(t *testing.T) {
				buf := c.bytes(o.order)
				before := bytes.Clone(buf)
				seq := Decode(buf, o.order)
				for range 2 { // the sequence begins again
					recs, err := mustTell(t, seq)
					if !slices.Equal(recs, c.want) || !sameError(err, c.fault()) {
						t.Errorf("got  %v, %v\nwant %v, %v", recs, err, c.want, c.fault())
					}
				}
				if !bytes.Equal(buf, before) {
					t.Error("the buffer was changed")
				}
			})
		}
	}
}

func TestDecodeErrorSaysWhereAndWhy(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{ErrShortHeader, "inotify: decoding at byte 4294967296: record is cut off in its header"},
		{ErrShortName, "inotify: decoding at byte 4294967296: record is cut off in its name"},
		{ErrLongName, "inotify: decoding at byte 4294967296: record has a name of more than 4096 bytes, or another byte order"},
	} {
		err := error(&DecodeError{Offset: 1 << 32, Err: c.err})
		if err.Error() != c.want || !errors.Is(err, c.err) {
			t.Errorf("%q, want %q", err, c.want)
		}
	}
}

func TestDecodeStopsWhenTheLoopBreaks(t *testing.T) {
	faulty := append(mustAppend(t, []told{{1, Create, 0, "a"}, {2, Delete, 0, "b"}}), 0xFF)
	for stop := 1; stop <= 3; stop++ { // the third is the fault
		n := 0
		for range Decode(faulty, binary.NativeEndian) {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("break at %d after %d", stop, n)
		}
	}
}

// mustAppend returns the records as the kernel of this machine writes them.
func mustAppend(t failer, recs []told) (buf []byte) {
	t.Helper()
	for _, r := range recs {
		var err error
		buf, err = AppendRecord(buf, Record{r.WD, r.Mask, r.Cookie, []byte(r.Name)}, binary.NativeEndian)
		if err != nil {
			t.Fatalf("appending %+v: %v", r, err)
		}
	}
	return buf
}

func TestAppendingToANameLeavesTheBufferAlone(t *testing.T) {
	for _, o := range byteOrders {
		for _, c := range decodeCases {
			buf := c.bytes(o.order)
			before := bytes.Clone(buf)
			for _, seq := range []iter.Seq2[Record, error]{
				Decode(buf, o.order), DecodeReader(bytes.NewReader(buf), o.order),
			} {
				for rec := range seq {
					if cap(rec.Name) != len(rec.Name) {
						t.Errorf("%s: the name %q has room for more: %d", c.name, rec.Name, cap(rec.Name))
					}
					_ = append(rec.Name, "overwritten"...)
				}
			}
			if !bytes.Equal(buf, before) {
				t.Errorf("%s: the buffer was changed", c.name)
			}
		}
	}
}

// The places at which a name can end are where a decoder that looks at several bytes at once goes
// wrong, and 0x01, 0x80 and 0xff beside the NUL are what it takes for one.
func TestNamesEndAtTheirFirstNULWhereverItStands(t *testing.T) {
	for _, fill := range []string{"\x01", "\x80", "\x81", "\xff", "n", "\x01\x80"} {
		for length := range 70 {
			var c decodeCase
			for n := range length + 1 {
				name := strings.Repeat(fill, n)[:n]
				tail := (name + nul(1) + strings.Repeat(fill, length))[:length]
				c.raw = append(c.raw, rawRecord{1, Create, 0, uint32(length), tail})
				c.want = append(c.want, told{1, Create, 0, name})
			}
			buf := c.bytes(binary.NativeEndian)
			for _, seq := range []iter.Seq2[Record, error]{
				Decode(buf, binary.NativeEndian), DecodeReader(bytes.NewReader(buf), binary.NativeEndian),
			} {
				if recs, err := mustTell(t, seq); err != nil || !slices.Equal(recs, c.want) {
					t.Fatalf("a NUL at 0 to %d, all else %q: %v, %v", length, fill, recs, err)
				}
			}
		}
	}
}

func TestAppendRecordPadsAsTheKernelDoes(t *testing.T) {
	for _, c := range []struct{ name, length int }{
		{0, 0}, {1, 16}, {14, 16}, {15, 16}, {16, 32}, {31, 32}, {32, 48}, {254, 256}, {255, 256}, {256, 272},
		{600, 608}, {4080, 4096}, {4095, 4096},
	} {
		for _, o := range byteOrders {
			rec := told{0x01020304, 0x05060708, 0x090A0B0C, long(c.name)}
			want := append([]byte("before"), decodeCase{raw: []rawRecord{
				{rec.WD, rec.Mask, rec.Cookie, uint32(c.length), rec.Name + nul(c.length-c.name)},
			}}.bytes(o.order)...)
			got, err := AppendRecord([]byte("before"), Record{rec.WD, rec.Mask, rec.Cookie, []byte(rec.Name)}, o.order)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, a name of %d bytes: %v\ngot  %q\nwant %q", o.name, c.name, err, got, want)
			}
		}
	}
}

func TestAppendRecordRefusesWhatTheKernelCannotWrite(t *testing.T) {
	for _, c := range []struct {
		name string
		long bool
	}{
		{"\x00", false}, {"a\x00", false}, {"a\x00b", false}, {long(4094) + "\x00", false},
		{long(4096), true}, {long(4097), true}, {long(1 << 16), true}, {nul(4096), true},
	} {
		room := bytes.Repeat([]byte{'r'}, 1<<17)
		dst := room[:3]
		got, err := AppendRecord(dst, Record{WD: 1, Mask: Create, Name: []byte(c.name)}, binary.LittleEndian)
		if err == nil || errors.Is(err, ErrLongName) != c.long {
			t.Errorf("a name of %d bytes: %v", len(c.name), err)
		}
		if len(got) != 3 || &got[0] != &dst[0] || bytes.ContainsFunc(room, func(r rune) bool { return r != 'r' }) {
			t.Errorf("a name of %d bytes: dst, or the room behind it, was changed", len(c.name))
		}
		if got, _ := AppendRecord(nil, Record{Name: []byte(c.name)}, binary.LittleEndian); got != nil {
			t.Errorf("a name of %d bytes: %q", len(c.name), got)
		}
	}
}

func TestDecodeAndAppendRecordDoNotAllocate(t *testing.T) {
	for _, o := range byteOrders {
		buf := decodeCase{raw: []rawRecord{{1, Create, 0, 16, "a" + nul(15)}, {1, Delete, 0, 0, ""}}}.bytes(o.order)
		sum := 0
		if n := testing.AllocsPerRun(50, func() {
			for rec, err := range Decode(buf, o.order) {
				if err != nil {
					t.Error(err)
				}
				sum += len(rec.Name)
			}
		}); n != 0 || sum == 0 {
			t.Errorf("%s: Decode allocates %v times", o.name, n)
		}
		room := make([]byte, 0, MaxRecordSize)
		rec := Record{WD: 1, Mask: Create, Name: []byte("name")}
		var order binary.AppendByteOrder = o.order
		if n := testing.AllocsPerRun(50, func() {
			room, _ = AppendRecord(room[:0], rec, order)
		}); n != 0 || len(room) != 32 {
			t.Errorf("%s: AppendRecord into room allocates %v times", o.name, n)
		}
	}
}
