package fdinfo_test

// This file shows the package at work.

import (
	"fmt"
	"log"
	"strings"

	"github.com/inoseq/inoseq/inotify/fdinfo"
)

// The watches of an instance, as /proc/PID/fdinfo/FD lists them.
func ExampleParse() {
	listing := strings.NewReader("pos:\t0\nflags:\t02004000\n" +
		"inotify wd:11 ino:9e7e sdev:800013 mask:100 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:7e9e0000640d1b6d\n")
	for m, err := range fdinfo.Parse(listing) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("watch %d on inode %d of device %d:%d: %v\n", m.WD, m.Inode, m.Major(), m.Minor(), m.Mask)
	}
	// Output: watch 17 on inode 40574 of device 8:19: CREATE
}
