//go:build unix

package loops

// This file tests who reads and who waits, with a source that counts: a pipe, each byte of which is
// an event. What loops over a real instance do is tested in package inotify.

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// pipe is a source whose events are the bytes of a pipe. 'h' is held while hold is set, 'n' is a
// notice, 'w' is work to be done before it is taken.
type pipe struct {
	s     *Stream[byte]
	fd    int
	out   *os.File
	buf   []byte
	hold  bool
	work  func()
	reads int
	works int
	drops int
}

var (
	errNotice = errors.New("notice")
	errClosed = errors.New("closed")
)

func mustPipe(t *testing.T) (*Stream[byte], *pipe) {
	t.Helper()
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		t.Fatal(err)
	}
	s := new(Stream[byte])
	src := &pipe{s: s, fd: fds[0], out: os.NewFile(uintptr(fds[1]), "out")}
	if err := s.Open(os.NewFile(uintptr(fds[0]), "in"), src, errClosed); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); src.out.Close() })
	return s, src
}

func (p *pipe) Take(e *byte) (Outcome, error) {
	switch {
	case len(p.buf) == 0 || p.WorkDue():
		return None, nil
	case p.buf[0] == 'h' && p.hold:
		return Held, nil
	}
	*e, p.buf = p.buf[0], p.buf[1:]
	if *e == 'n' {
		return Taken, errNotice
	}
	return Taken, nil
}

func (p *pipe) NoticeNext() bool { return len(p.buf) > 0 && p.buf[0] == 'n' }

func (p *pipe) Read() (empty bool, err error) {
	if len(p.buf) > 0 {
		return false, nil
	}
	p.reads++
	room := make([]byte, 16)
	n, err := syscall.Read(p.fd, room)
	switch {
	case err == syscall.EAGAIN:
		return true, nil
	case err == nil && n == 0:
		return false, io.EOF
	case err != nil:
		return false, err
	}
	p.buf = room[:n]
	return false, nil
}

func (p *pipe) WorkDue() bool { return len(p.buf) > 0 && p.buf[0] == 'w' }

func (p *pipe) Work() {
	p.works++
	p.buf = p.buf[1:]
	if p.work != nil {
		p.work()
	}
}

func (p *pipe) Drop() { p.drops++ }

func (p *pipe) mustWrite(t *testing.T, text string) {
	t.Helper()
	if _, err := p.out.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func mustWait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !cond(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("a minute has passed without: %s", what)
		}
	}
}

func mustPark(t *testing.T, s *Stream[byte], behind int) {
	t.Helper()
	mustWait(t, "a leader and those behind it", func() bool {
		leading, now := s.Waiting()
		return leading && now == behind
	})
}

// drain returns what an Until-idle loop of 0 yields, with '!' for a notice.
func drain(t *testing.T, s *Stream[byte]) string {
	t.Helper()
	var got []byte
	for e, err := range s.Sequence(context.Background(), 0) {
		if err == errNotice {
			e = '!'
		} else if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	return string(got)
}

func (p *pipe) readsNow() int {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	return p.reads
}

func TestACancelledFollowerDoesNotWakeTheLeader(t *testing.T) {
	s, src := mustPipe(t)
	got := make(chan byte)
	go func() {
		for e, err := range s.Sequence(context.Background(), Forever) {
			if err != nil {
				t.Error(err)
			}
			got <- e
		}
		close(got)
	}()
	mustWait(t, "the leader's first read", func() bool { return src.readsNow() == 1 })
	for range 100 {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() {
			for _, err := range s.Sequence(ctx, Forever) {
				done <- err
			}
		}()
		mustPark(t, s, 1)
		cancel()
		if err := <-done; err != context.Canceled {
			t.Fatal(err)
		}
	}
	if n := src.readsNow(); n != 1 {
		t.Fatalf("the leader read %d times; nobody wrote", n)
	}
	src.mustWrite(t, "x")
	if e := <-got; e != 'x' {
		t.Fatalf("got %q", e)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, more := <-got; more || src.drops != 1 {
		t.Fatal("not over, or not dropped")
	}
}

func TestAFollowerThatWaitsForItsIdleTimeEndsWhileTheLeaderStays(t *testing.T) {
	s, src := mustPipe(t)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range s.Sequence(context.Background(), Forever) {
		}
	}()
	mustWait(t, "the leader's first read", func() bool { return src.readsNow() == 1 })
	for range s.Sequence(context.Background(), 5*time.Millisecond) {
		t.Error("an event out of nothing")
	}
	if leading, _ := s.Waiting(); !leading {
		t.Error("the leader is gone")
	}
	s.Close()
	<-over
}

func TestWhatIsHeldHoldsLoopsUntilABroadcastButNeverOneThatMayNotBlock(t *testing.T) {
	s, src := mustPipe(t)
	src.hold = true
	src.mustWrite(t, "ahb")
	if got := drain(t, s); got != "a" {
		t.Fatalf("got %q", got)
	}
	if got := drain(t, s); got != "" {
		t.Fatalf("got %q", got)
	}
	got := make(chan byte)
	go func() {
		for e := range s.Sequence(context.Background(), Forever) {
			got <- e
		}
		close(got)
	}()
	mustWait(t, "a loop behind what is held", func() bool {
		leading, behind := s.Waiting()
		return !leading && behind == 1
	})
	for range s.Sequence(context.Background(), time.Millisecond) {
		t.Error("an event that is held")
	}
	s.Mu.Lock()
	src.hold = false
	s.Broadcast()
	s.Mu.Unlock()
	if a, b := <-got, <-got; a != 'h' || b != 'b' {
		t.Fatalf("got %q %q", a, b)
	}
	s.Close()
	<-got
}

// countingContext counts the AfterFuncs that wait on it; package context asks for this method.
type countingContext struct {
	context.Context
	waiting int
}

func (c *countingContext) AfterFunc(f func()) func() bool {
	c.waiting++
	stop := context.AfterFunc(c.Context, f)
	return func() bool {
		c.waiting--
		return stop()
	}
}

// Value hides that it is one of package context's own, which need no such method.
func (c *countingContext) Value(any) any { return nil }

func TestALoopLeavesNothingBehindOnItsContext(t *testing.T) {
	s, src := mustPipe(t)
	src.mustWrite(t, "abcd")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	counting := &countingContext{Context: ctx}
	for range s.Sequence(counting, Forever) {
		break
	}
	for range s.Batches(counting, BatchOptions{Quiet: time.Hour, Limit: time.Hour, MaxEvents: 1}) {
		break
	}
	func() {
		defer func() { recover() }()
		for range s.Sequence(counting, Forever) {
			if counting.waiting != 1 {
				t.Errorf("%d AfterFuncs while one loop runs", counting.waiting)
			}
			panic("body")
		}
	}()
	if counting.waiting != 0 {
		t.Fatalf("%d AfterFuncs are left of three loops", counting.waiting)
	}
}

func TestCloseEndsALoopThatWaitsBehindWhatIsHeld(t *testing.T) {
	s, src := mustPipe(t)
	src.hold = true
	src.mustWrite(t, "h")
	over := make(chan struct{})
	go func() {
		defer close(over)
		for e, err := range s.Sequence(context.Background(), Forever) {
			t.Errorf("yielded %q, %v", e, err)
		}
	}()
	mustWait(t, "a loop behind what is held", func() bool {
		leading, behind := s.Waiting()
		return !leading && behind == 1
	})
	s.Close()
	<-over
}

func TestALoopThatMayNotBlockLooksOnceAndKeepsOutOfThePoller(t *testing.T) {
	s, src := mustPipe(t)
	for i := range 10 {
		if got := drain(t, s); got != "" {
			t.Fatalf("got %q", got)
		}
		if n := src.readsNow(); n != i+1 {
			t.Fatalf("%d reads for %d looks", n, i+1)
		}
	}
}

func TestWorkIsDoneByOneLoopWithoutTheMutexAndItsPanicLosesNothing(t *testing.T) {
	s, src := mustPipe(t)
	src.work = func() {
		s.Mu.Lock() // is free
		defer s.Mu.Unlock()
		if src.works == 1 {
			panic("work")
		}
	}
	src.mustWrite(t, "wawb")
	func() {
		defer func() {
			if recover() != "work" {
				t.Error("the panic did not come through")
			}
		}()
		drain(t, s)
	}()
	if got := drain(t, s); got != "ab" || src.works != 2 {
		t.Fatalf("got %q, worked %d times", got, src.works)
	}
}

func TestCloseDuringWorkDropsWhenTheWorkIsDone(t *testing.T) {
	s, src := mustPipe(t)
	src.work = func() {
		s.Close() // does not wait for the work that calls it
		if src.drops != 0 {
			t.Error("dropped while the source worked")
		}
		if _, err := syscall.Write(int(src.out.Fd()), []byte("x")); err != nil {
			t.Errorf("the descriptor is closed: %v", err)
		}
	}
	src.mustWrite(t, "wa")
	if got := drain(t, s); got != "" || src.drops != 1 {
		t.Fatalf("got %q, dropped %d times", got, src.drops)
	}
}

func TestABatchEndsBeforeANoticeAndAtTheStreamsEnd(t *testing.T) {
	s, src := mustPipe(t)
	src.mustWrite(t, "abnc")
	src.out.Close()
	var got []string
	for batch, err := range s.Batches(context.Background(), BatchOptions{Quiet: time.Hour, Limit: time.Hour, MaxEvents: 100}) {
		text := string(batch)
		if err != nil {
			text += " " + err.Error()
		}
		got = append(got, text)
	}
	want := []string{"ab", "n notice", "c", " EOF"}
	if len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Fatalf("got %q", got)
	}
	for _, err := range s.Sequence(context.Background(), Forever) {
		if err != io.EOF {
			t.Fatal(err)
		}
	}
}

func TestALateTimerDoesNotShortenTheNextWait(t *testing.T) {
	s, src := mustPipe(t)
	l, err := s.begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer l.end()
	var e byte
	if more, err := l.next(&e, time.Millisecond); more || err != nil {
		t.Fatal(more, err)
	}
	done := make(chan bool)
	go func() {
		more, _ := l.next(&e, time.Hour)
		done <- more
	}()
	mustPark(t, s, 0)
	l.expire() // as a timer that fired for the wait before
	src.mustWrite(t, "x")
	if !<-done || e != 'x' {
		t.Fatal("the wait of an hour was over")
	}
}
