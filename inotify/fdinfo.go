//go:build linux

package inotify

// This file reads the kernel's own list of an instance's watches.

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
)

// kernelWatches returns the watches of the instance fd with their masks, from /proc/self/fdinfo:
//
//	inotify wd:1f ino:9e7e sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:8 ...
//
// All numbers are hexadecimal, the descriptor too, whatever proc(5) says (inotify_fdinfo in
// fs/notify/fdinfo.c). OneShot and ExclUnlink are in the mask since Linux 5.19.
func kernelWatches(fd int) (map[int32]Mask, error) {
	f, err := os.Open("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseWatches(f)
}

func parseWatches(r io.Reader) (map[int32]Mask, error) {
	marks := make(map[int32]Mask)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		rest, ok := bytes.CutPrefix(lines.Bytes(), []byte("inotify "))
		if !ok {
			continue
		}
		wd, err := hexField(rest, "wd:")
		if err != nil {
			return nil, err
		}
		mask, err := hexField(rest, "mask:")
		if err != nil {
			return nil, err
		}
		marks[int32(wd)] = Mask(mask)
	}
	return marks, lines.Err()
}

// hexField returns the number behind key, which begins a word of line.
func hexField(line []byte, key string) (uint32, error) {
	for rest, more := line, true; more; {
		var word []byte
		word, rest, more = bytes.Cut(rest, []byte(" "))
		if digits, ok := bytes.CutPrefix(word, []byte(key)); ok {
			n, err := strconv.ParseUint(string(digits), 16, 32)
			if err == nil {
				return uint32(n), nil
			}
			break
		}
	}
	return 0, fmt.Errorf("inotify: fdinfo line %q has no number %s", line, key)
}
