package main

// This file records: it writes what is read, and keeps the watches of -r up to date. The records that
// the tap sees are applied to the places of the watches as decode will apply them; directories are
// taken in when the kernel's queue has been read, so that the paths are as true as they can be.

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/capture"
	"github.com/inoseq/inoseq/inotify"
)

// followEvents are what -r needs to be told. Together they keep the kernel from merging records that
// are not of one rename.
const followEvents = inotify.Create | inotify.Delete | inotify.Move | inotify.MoveSelf

// readBuffer is what is read at once, in bytes.
const readBuffer = 64 << 10

// recorder is a capture that is being written.
type recorder struct {
	*program
	w            *inotify.Watcher
	out          *bufio.Writer
	mask         inotify.Mask // of every watch
	recursive    bool
	own, ownFile fs.FileInfo // the capture's directory, and itself; nil if they may be watched
	failed       int         // paths of the command line that cannot be watched

	places  *capture.Places
	watches map[int32]*inotify.Watch // of directories, with recursive
	listed  map[int32]int            // the scan in which each was listed, counted from 1
	scan    int                      // scans that an overflow made necessary
	pending []found
	limit   bool // it was told that there are no more watches

	// What the tap has seen:
	read     int64 // bytes
	moved    bool  // a watched directory was moved
	overflow bool
	fewer    bool // watches may have gone
	room     []byte
}

// found is a directory that is to be watched.
type found struct {
	in   int32 // the watch of its directory, or 0
	name string
}

func (p *program) record(ctx context.Context, paths []string, o recordOptions) (err error) {
	out := &outputFile{name: o.output, stdout: p.stdout}
	r := &recorder{
		program: p, out: bufio.NewWriterSize(out, 256<<10), mask: o.events.orDefault(), recursive: o.recursive,
		places: capture.NewPlaces(), watches: make(map[int32]*inotify.Watch), listed: make(map[int32]int),
	}
	if r.w, err = inotify.New(inotify.WithTap(r.tap), inotify.WithBufferSize(readBuffer)); err != nil {
		return &failure{err: err}
	}
	defer r.w.Close()
	if o.output == "-" {
		var stop func()
		ctx, stop = whileRead(ctx, p.stdout.w)
		defer stop()
	}
	if err = r.start(ctx, paths, o.output); err == nil {
		err = r.run(ctx, func() {
			if !o.quiet {
				r.say("recording %s", count(len(paths)-r.failed, "path"))
			}
		})
		if flushErr := r.out.Flush(); err == nil {
			err = flushErr
		}
	}
	if closeErr := out.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return &failure{err: err}
	}
	return nil
}

// outputFile is made at the first write, when it is known that there is something to record.
type outputFile struct {
	name   string
	stdout io.Writer
	file   *os.File
}

func (o *outputFile) Write(b []byte) (int, error) {
	if o.name == "-" {
		return o.stdout.Write(b)
	}
	if o.file == nil {
		f, err := os.Create(o.name)
		if err != nil {
			return 0, fmt.Errorf("cannot write %q: %w", o.name, reason(err))
		}
		o.file = f
	}
	n, err := o.file.Write(b)
	if err != nil {
		err = fmt.Errorf("writing %q: %w", o.name, reason(err))
	}
	return n, err
}

func (o *outputFile) close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}

// start watches the paths, and writes their lines.
func (r *recorder) start(ctx context.Context, paths []string, output string) error {
	kernel := "unknown"
	var name unix.Utsname
	if err := unix.Uname(&name); err == nil {
		kernel = unix.ByteSliceToString(name.Release[:])
	}
	head := capture.Head{Order: binary.NativeEndian, Kernel: kernel, Events: r.mask & inotify.AllEvents}
	r.out.Write(capture.AppendHead(nil, head)) // its error comes back from Flush, as those of all that is written
	if output != "-" && r.mask.Has(inotify.Modify) {
		// The directory must be there; whether the file can be made is seen when it is made.
		r.own, _ = os.Stat(filepath.Dir(output))
		r.ownFile, _ = os.Stat(output)
	}
	for _, path := range paths {
		if ctx.Err() != nil {
			return nil
		}
		err := r.add(path)
		if errors.Is(err, errOwn) {
			return fmt.Errorf("--output %q is in %q: %w", output, path, err)
		} else if err != nil {
			r.say("cannot watch %q: %v", path, reason(err))
			r.failed++
		}
	}
	if r.failed == len(paths) {
		return errors.New("nothing to watch")
	}
	return nil
}

var errOwn = errors.New("it would record its own writing; write it elsewhere, or leave modify out of --events")

// isOwn reports whether a watch of what info is of would be told of each write to the capture.
func (r *recorder) isOwn(info fs.FileInfo) bool {
	return r.own != nil && os.SameFile(info, r.own) || r.ownFile != nil && os.SameFile(info, r.ownFile)
}

// add watches a path of the command line.
func (r *recorder) add(path string) error {
	info, err := os.Stat(path)
	if err == nil && r.isOwn(info) {
		return errOwn
	}
	if err == nil && info.IsDir() && r.recursive {
		return r.takeIn(found{name: path})
	}
	wt, err := r.w.Add(path, r.mask)
	if err != nil {
		return err
	}
	r.set(capture.Watch{WD: wt.WD(), Path: path, Mask: wt.Mask()})
	return nil
}

// set notes a watch, here and in the capture.
func (r *recorder) set(w capture.Watch) {
	r.places.Set(w)
	r.out.Write(capture.AppendWatch(nil, w))
}

// takeIn watches a directory and, if that is new, has what is in it taken in later. It watches what it
// has open and lists the same: between the two nothing can be missed.
func (r *recorder) takeIn(d found) error {
	path, follow := d.name, 0
	if d.in != 0 {
		dir, known := r.places.Path(d.in)
		if !known {
			return nil // it was moved away, or is gone
		}
		path, follow = capture.Join(dir, d.name), unix.O_NOFOLLOW
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|follow, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	} else if r.isOwn(info) {
		return errOwn
	}
	wt, err := r.w.AddFile(f, r.mask|followEvents)
	if err != nil {
		return err
	}
	wd := wt.WD()
	r.watches[wd] = wt
	if d.in == 0 || !r.places.At(wd, d.in, d.name) {
		if old, known := r.places.Path(wd); known && old != path && d.in != 0 {
			if there, err := os.Stat(old); err == nil && os.SameFile(there, info) {
				return nil // it stands at both, as a bind mount
			}
		}
		r.set(capture.Watch{WD: wd, In: d.in, Path: path, Mask: wt.Mask()})
	}
	if r.listed[wd] > r.scan {
		return nil
	}
	r.listed[wd] = r.scan + 1
	entries, err := f.ReadDir(-1)
	for _, e := range entries {
		if e.IsDir() {
			r.pending = append(r.pending, found{wd, e.Name()})
		}
	}
	return err
}

// takeInSome takes in some of the directories that wait for it.
func (r *recorder) takeInSome() {
	for range min(64, len(r.pending)) {
		last := len(r.pending) - 1
		d := r.pending[last]
		r.pending = r.pending[:last]
		err := r.takeIn(d)
		var limit *inotify.LimitError
		switch {
		case err == nil:
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
			// It has moved on, which the kernel tells, or is gone.
		case errors.As(err, &limit) && r.limit:
		default:
			r.limit = errors.As(err, &limit)
			dir, _ := r.places.Path(d.in)
			r.say("cannot watch %q: %v", capture.Join(dir, d.name), reason(err))
		}
	}
}

// tap sees every read.
func (r *recorder) tap(raw []byte) {
	r.room = capture.AppendRead(r.room[:0], capture.Read{Time: time.Now(), Raw: raw})
	r.out.Write(r.room)
	r.read += int64(len(raw))
	for rec, err := range inotify.Decode(raw, binary.NativeEndian) {
		if err != nil {
			return // whoever decodes the capture is told
		}
		r.places.Apply(rec)
		switch {
		case rec.Mask.Has(inotify.Ignored):
			r.fewer = true
			delete(r.watches, rec.WD)
			delete(r.listed, rec.WD)
		case rec.Mask.Has(inotify.QueueOverflow):
			r.overflow, r.fewer = true, true
		case rec.Mask.Has(inotify.MoveSelf):
			r.moved = true
		case r.recursive && rec.Mask.Has(inotify.IsDir) && rec.Mask.HasAny(inotify.Create|inotify.MovedTo):
			r.pending = append(r.pending, found{rec.WD, string(rec.Name)})
		}
	}
}

// run records until ctx is done, or no watch is left.
func (r *recorder) run(ctx context.Context, ready func()) error {
	for started := false; ; {
		events := 0
		for _, err := range r.w.EventsUntilIdle(ctx, 0) {
			if err != nil && !errors.Is(err, inotify.ErrOverflow) {
				return r.end(ctx, err)
			}
			if events++; events >= 4096 && len(r.pending) > 0 {
				break
			}
		}
		if r.overflow {
			r.rescan()
		}
		if len(r.pending) > 0 {
			r.takeInSome()
			continue
		}
		if err := r.letGo(); err != nil {
			return err
		}
		// No event is waiting.
		if err := r.out.Flush(); err != nil {
			return err
		}
		if !started {
			ready()
			started = true
		}
		if r.fewer && r.noneLeft() {
			if r.mask.Has(inotify.OneShot) {
				return nil
			}
			return errNoneLeft
		}
		r.fewer = false
		for _, err := range r.w.EventsContext(ctx) {
			if err != nil && !errors.Is(err, inotify.ErrOverflow) {
				return r.end(ctx, err)
			}
			break
		}
	}
}

// rescan has all directories listed again: new ones may be among what was lost.
func (r *recorder) rescan() {
	r.overflow = false
	r.scan++
	for wd := range r.watches {
		if in, name, ok := r.places.Stands(wd); ok {
			r.pending = append(r.pending, found{in, name})
		}
	}
}

// letGo removes the watches of what was moved out of the directories that are watched.
func (r *recorder) letGo() error {
	if !r.moved || !r.recursive {
		return nil
	}
	r.moved = false
	for _, wd := range r.places.Lost() {
		if err := r.watches[wd].Remove(); err != nil {
			return err
		}
	}
	return nil
}

func (r *recorder) noneLeft() bool {
	for range r.w.Watches() {
		return false
	}
	return true
}

// end records what was told before ctx was done.
func (r *recorder) end(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	// As much as is queued now: what goes on is not waited for.
	conn, err := r.w.SyscallConn()
	if err != nil {
		return err
	}
	queued := uint32(0) // FIONREAD has another name in unix, and writes an int of C, 32 bits
	if err := conn.Control(func(fd uintptr) { queued, _ = unix.IoctlGetUint32(int(fd), unix.TIOCINQ) }); err != nil {
		return err
	}
	// And what has been read, and not been seen by the tap.
	end := r.read + int64(queued) + readBuffer
	for _, err := range r.w.EventsUntilIdle(context.Background(), 0) {
		if err != nil && !errors.Is(err, inotify.ErrOverflow) {
			return err
		}
		if r.read >= end {
			break
		}
	}
	return nil
}
