package inotify

// This file tests DecodeReader by readers that behave well and badly: what is told must be what
// Decode tells, and what the reader says must come through.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// errFault is an error that no decoder makes.
var errFault = errors.New("the disk is on fire")

// read is what one call of a scriptedReader returns.
type read struct {
	data string
	err  error
}

// scriptedReader returns its reads one by one, and the last one again and again.
type scriptedReader struct {
	reads []read
	calls int
}

func (r *scriptedReader) Read(p []byte) (int, error) {
	next := r.reads[min(r.calls, len(r.reads)-1)]
	r.calls++
	for i := range p[:min(len(p), len(next.data)+64)] {
		p[i] = 0xEE // io.Reader may use all of p as scratch space
	}
	return copy(p, next.data), next.err
}

func TestDecodeReaderTellsWhatDecodeTellsHoweverTheInputIsCut(t *testing.T) {
	for _, o := range byteOrders {
		for _, c := range decodeCases {
			buf := c.bytes(o.order)
			for how, r := range map[string]io.Reader{
				"at once":          bytes.NewReader(buf),
				"byte by byte":     iotest.OneByteReader(bytes.NewReader(buf)),
				"in halves":        iotest.HalfReader(bytes.NewReader(buf)),
				"data with EOF":    iotest.DataErrReader(bytes.NewReader(buf)),
				"bytes with EOF":   iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(buf))),
				"in two":           io.MultiReader(bytes.NewReader(buf[:len(buf)/3]), bytes.NewReader(buf[len(buf)/3:])),
				"after empty ones": &scriptedReader{reads: append(make([]read, 99), read{string(buf), io.EOF})},
			} {
				if how == "after empty ones" && len(buf) > readBufferSize {
					continue // a script's read must fit
				}
				recs, err := mustTell(t, DecodeReader(r, o.order))
				if !slices.Equal(recs, c.want) || !sameError(err, c.fault()) {
					t.Errorf("%s, %s, %s:\ngot  %v, %v\nwant %v, %v", o.name, c.name, how, recs, err, c.want, c.fault())
				}
			}
		}
	}
}

func TestDecodeReaderReadsMoreThanItsBufferHolds(t *testing.T) {
	var want []told
	for i := range 300 {
		want = append(want, told{int32(i), Create, uint32(i), long(i * 13 % 4096)})
	}
	buf := mustAppend(t, want)
	if len(buf) < 8*readBufferSize {
		t.Fatalf("only %d bytes", len(buf))
	}
	for _, r := range []io.Reader{
		bytes.NewReader(buf), iotest.HalfReader(bytes.NewReader(buf)), iotest.OneByteReader(bytes.NewReader(buf)),
	} {
		if recs, err := mustTell(t, DecodeReader(r, binary.NativeEndian)); err != nil || !slices.Equal(recs, want) {
			t.Errorf("%T: %d records of %d, %v", r, len(recs), len(want), err)
		}
	}
	cut := buf[:len(buf)-1]
	last := int64(len(buf) - len(mustAppend(t, want[299:])))
	recs, err := mustTell(t, DecodeReader(bytes.NewReader(cut), binary.NativeEndian))
	if !sameError(err, &DecodeError{Offset: last, Err: ErrShortName}) || len(recs) != 299 {
		t.Errorf("cut by one byte: %d records, %v", len(recs), err)
	}
}

func TestErrorsOfTheReaderComeThroughAsTheyAre(t *testing.T) {
	one := string(mustAppend(t, []told{{1, Create, 0, "one"}}))
	for _, fault := range []error{errFault, io.ErrUnexpectedEOF, io.ErrClosedPipe, io.ErrNoProgress} {
		for _, c := range []struct {
			name  string
			reads []read
			want  int
		}{
			{"at once", []read{{"", fault}}, 0},
			{"after a record", []read{{one, nil}, {"", fault}}, 1},
			{"with a record", []read{{one, fault}}, 1},
			{"with two records", []read{{one + one, fault}}, 2},
			{"in a header", []read{{one + one[:7], nil}, {"", fault}}, 1},
			{"with a part of a header", []read{{one + one[:15], fault}}, 1},
			{"in a name", []read{{one[:20], nil}, {"", fault}}, 0},
			{"with a part of a name", []read{{one, nil}, {one[:31], fault}}, 1},
			{"with the end of a record", []read{{one[:20], nil}, {one[20:], fault}}, 1},
		} {
			r := &scriptedReader{reads: append(c.reads, read{one, nil})}
			seq := DecodeReader(r, binary.NativeEndian)
			recs, err := mustTell(t, seq)
			if err != fault || len(recs) != c.want {
				t.Errorf("%v %s: %d records, %v", fault, c.name, len(recs), err)
			}
			calls := r.calls
			if recs, err := mustTell(t, seq); err != fault || len(recs) != 0 || r.calls != calls {
				t.Errorf("%v %s, then again: %d records, %v, %d calls", fault, c.name, len(recs), err, r.calls-calls)
			}
		}
	}
}

func TestAFaultThatIsCertainIsToldBeforeTheErrorOfTheReader(t *testing.T) {
	tooLong := string(decodeCase{raw: []rawRecord{{1, Create, 0, 4097, ""}}}.bytes(binary.NativeEndian))
	r := &scriptedReader{reads: []read{{tooLong, errFault}}}
	seq := DecodeReader(r, binary.NativeEndian)
	for range 2 {
		if _, err := mustTell(t, seq); !sameError(err, &DecodeError{Err: ErrLongName}) || r.calls != 1 {
			t.Errorf("%v after %d reads", err, r.calls)
		}
	}
}

func TestAReaderThatReturnsNothingForEverEndsWithErrNoProgress(t *testing.T) {
	one := string(mustAppend(t, []told{{1, Create, 0, "one"}}))
	for _, begin := range []string{"", one, one[:5], one + one[:17]} {
		r := &scriptedReader{reads: []read{{begin, nil}, {"", nil}}}
		recs, err := mustTell(t, DecodeReader(r, binary.NativeEndian))
		if err != io.ErrNoProgress || len(recs) != len(begin)/len(one) {
			t.Errorf("after %d bytes: %d records, %v", len(begin), len(recs), err)
		}
		if r.calls < 100 || r.calls > 101 {
			t.Errorf("after %d bytes: %d reads", len(begin), r.calls)
		}
	}
}

// liar returns counts that no reader can.
type liar struct {
	data []byte
	add  int
	over bool
}

func (r *liar) Read(p []byte) (int, error) {
	if n := copy(p, r.data); n > 0 {
		r.data = r.data[n:]
		return n, nil
	}
	if r.over {
		return len(p) + r.add, nil
	}
	return -r.add, io.EOF
}

func TestImpossibleCountsOfTheReaderAreErrors(t *testing.T) {
	two := mustAppend(t, []told{{1, Create, 0, "one"}, {1, Create, 0, "two"}})
	for _, r := range []*liar{
		{add: 1}, {add: 1 << 30}, {add: 1, over: true}, {add: 1 << 20, over: true}, {add: 1<<31 - 1 - readBufferSize, over: true},
	} {
		for _, begin := range []int{0, 5, 32, 64} {
			r.data = two[:begin]
			recs, err := mustTell(t, DecodeReader(r, binary.NativeEndian))
			if err == nil || !strings.Contains(err.Error(), "count") || len(recs) != begin/32 {
				t.Errorf("%+v after %d bytes: %d records, %v", r, begin, len(recs), err)
			}
		}
	}
}

func TestALoopOverAReaderGoesOnAfterABreak(t *testing.T) {
	want := []told{{1, Create, 0, "a"}, {2, Delete, 0, long(40)}, {3, Open, 0, ""}, {4, Modify, 0, "d"}}
	buf := append(mustAppend(t, want), 0xFF)
	for _, r := range []io.Reader{bytes.NewReader(buf), iotest.OneByteReader(bytes.NewReader(buf))} {
		seq := DecodeReader(r, binary.NativeEndian)
		for i := range want {
			for rec, err := range seq {
				if err != nil || rec.WD != want[i].WD || string(rec.Name) != want[i].Name {
					t.Errorf("step %d: %+v, %v", i, rec, err)
				}
				break
			}
		}
		fault := &DecodeError{Offset: int64(len(buf) - 1), Err: ErrShortHeader}
		for range 2 {
			if recs, err := mustTell(t, seq); len(recs) != 0 || !sameError(err, fault) {
				t.Errorf("at the end: %v, %v", recs, err)
			}
		}
	}
}

func TestALoopInALoopOverAReaderSharesTheRecords(t *testing.T) {
	want := []told{{1, Create, 0, "a"}, {2, Create, 0, "b"}, {3, Create, 0, "c"}}
	seq := DecodeReader(bytes.NewReader(mustAppend(t, want)), binary.NativeEndian)
	var wds []int32
	for rec, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		wds = append(wds, rec.WD)
		recs, err := mustTell(t, seq)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recs {
			wds = append(wds, r.WD)
		}
	}
	if !slices.Equal(wds, []int32{1, 2, 3}) {
		t.Errorf("got %v", wds)
	}
}

// endless returns the same bytes again and again, limit in all, in reads of uneven length.
type endless struct {
	block []byte
	limit int64
	done  int64
}

func (r *endless) Read(p []byte) (int, error) {
	if r.done == r.limit {
		return 0, io.EOF
	}
	n := 0
	for n < len(p)*15/16+1 && n < len(p) && r.done < r.limit {
		from := r.block[r.done%int64(len(r.block)):]
		k := copy(p[n:], from[:min(int64(len(from)), r.limit-r.done)])
		n, r.done = n+k, r.done+int64(k)
	}
	return n, nil
}

func TestAGigabyteOfGarbageIsAFaultAtItsStart(t *testing.T) {
	for fill, want := range map[byte]error{0xFF: ErrLongName, 0x7F: ErrLongName, 0x11: ErrLongName} {
		r := &endless{block: bytes.Repeat([]byte{fill}, 1<<12), limit: 1 << 30}
		recs, err := mustTell(t, DecodeReader(r, binary.NativeEndian))
		if len(recs) != 0 || !sameError(err, &DecodeError{Err: want}) || r.done > readBufferSize {
			t.Errorf("%#x: %d records, %v after %d bytes", fill, len(recs), err, r.done)
		}
	}
}

func TestAGigabyteOfRecordsIsReadInConstantMemory(t *testing.T) {
	block := mustAppend(t, []told{
		{1, Modify, 0, ""}, {2, Create, 0, "short"}, {3, Create, 0, long(255)}, {4, Create, 0, long(4095)}, {5, Create, 0, long(600)},
	})
	size := int64(1 << 30)
	if raceEnabled || testing.Short() {
		size = 1 << 26
	}
	blocks := size / int64(len(block))
	r := &endless{block: block, limit: blocks * int64(len(block))}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var n, sum, nameBytes int64
	for rec, err := range DecodeReader(r, binary.NativeEndian) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		sum += int64(rec.WD)
		nameBytes += int64(len(rec.Name))
	}
	runtime.ReadMemStats(&after)
	if n != 5*blocks || sum != 15*blocks || nameBytes != (5+255+4095+600)*blocks {
		t.Errorf("%d records of %d, sum %d, %d bytes of names", n, 5*blocks, sum, nameBytes)
	}
	// The buffer, and room for what the runtime and goroutines of other tests may allocate meanwhile.
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4*readBufferSize {
		t.Errorf("%d bytes were allocated", grown)
	}
}

func TestDecodeReaderAllocatesItsBufferAlone(t *testing.T) {
	for _, o := range byteOrders {
		buf := decodeCase{raw: slices.Repeat([]rawRecord{{1, Create, 0, 16, "a" + nul(15)}}, 10_000)}.bytes(o.order)
		r := bytes.NewReader(buf)
		var order binary.ByteOrder = o.order
		sum := 0
		if n := testing.AllocsPerRun(10, func() {
			r.Reset(buf)
			for rec, err := range DecodeReader(r, order) {
				if err != nil {
					t.Error(err)
				}
				sum += len(rec.Name)
			}
		}); n > 1 || sum != 11*10_000 {
			t.Errorf("%s: DecodeReader allocates %v times in %d records", o.name, n, sum/11)
		}
	}
}
