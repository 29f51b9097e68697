//go:build linux

package inotify

// This file reads the kernel's own list of an instance's watches.

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/inoseq/inoseq/internal/fdinfo"
)

// kernelWatches returns the watches of the instance fd with their masks, from /proc/self/fdinfo.
// OneShot and ExclUnlink are in the mask since Linux 5.19.
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
	for m, err := range fdinfo.Marks(r, false) {
		if err != nil {
			return nil, fmt.Errorf("inotify: fdinfo: %w", err)
		}
		marks[m.WD] = Mask(m.Mask)
	}
	return marks, nil
}
