package inotify_test

// This file holds the examples of the package page that run on every operating system.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"

	"github.com/inoseq/inoseq/inotify"
)

// A buffer that a program on some machine read from its instance, seen in a core dump or by
// strace(1).
func ExampleDecode() {
	buf := []byte("\x01\x00\x00\x00\x00\x01\x00\x40\x00\x00\x00\x00\x10\x00\x00\x00" + // wd 1, len 16
		"pictures\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x01\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + // wd 1, len 0
		"\x02\x00\x00\x00\x02\x00")
	for rec, err := range inotify.Decode(buf, binary.LittleEndian) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("watch %d: %v %q\n", rec.WD, rec.Mask, rec.Name)
	}
	// Output:
	// watch 1: CREATE|ISDIR "pictures"
	// watch 1: IGNORED ""
	// inotify: decoding at byte 48: record is cut off in its header
}

func ExampleDecodeReader() {
	var capture []byte
	for _, name := range []string{"a", "b"} {
		var err error
		capture, err = inotify.AppendRecord(capture, inotify.Record{WD: 1, Mask: inotify.Create, Name: []byte(name)}, binary.BigEndian)
		if err != nil {
			log.Fatal(err)
		}
	}
	for rec, err := range inotify.DecodeReader(bytes.NewReader(capture), binary.BigEndian) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v %s\n", rec.Mask, rec.Name)
	}
	// Output:
	// CREATE a
	// CREATE b
}

func ExampleParseMask() {
	mask, err := inotify.ParseMask("create,moved_to,IN_CLOSE")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mask)
	_, err = inotify.ParseMask("create,delet")
	fmt.Println(err != nil)
	// Output:
	// CLOSE_WRITE|CLOSE_NOWRITE|MOVED_TO|CREATE
	// true
}
