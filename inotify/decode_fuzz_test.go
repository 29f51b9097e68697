package inotify

// This file holds what is true of the decoder whatever the bytes are: beside a slow decoder that is
// written from inotify(7) alone, and however the input is cut, broken off or written back. Each
// property is one function, which both rapid's generators and the native fuzz targets call.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// slowDecode reads buf as inotify(7) has it:
//
//	struct inotify_event {
//	    int      wd;       /* Watch descriptor */
//	    uint32_t mask;     /* Mask describing event */
//	    uint32_t cookie;   /* Unique cookie associating related events (for rename(2)) */
//	    uint32_t len;      /* Size of name field */
//	    char     name[];   /* Optional null-terminated name */
//	};
//
// Starts are the places of the records, and of the fault if there is one.
func slowDecode(buf []byte, order binary.ByteOrder) (recs []told, starts []int, fault error) {
	pos := 0
	number := func() uint32 {
		pos += 4
		return order.Uint32(buf[pos-4 : pos])
	}
	for pos < len(buf) {
		start := pos
		starts = append(starts, start)
		if len(buf)-pos < 16 {
			return recs, starts, &DecodeError{Offset: int64(start), Err: ErrShortHeader}
		}
		rec := told{WD: int32(number()), Mask: Mask(number()), Cookie: number()}
		length := uint64(number())
		if length > 4096 {
			return recs, starts, &DecodeError{Offset: int64(start), Err: ErrLongName}
		}
		if uint64(len(buf)-pos) < length {
			return recs, starts, &DecodeError{Offset: int64(start), Err: ErrShortName}
		}
		for i := range int(length) {
			if buf[pos+i] == 0 {
				break
			}
			rec.Name += string([]byte{buf[pos+i]})
		}
		pos += int(length)
		recs = append(recs, rec)
	}
	return recs, starts, nil
}

// checkDecode: Decode tells what slowDecode tells, and always advances.
func checkDecode(t failer, buf []byte, order binary.ByteOrder) {
	t.Helper()
	steps := 0
	for range Decode(buf, order) {
		if steps++; steps > len(buf)/HeaderSize+1 {
			t.Fatalf("Decode took %d steps in %d bytes", steps, len(buf))
		}
	}
	want, _, fault := slowDecode(buf, order)
	got, err := mustTell(t, Decode(buf, order))
	if !slices.Equal(got, want) || !sameError(err, fault) {
		t.Fatalf("Decode of %q:\n%v, %v\nslowly:\n%v, %v", buf, got, err, want, fault)
	}
}

// cutting is how a reader hands its input out.
type cutting struct {
	sizes   []byte // of the reads in turn, see size; none: as much as fits
	withEnd bool   // the last bytes come together with the error
	failAt  int    // after so many bytes the reader fails with errFault; not if it has no more
	breaks  int    // the loop breaks after so many records and begins again; 0: never
}

// size spreads a byte over reads of nothing, of a few bytes, and of more than a buffer.
func (c cutting) size(turn int) int {
	if len(c.sizes) == 0 || turn%50 == 49 { // not nothing for ever
		return 1 << 20
	}
	size := int(c.sizes[turn%len(c.sizes)])
	if size >= 128 {
		size = (size - 127) << 10
	}
	return size
}

// cutReader is a reader over rest that is cut as how says, and ends with err.
type cutReader struct {
	rest []byte
	err  error
	how  cutting
	turn int
}

func (r *cutReader) Read(p []byte) (n int, err error) {
	n = copy(p[:min(len(p), r.how.size(r.turn))], r.rest)
	r.turn++
	r.rest = r.rest[n:]
	if len(r.rest) == 0 && (r.how.withEnd || n == 0) {
		return n, r.err
	}
	return n, nil
}

// checkReader: DecodeReader tells of the input what slowDecode tells, however it is cut. Where the
// reader fails, its error takes the place of a fault that more input might have healed.
func checkReader(t failer, buf []byte, order binary.ByteOrder, how cutting) {
	t.Helper()
	r := &cutReader{rest: buf, err: io.EOF, how: how}
	if how.failAt >= 0 && how.failAt < len(buf) {
		r.rest, r.err = buf[:how.failAt], errFault
	}
	want, _, wantErr := slowDecode(r.rest, order)
	if r.err == errFault && !errors.Is(wantErr, ErrLongName) {
		wantErr = errFault
	}
	seq := DecodeReader(r, order)
	got, err := []told(nil), error(nil)
	for more := true; more && err == nil; {
		more = false
		steps := 0
		for rec, fault := range seq {
			if err = fault; err != nil {
				continue // if it goes on, err is overwritten
			}
			got = append(got, told{rec.WD, rec.Mask, rec.Cookie, string(rec.Name)})
			if len(got) > len(want) {
				t.Fatalf("DecodeReader tells more than the %d records of %q: %+v", len(want), buf, got)
			}
			if steps++; steps == how.breaks {
				more = true
				break
			}
		}
	}
	if !slices.Equal(got, want) || !sameError(err, wantErr) {
		t.Fatalf("DecodeReader of %q, %+v:\n%v, %v\nslowly:\n%v, %v", buf, how, got, err, want, wantErr)
	}
}

// checkAgain: what was decoded is the same after AppendRecord and Decode.
func checkAgain(t failer, buf []byte, order byteOrder) {
	t.Helper()
	for rec, err := range Decode(buf, order) {
		if err != nil {
			return
		}
		want := told{rec.WD, rec.Mask, rec.Cookie, string(rec.Name)}
		again, err := AppendRecord(nil, rec, order)
		if len(rec.Name) == MaxNameSize { // has no NUL, as no kernel writes it
			if again != nil || !errors.Is(err, ErrLongName) {
				t.Fatalf("AppendRecord of a name of %d bytes: %v", len(rec.Name), err)
			}
			continue
		}
		back, fault := mustTell(t, Decode(again, order))
		if err != nil || fault != nil || !slices.Equal(back, []told{want}) {
			t.Fatalf("AppendRecord of %+v: %q, %v\ndecoded: %v, %v", want, again, err, back, fault)
		}
	}
}

// checkAppend: AppendRecord writes what can be written, as the kernel does, and refuses the rest.
func checkAppend(t failer, rec told, order byteOrder) {
	t.Helper()
	dst := []byte("before")
	got, err := AppendRecord(dst, Record{rec.WD, rec.Mask, rec.Cookie, []byte(rec.Name)}, order)
	long, hasNUL := len(rec.Name) >= MaxNameSize, strings.Contains(rec.Name, "\x00")
	if long || hasNUL {
		if err == nil || errors.Is(err, ErrLongName) != long || string(got) != "before" {
			t.Fatalf("AppendRecord of %+v: %q, %v", rec, got, err)
		}
		return
	}
	size := 16
	for rec.Name != "" && size < 16+len(rec.Name)+1 {
		size += 16
	}
	if err != nil || len(got) != 6+size || string(got[:6]) != "before" {
		t.Fatalf("AppendRecord of %+v: %d bytes, not %d: %q, %v", rec, len(got)-6, size, got, err)
	}
	if padding := got[6+16+len(rec.Name):]; strings.Trim(string(padding), "\x00") != "" {
		t.Fatalf("AppendRecord of %+v: padding %q", rec, padding)
	}
	back, fault := mustTell(t, Decode(got[6:], order))
	if fault != nil || !slices.Equal(back, []told{rec}) {
		t.Fatalf("AppendRecord of %+v: %q\ndecoded: %v, %v", rec, got, back, fault)
	}
}

// checkTruncated: a whole buffer that is cut off is at fault where its last record begins, unless it
// is cut between two.
func checkTruncated(t failer, whole []byte, order binary.ByteOrder) {
	t.Helper()
	recs, starts, fault := slowDecode(whole, order)
	if fault != nil {
		t.Fatalf("the buffer was not whole: %v", fault)
	}
	starts = append(starts, len(whole))
	for n := range len(starts) - 1 {
		start, end := starts[n], starts[n+1]
		for cut := start; cut < end; cut++ {
			if start+40 < cut && cut < end-20 {
				continue // a long name: its ends will do
			}
			want := error(&DecodeError{Offset: int64(start), Err: ErrShortName})
			if cut == start {
				want = nil
			} else if cut < start+16 {
				want = &DecodeError{Offset: int64(start), Err: ErrShortHeader}
			}
			got, err := mustTell(t, Decode(whole[:cut], order))
			if !slices.Equal(got, recs[:n]) || !sameError(err, want) {
				t.Fatalf("%q, cut at %d: %v, %v, want %v", whole, cut, got, err, want)
			}
		}
	}
}

// orderOf picks an order by a number, for fuzz targets.
func orderOf(n uint8) byteOrder { return byteOrders[int(n)%len(byteOrders)].order }

// drawRecord draws a record that the kernel could write.
func drawRecord(t *rapid.T) told {
	name := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("ab\u00e9\n\x01\x80\u2028")), 0, 20, 60),
		rapid.Map(rapid.SliceOfN(rapid.ByteRange(1, 255), 0, 70), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.SampledFrom([]int{15, 16, 17, 31, 32, 254, 255, 256, 4079, 4080, 4095}), long),
	).Draw(t, "name")
	return told{
		rapid.Int32().Draw(t, "wd"), Mask(rapid.Uint32().Draw(t, "mask")), rapid.Uint32().Draw(t, "cookie"), name,
	}
}

// drawInput draws bytes of which much is nearly right: records, records with another length than
// they have, noise, and at times an end that is cut off.
func drawInput(t *rapid.T, order byteOrder) (buf []byte) {
	noise := rapid.SliceOfN(rapid.Byte(), 0, 60)
	for range rapid.IntRange(0, 8).Draw(t, "pieces") {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		default:
			r := drawRecord(t)
			buf, _ = AppendRecord(buf, Record{r.WD, r.Mask, r.Cookie, []byte(r.Name)}, order)
		case 7, 8: // any length up to 80, and nearly as many bytes as it says
			tail := noise.Draw(t, "tail")
			length := uint32(rapid.IntRange(0, 80).Draw(t, "length"))
			if rapid.Bool().Draw(t, "right") {
				length = uint32(len(tail))
			}
			buf = append(buf, decodeCase{raw: []rawRecord{{1, Create, 0, length, string(tail)}}}.bytes(order)...)
		case 9:
			length := rapid.OneOf(rapid.Uint32(), rapid.SampledFrom([]uint32{4096, 4097, 1<<31 - 16, 1 << 31, 1<<32 - 16, 1<<32 - 1})).
				Draw(t, "length")
			tail := string(noise.Draw(t, "tail"))
			if rapid.Bool().Draw(t, "whole") {
				tail = long(min(int(length%(1<<20)), 5000))
			}
			buf = append(buf, decodeCase{raw: []rawRecord{{1, Create, 0, length, tail}}}.bytes(order)...)
		}
	}
	return buf[:len(buf)-rapid.IntRange(0, min(40, len(buf))).Draw(t, "cut")]
}

func TestAnyBytesDecodeAsTheSlowDecoderSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := orderOf(rapid.Uint8Range(0, 3).Draw(t, "order"))
		buf := drawInput(t, order)
		checkDecode(t, buf, order)
		checkAgain(t, buf, order)
	})
}

func TestAnyReaderIsReadAsTheSlowDecoderSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := orderOf(rapid.Uint8Range(0, 3).Draw(t, "order"))
		buf := drawInput(t, order)
		if rapid.IntRange(0, 9).Draw(t, "again and again") == 0 && len(buf) > 0 {
			buf = bytes.Repeat(buf, 2*readBufferSize/len(buf)) // over the end of the buffer
		}
		checkReader(t, buf, order, cutting{
			sizes:   rapid.SliceOfN(rapid.OneOf(rapid.ByteRange(0, 40), rapid.Byte()), 0, 5).Draw(t, "sizes"),
			withEnd: rapid.Bool().Draw(t, "error with data"),
			failAt:  rapid.IntRange(-len(buf), len(buf)).Draw(t, "fails at"),
			breaks:  rapid.IntRange(0, 3).Draw(t, "breaks after"),
		})
	})
}

// checkRecords: records that are appended one to another come back, whole and cut off.
func checkRecords(t *rapid.T) {
	order := orderOf(rapid.Uint8Range(0, 3).Draw(t, "order"))
	var want []told
	var buf []byte
	for range rapid.IntRange(0, 6).Draw(t, "records") {
		rec := drawRecord(t)
		checkAppend(t, rec, order)
		var err error
		if buf, err = AppendRecord(buf, Record{rec.WD, rec.Mask, rec.Cookie, []byte(rec.Name)}, order); err != nil {
			t.Fatal(err)
		}
		want = append(want, rec)
	}
	if got, err := mustTell(t, Decode(buf, order)); err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, %v\nwant %v", got, err, want)
	}
	checkTruncated(t, buf, order)
}

func TestRecordsThatAreAppendedComeBack(t *testing.T) { rapid.Check(t, checkRecords) }

func FuzzRecords(f *testing.F) {
	f.Add([]byte(strings.Repeat("choices of rapid", 64)))
	f.Fuzz(rapid.MakeFuzz(checkRecords))
}

// addSeeds calls add with the buffers of the unit tests, in both orders, and the captures.
func addSeeds(f *testing.F, add func(buf []byte, order uint8)) {
	for _, c := range decodeCases {
		add(c.bytes(binary.LittleEndian), 0)
		add(c.bytes(binary.BigEndian), 1)
	}
	for _, raw := range mustReadCaptures(f) {
		add(raw, 0)
	}
}

func FuzzDecode(f *testing.F) {
	addSeeds(f, func(buf []byte, order uint8) { f.Add(buf, order) })
	f.Fuzz(func(t *testing.T, buf []byte, order uint8) {
		checkDecode(t, buf, orderOf(order))
		checkAgain(t, buf, orderOf(order))
	})
}

func FuzzDecodeReader(f *testing.F) {
	addSeeds(f, func(buf []byte, order uint8) {
		f.Add(buf, order, []byte{1}, false, -1, uint8(0))
		f.Add(buf, order, []byte{}, true, len(buf)/2, uint8(1))
		f.Add(buf, order, []byte{0, 15, 17, 200}, true, len(buf)-1, uint8(2))
	})
	f.Fuzz(func(t *testing.T, buf []byte, order uint8, sizes []byte, withEnd bool, failAt int, breaks uint8) {
		checkReader(t, buf, orderOf(order), cutting{sizes, withEnd, failAt, int(breaks)})
	})
}

func FuzzAppendRecord(f *testing.F) {
	for _, n := range []int{0, 1, 15, 16, 255, 4095, 4096} {
		f.Add(int32(1), uint32(Create), uint32(0), []byte(long(n)), uint8(0))
	}
	f.Add(int32(-1), uint32(QueueOverflow), uint32(1<<31), []byte("a\x00b"), uint8(3))
	f.Fuzz(func(t *testing.T, wd int32, mask, cookie uint32, name []byte, order uint8) {
		checkAppend(t, told{wd, Mask(mask), cookie, string(name)}, orderOf(order))
	})
}

func TestTruncatedCapturesAreAtFaultWhereTheLastRecordBegins(t *testing.T) {
	for _, raw := range mustReadCaptures(t) {
		checkTruncated(t, raw, binary.LittleEndian)
	}
}

// FuzzParseMask: whatever is read prints as something that is read as the same.
func FuzzParseMask(f *testing.F) {
	for _, c := range parsedMasks {
		f.Add(c.text)
	}
	for _, c := range refusedMasks {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMask(text)
		if err == nil {
			checkMaskText(t, m)
		} else if m != 0 || !strings.HasPrefix(err.Error(), "inotify: ") || strings.ContainsFunc(err.Error(), isControl) {
			t.Fatalf("ParseMask(%q) = %v, %q", text, m, err)
		}
		var n Mask
		if fault := n.UnmarshalText([]byte(text)); n != m || (fault == nil) != (err == nil) {
			t.Fatalf("ParseMask(%q) = %v, %v, UnmarshalText %v, %v", text, m, err, n, fault)
		}
	})
}

// isControl reports whether r could write to a terminal more than itself.
func isControl(r rune) bool { return r < ' ' || 0x7F <= r && r < 0xA0 }
