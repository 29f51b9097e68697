package main

// This file tests the warning of file systems that this machine does not have.

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFileSystemsThatInotifySeesAPartOfAreNamed(t *testing.T) {
	for number, want := range map[uint32]string{
		unix.NFS_SUPER_MAGIC:  `inoseq: warning: "dir" is on NFS: changes that are made elsewhere are not seen` + "\n",
		unix.CIFS_SUPER_MAGIC: "SMB",
		unix.SMB2_SUPER_MAGIC: "SMB",
		unix.V9FS_MAGIC:       "9p",
		unix.FUSE_SUPER_MAGIC: "FUSE",
		unix.TMPFS_MAGIC:      "",
		unix.EXT4_SUPER_MAGIC: "",
		unix.XFS_SUPER_MAGIC:  "",
	} {
		var stderr bytes.Buffer
		p := &program{stderr: &stderr}
		p.warnOfType("dir", number)
		if got := stderr.String(); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%#x: %q, want %q", number, got, want)
		}
	}
}
