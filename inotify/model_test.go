//go:build linux

package inotify

// This file tests the package against a model of the kernel (model_kernel_test.go): random
// operations (model_ops_test.go) on files and watches, and random loops (model_loops_test.go).

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

func TestEventsAreWhatInotify7Says(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		m := newModelTest(t, base)
		defer m.end(t)
		m.addWatch(t)
		for range 2 { // to begin and end an instance costs more than to use it
			t.Repeat(map[string]func(*rapid.T){
				"":                m.check,
				"file operations": m.fileOperations,
				"loop":            m.loop,
				"watch operation": m.watchOperation,
			})
		}
		m.checkAfterwards(t)
	})
}

// operation is one of those that a step draws. The first of a list are drawn a little more often.
type operation struct {
	name string
	do   func(*rapid.T)
}

func (o operation) GoString() string { return o.name } // in rapid's log

// fileOperations are one or several, so that there is something to merge and to be read at once.
func (m *modelTest) fileOperations(t *rapid.T) {
	operations := rapid.SampledFrom([]operation{
		{"open", m.open}, {"rename", m.rename}, {"use", m.use}, {"remove", m.remove},
		{"link", m.link}, {"exchange", m.exchange}, {"close", m.close}, {"chmod", m.chmod},
		{"truncate", m.truncate}, {"create", m.create},
	})
	for range rapid.IntRange(m.least, m.most).Draw(t, "times") {
		operations.Draw(t, "operation").do(t)
	}
}

func (m *modelTest) watchOperation(t *rapid.T) {
	rapid.SampledFrom([]operation{
		{"add", m.addWatch}, {"add", m.addWatch}, {"add again", m.addAgain}, {"add file", m.addFile},
		{"set path", m.setPath}, {"reuse descriptor", m.reuseDescriptor}, {"remove", m.removeWatch},
	}).Draw(t, "operation").do(t)
}

// modelTest is a directory and a Watcher beside their model.
type modelTest struct {
	k     *modelKernel
	dir   string
	w     *Watcher
	names []string // for new entries
	eager bool     // deliver after each step

	least, most int // file operations in a step

	files   []openFile
	watches []*modelTestWatch
	owner   map[*modelWatch]*modelTestWatch

	bufferSize int
	buffer     []modelEvent   // read by w and not delivered
	tapped     int            // bytes that the tap has seen
	read       int            // bytes that the model has read
	cookies    map[int]uint32 // of the model's renames; 0 is none
	log        []delivery
}

// modelTestWatch is a Watch beside its model. The path is that of the last Add or SetPath: the
// kernel knows none.
type modelTestWatch struct {
	*Watch
	model *modelWatch
	path  string
}

func (wt *modelTestWatch) GoString() string { return wt.String() } // in rapid's log

func newModelTest(t *rapid.T, base string) *modelTest {
	m := &modelTest{
		k:          newModelKernel(),
		owner:      make(map[*modelWatch]*modelTestWatch),
		cookies:    map[int]uint32{0: 0},
		bufferSize: readBufferSize,
		eager:      rapid.Bool().Draw(t, "deliver after each step"),
		least:      1,
		most:       rapid.SampledFrom([]int{1, 6}).Draw(t, "operations at once"),
	}
	length := 0
	if rapid.IntRange(0, 2).Draw(t, "more than a buffer holds") == 2 {
		m.bufferSize, m.least, m.most, length = MaxRecordSize, 15, 30, 255
	}
	m.names = rapid.SliceOfNDistinct(modelName(length), 4, 4, rapid.ID).Draw(t, "names")
	m.names = append(m.names, sameHash()...)
	options := []Option{WithBufferSize(m.bufferSize)}
	if rapid.Bool().Draw(t, "tap") {
		options = append(options, WithTap(func(raw []byte) { m.tapped += len(raw) }))
	} else {
		m.tapped = -1
	}
	var err error
	if m.dir, err = os.MkdirTemp(base, ""); err != nil {
		t.Fatal(err)
	}
	if m.w, err = New(options...); err != nil {
		t.Fatal(err)
	}
	return m
}

// modelName draws a file name: any bytes, at least so many.
func modelName(least int) *rapid.Generator[string] {
	letter := rapid.OneOf(rapid.ByteRange('a', 'z'), rapid.ByteRange(1, 255))
	return rapid.Map(rapid.SliceOfN(letter, 1, 17), func(name []byte) string {
		for i, b := range name {
			if b == '/' || b == '.' {
				name[i] = '-'
			}
		}
		return string(name) + strings.Repeat("-", max(0, least-len(name)))
	})
}

// sameHash returns two names that the cache of names cannot tell apart by their hash.
var sameHash = sync.OnceValue(func() []string {
	seen := make(map[uint64]string)
	for i := range 1 << 20 { // for 24 bits some 5,000 names are enough
		name := strconv.Itoa(i)
		h := hashName(padded(name)) & 0xffff00ff // the set and the tag
		if other, ok := seen[h]; ok {
			return []string{name, other}
		}
		seen[h] = name
	}
	return nil
})

func (m *modelTest) end(t *rapid.T) {
	for _, f := range m.files {
		f.Close()
	}
	if err := m.w.Close(); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(m.dir); err != nil {
		t.Error(err)
	}
}

// real returns the path on disk of a path of the model.
func (m *modelTest) real(path string) string {
	if path == "" {
		return m.dir
	}
	return m.dir + "/" + path
}

// check compares what can be seen without a loop, and, if eager, what one yields.
func (m *modelTest) check(t *rapid.T) {
	// FIONREAD writes 32 bits: not for IoctlGetInt, which has 64, on a big-endian machine.
	queued, err := unix.IoctlGetUint32(m.w.fd, unix.TIOCINQ)
	if err != nil || int(queued) != m.k.queued() {
		t.Fatalf("the queue holds %d bytes (error %v), want %d: %v", queued, err, m.k.queued(), m.k.queue)
	}
	if m.eager {
		m.deliverAll(t)
	}
	if m.tapped >= 0 && m.tapped != m.read {
		t.Fatalf("the tap has seen %d bytes, want %d", m.tapped, m.read)
	}
	want := make(map[int32]Mask)
	var live []*Watch
	for _, wt := range m.watches {
		if !wt.model.alive {
			continue
		}
		want[wt.WD()] = wt.model.mask
		live = append(live, wt.Watch)
		if wt.Mask() != wt.model.mask || wt.Path() != wt.path {
			t.Fatalf("%v, want the path %q and the mask %v", wt.Watch, wt.path, wt.model.mask)
		}
	}
	got, err := kernelWatches(m.w.fd)
	if err != nil || !maps.Equal(got, want) {
		t.Fatalf("the kernel watches %v (error %v), want %v", got, err, want)
	}
	slices.SortFunc(live, func(a, b *Watch) int { return cmp.Compare(a.WD(), b.WD()) })
	if listed := slices.Collect(m.w.Watches()); m.pending() == 0 && !slices.Equal(listed, live) {
		t.Fatalf("Watches() are %v, want %v", listed, live)
	}
}

// checkAfterwards delivers the rest. What was delivered earlier is still the same.
func (m *modelTest) checkAfterwards(t *rapid.T) {
	m.deliverAll(t)
	m.check(t)
	for i, d := range m.log {
		if err := d.compare(); err != nil {
			t.Errorf("event %d, kept: %v", i, err)
		}
	}
}

// Watches.

// modelMask draws a mask for Add: events, and how to watch.
func modelMask() *rapid.Generator[Mask] {
	single := rapid.SampledFrom(slices.Collect(AllEvents.Flags()))
	several := rapid.Map(rapid.SliceOfN(single, 2, 5), func(bits []Mask) (all Mask) {
		for _, bit := range bits {
			all |= bit
		}
		return all
	})
	// IsDir alone is accepted and asks for nothing (ALL_INOTIFY_BITS in include/linux/inotify.h).
	events := rapid.OneOf(rapid.Just(AllEvents), rapid.Just(AllEvents), single, several, rapid.Just(IsDir))
	how := rapid.OneOf(rapid.Just(Mask(0)), rapid.SampledFrom([]Mask{
		MaskAdd, OneShot, ExclUnlink, MaskCreate, OnlyDir, DontFollow,
		MaskAdd | OneShot, MaskAdd | ExclUnlink, MaskAdd | DontFollow, MaskCreate | DontFollow,
		OneShot | ExclUnlink, MaskCreate | OneShot | OnlyDir, OnlyDir | DontFollow,
	}))
	return rapid.Custom(func(t *rapid.T) Mask { return events.Draw(t, "events") | how.Draw(t, "how") })
}

func (m *modelTest) addWatch(t *rapid.T) {
	path := rapid.SampledFrom(m.k.paths()).Draw(t, "path")
	if rapid.IntRange(0, 15).Draw(t, "perhaps nothing there") == 15 {
		path = m.drawPlace(t, "path")
	}
	m.add(t, path)
}

// addAgain adds an inode that is watched, if one has a name still; by any of its names.
func (m *modelTest) addAgain(t *rapid.T) {
	var watched []string
	for _, path := range m.k.paths() {
		if m.k.mustWalk(path, false).entry.inode.watch != nil {
			watched = append(watched, path)
		}
	}
	if len(watched) == 0 {
		return
	}
	m.add(t, rapid.SampledFrom(watched).Draw(t, "path"))
}

func (m *modelTest) add(t *rapid.T, path string) {
	mask := modelMask().Draw(t, "mask")
	got, err := m.w.Add(m.real(path), mask)
	model, want := m.k.addWatch(path, mask)
	m.added(t, got, err, m.real(path), model, want)
}

// addFile adds what a file has open, which may be unlinked.
func (m *modelTest) addFile(t *rapid.T) {
	if len(m.files) == 0 {
		return
	}
	f := rapid.SampledFrom(m.files).Draw(t, "file")
	mask := modelMask().Draw(t, "mask") &^ DontFollow
	got, err := m.w.AddFile(f.File, mask)
	model, want := m.k.addWatchInode(f.entry.inode, mask)
	m.added(t, got, err, f.Name(), model, want)
}

// added checks what an Add returned: the Watch of the inode, or the kernel's error.
func (m *modelTest) added(t *rapid.T, got *Watch, err error, path string, model *modelWatch, want error) {
	if want != nil || err != nil {
		if want == nil || !errors.Is(err, want) {
			t.Fatalf("adding %q: error %v, want %v", path, err, want)
		}
		return
	}
	wt := m.owner[model]
	if wt == nil {
		for _, old := range m.watches {
			if old.Watch == got {
				t.Fatalf("adding %q: got the old %v, want a new one", path, got)
			}
		}
		wt = &modelTestWatch{Watch: got, model: model}
		m.owner[model] = wt
		m.watches = append(m.watches, wt)
	}
	if wt.Watch != got {
		t.Fatalf("adding %q: got %p %v, want %p %v", path, got, got, wt.Watch, wt.Watch)
	}
	wt.path = path
}

// removeWatch also removes watches that are gone.
func (m *modelTest) removeWatch(t *rapid.T) {
	if len(m.watches) == 0 {
		return
	}
	wt := rapid.SampledFrom(m.watches).Draw(t, "watch")
	if err := wt.Remove(); err != nil {
		t.Fatalf("removing %v: %v", wt.Watch, err)
	}
	m.k.removeWatch(wt.model)
}

func (m *modelTest) setPath(t *rapid.T) {
	if len(m.watches) == 0 {
		return
	}
	wt := rapid.SampledFrom(m.watches).Draw(t, "watch")
	wt.path = rapid.SampledFrom([]string{"", "/", "x", "x//"}).Draw(t, "path")
	wt.SetPath(wt.path)
}

// reuseDescriptor has the kernel give out the lowest free descriptor next (inotify_ioctl in
// fs/notify/inotify/inotify_user.c). Where that is not built in, nothing changes.
func (m *modelTest) reuseDescriptor(t *rapid.T) {
	const INOTIFY_IOC_SETNEXTWD = 0x40044900
	_ = unix.IoctlSetInt(m.w.fd, INOTIFY_IOC_SETNEXTWD, 1)
}
