package main

// This file holds the command decode: captures, raw records, hex dumps and traces become lines, on
// every operating system.

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/inoseq/inoseq/cmd/inoseq/internal/capture"
	"github.com/inoseq/inoseq/cmd/inoseq/internal/hexdump"
	"github.com/inoseq/inoseq/cmd/inoseq/internal/strace"
	"github.com/inoseq/inoseq/inotify"
)

const decodeHelp = `Print the events that a file holds, as "inoseq watch" does: CREATE|ISDIR "dir/name", or
with --json an object a line. This works on every operating system. FILE is - for
standard input, and one of these:

  a capture     of "inoseq record": events with their paths and, with --json, their times.
                Directories that were renamed are followed, with -r.
  --raw         records of inotify(7) back to back, as read(2) returned them
  --hex         the same as a hex dump, by xxd, xxd -p, hexdump -C, od -tx1, od -An -v -tx1,
                or bare hexadecimal digits; the first line tells which
  --strace      the output of
                  strace -f -xx -s 65536 -o FILE \
                    -e trace=inotify_init1,inotify_add_watch,inotify_rm_watch,read,close,dup,clone \
                    PROGRAM
                with paths as that program wrote them. More is understood: -t, -tt, -ttt
                (the one with which --json has times), -r, -T, -y, and of system calls
                inotify_init, dup2, dup3, fcntl, close_range, clone3, fork, vfork, execve.
                To trace a program that runs already, add -y.

An event whose watch is not known has its descriptor and, if there is one, the name:
CREATE wd 3 "name", and with --json "wd":3 and the name as the path. --who says which
process was told, through which descriptor: pid 71 fd 3: CREATE "dir/name", and with
--json "pid" and "fd".

Exit status:
  0  all was decoded
  1  the file is cut off or damaged, or cannot be read: what is whole has been printed
  2  the command line is wrong`

const decodeExamples = `  inoseq decode --json capture.jsonl
  inoseq decode --raw --order big read.bin
  xxd read.bin | inoseq decode --hex -
  inoseq decode --strace --who trace.txt`

type decodeOptions struct {
	json             bool
	raw, hex, strace bool
	who              bool
	order            orderFlag
}

func (p *program) decodeCommand() *cobra.Command {
	var o decodeOptions
	cmd := &cobra.Command{
		Use:     "decode [--raw | --hex | --strace] [--json] FILE",
		Short:   "Print the events of a capture, of raw records, or of a trace",
		Long:    decodeHelp,
		Example: decodeExamples,
		Args: func(_ *cobra.Command, files []string) error {
			switch {
			case len(files) == 0:
				return errors.New("FILE is missing: name the file to decode, or - for standard input")
			case len(files) > 1:
				return fmt.Errorf("one FILE at a time: leave %q out", files[1])
			}
			return o.check()
		},
		RunE: func(_ *cobra.Command, files []string) error { return p.decode(files[0], o) },

		DisableFlagsInUseLine: true,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.raw, "raw", false, "FILE holds records of inotify(7)")
	flags.BoolVar(&o.hex, "hex", false, "FILE is a hex dump of records")
	flags.BoolVar(&o.strace, "strace", false, "FILE is output of strace")
	flags.Var(&o.order, "order", "byte order of the records: little or big (without it, that of this machine)")
	flags.BoolVar(&o.who, "who", false, "with --strace: print the process and its descriptor, too")
	flags.BoolVar(&o.json, "json", false, "print JSON, one object a line")
	complete(cmd, "order", "little", "big")
	return cmd
}

func (o *decodeOptions) check() error {
	forms := 0
	for _, form := range []bool{o.raw, o.hex, o.strace} {
		if form {
			forms++
		}
	}
	switch {
	case forms > 1:
		return errors.New("--raw, --hex and --strace are different forms of FILE: give one of them")
	case forms == 0 && o.order.order != nil:
		return errors.New("--order is for --raw, --hex and --strace, a capture knows its own: leave it out")
	case o.who && !o.strace:
		return errors.New("--who is for --strace, the other forms are of one process: leave it out")
	}
	return nil
}

// orderFlag is the value of the option --order.
type orderFlag struct{ order binary.ByteOrder }

// Set implements pflag.Value.
func (f *orderFlag) Set(name string) error {
	order, ok := capture.Orders[name]
	if !ok {
		return errors.New("it is little or big")
	}
	f.order = order
	return nil
}

// String implements pflag.Value; there is no default to show.
func (f *orderFlag) String() string { return "" }

// Type implements pflag.Value.
func (f *orderFlag) Type() string { return "ORDER" }

func (f *orderFlag) orNative() binary.ByteOrder {
	if f.order == nil {
		return binary.NativeEndian
	}
	return f.order
}

func (p *program) decode(name string, o decodeOptions) error {
	in := p.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return &failure{err: fmt.Errorf("cannot read %q: %w", name, reason(err))}
		}
		defer f.Close()
		in = f
	}
	d := decoder{
		program: p,
		printer: &decodedPrinter{buf: bufio.NewWriterSize(p.stdout, 64<<10), json: o.json, warn: func(err error) { p.say("%v", err) }},
		who:     o.who,
	}
	in = &flushing{in, d.printer}
	var err error
	switch {
	case o.raw:
		err = d.records(in, o.order.orNative())
	case o.hex:
		err = d.records(hexdump.NewReader(in), o.order.orNative())
	case o.strace:
		err = d.trace(in, o.order.orNative())
	default:
		err = d.capture(in)
	}
	if flushErr := d.printer.flush(); flushErr != nil {
		return &failure{err: flushErr}
	}
	if err != nil {
		return &failure{err: fmt.Errorf("decoding %q: %w", name, err)}
	}
	if d.faults > 0 {
		return &failure{err: nil}
	}
	return nil
}

// flushing is an input that may take its time: what has been decoded is printed before it is read.
type flushing struct {
	io.Reader
	printer *decodedPrinter
}

func (f *flushing) Read(b []byte) (int, error) {
	if err := f.printer.flush(); err != nil {
		return 0, err
	}
	return f.Reader.Read(b)
}

// decoder prints what it decodes.
type decoder struct {
	*program
	printer *decodedPrinter
	who     bool
	faults  int // that were told, and did not end the decoding
}

// records decodes records back to back.
func (d *decoder) records(in io.Reader, order binary.ByteOrder) error {
	for rec, err := range inotify.DecodeReader(in, order) {
		if err == nil {
			err = d.printer.event(decoded{rec: rec, path: string(rec.Name)})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// capture decodes a capture.
func (d *decoder) capture(in io.Reader) error {
	c, head, err := capture.NewReader(in)
	if err != nil {
		return err
	}
	wanted := head.Events | inotify.Unmount | inotify.QueueOverflow | inotify.Ignored
	if head.Events == 0 {
		wanted = ^inotify.Mask(0)
	}
	places := capture.NewPlaces()
	for {
		entry, err := c.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		switch entry := entry.(type) {
		case *capture.Watch:
			places.Set(*entry)
		case *capture.Read:
			for rec, err := range inotify.Decode(entry.Raw, head.Order) {
				if err != nil {
					return c.At(err)
				}
				path, known := places.Tell(rec)
				if !rec.Mask.HasAny(wanted) {
					continue
				}
				if err := d.printer.event(decoded{time: entry.Time, rec: rec, path: path, known: known}); err != nil {
					return err
				}
			}
		}
	}
}

// trace decodes output of strace. A line that is wrong is told, and the next is read.
func (d *decoder) trace(in io.Reader, order binary.ByteOrder) error {
	for ev, err := range strace.Decode(in, order) {
		var at *strace.LineError
		if errors.As(err, &at) {
			d.faults++
			err = d.printer.flush()
			d.say("%v", at)
		} else if err == nil {
			t := decoded{time: ev.Time, rec: ev.Record, path: string(ev.Record.Name)}
			if ev.Path != "" {
				t.path, t.known = capture.Join(ev.Path, t.path), true
			}
			if d.who {
				t.pid, t.fd = ev.PID, &ev.FD
			}
			err = d.printer.event(t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
