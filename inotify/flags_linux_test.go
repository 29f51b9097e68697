//go:build linux

package inotify

// This file holds the constants against those of golang.org/x/sys/unix, which are generated from
// the kernel's headers for each architecture.

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestConstantsAreTheKernels(t *testing.T) {
	for _, c := range []struct {
		name         string
		ours, kernel Mask
	}{
		{"IN_ACCESS", Access, unix.IN_ACCESS},
		{"IN_MODIFY", Modify, unix.IN_MODIFY},
		{"IN_ATTRIB", Attrib, unix.IN_ATTRIB},
		{"IN_CLOSE_WRITE", CloseWrite, unix.IN_CLOSE_WRITE},
		{"IN_CLOSE_NOWRITE", CloseNoWrite, unix.IN_CLOSE_NOWRITE},
		{"IN_OPEN", Open, unix.IN_OPEN},
		{"IN_MOVED_FROM", MovedFrom, unix.IN_MOVED_FROM},
		{"IN_MOVED_TO", MovedTo, unix.IN_MOVED_TO},
		{"IN_CREATE", Create, unix.IN_CREATE},
		{"IN_DELETE", Delete, unix.IN_DELETE},
		{"IN_DELETE_SELF", DeleteSelf, unix.IN_DELETE_SELF},
		{"IN_MOVE_SELF", MoveSelf, unix.IN_MOVE_SELF},
		{"IN_CLOSE", Close, unix.IN_CLOSE},
		{"IN_MOVE", Move, unix.IN_MOVE},
		{"IN_ALL_EVENTS", AllEvents, unix.IN_ALL_EVENTS},
		{"IN_UNMOUNT", Unmount, unix.IN_UNMOUNT},
		{"IN_Q_OVERFLOW", QueueOverflow, unix.IN_Q_OVERFLOW},
		{"IN_IGNORED", Ignored, unix.IN_IGNORED},
		{"IN_ISDIR", IsDir, unix.IN_ISDIR},
		{"IN_ONLYDIR", OnlyDir, unix.IN_ONLYDIR},
		{"IN_DONT_FOLLOW", DontFollow, unix.IN_DONT_FOLLOW},
		{"IN_EXCL_UNLINK", ExclUnlink, unix.IN_EXCL_UNLINK},
		{"IN_MASK_CREATE", MaskCreate, unix.IN_MASK_CREATE},
		{"IN_MASK_ADD", MaskAdd, unix.IN_MASK_ADD},
		{"IN_ONESHOT", OneShot, unix.IN_ONESHOT},
	} {
		if c.ours != c.kernel {
			t.Errorf("%s is %#x, ours is %#x", c.name, uint32(c.kernel), uint32(c.ours))
		}
		if got, err := ParseMask(c.name); got != c.kernel || err != nil {
			t.Errorf("ParseMask(%q) = %#x, %v, want %#x", c.name, uint32(got), err, uint32(c.kernel))
		}
	}
}

func TestSizesAreTheKernels(t *testing.T) {
	if HeaderSize != unix.SizeofInotifyEvent {
		t.Errorf("HeaderSize is %d, sizeof(struct inotify_event) %d", HeaderSize, unix.SizeofInotifyEvent)
	}
	if MaxNameSize != unix.PathMax {
		t.Errorf("MaxNameSize is %d, PATH_MAX %d", MaxNameSize, unix.PathMax)
	}
}
