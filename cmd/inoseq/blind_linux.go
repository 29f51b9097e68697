package main

// This file knows the file systems on which inotify sees only a part of what happens: where others
// than this kernel can change files, or where files are made up as they are read.

import "golang.org/x/sys/unix"

// others are told of by nobody: see "Limitations and caveats" of inotify(7).
const (
	byOthers = "changes that are made elsewhere are not seen"
	madeUp   = "what the kernel changes there is not seen"
)

// blind has the numbers of statfs(2) that not all of golang.org/x/sys/unix has names for: they are
// those of linux/magic.h and of the file systems' own sources.
var blind = map[uint32]struct{ name, why string }{
	unix.NFS_SUPER_MAGIC:    {"NFS", byOthers},
	unix.SMB_SUPER_MAGIC:    {"SMB", byOthers},
	unix.SMB2_SUPER_MAGIC:   {"SMB", byOthers},
	unix.CIFS_SUPER_MAGIC:   {"SMB (CIFS)", byOthers},
	unix.V9FS_MAGIC:         {"9p", byOthers},
	unix.FUSE_SUPER_MAGIC:   {"FUSE (or virtiofs)", byOthers},
	unix.AFS_SUPER_MAGIC:    {"AFS", byOthers},
	unix.AFS_FS_MAGIC:       {"AFS", byOthers},
	unix.CODA_SUPER_MAGIC:   {"Coda", byOthers},
	unix.CEPH_SUPER_MAGIC:   {"Ceph", byOthers},
	0x0bd00bd0:              {"Lustre", byOthers},
	0x47504653:              {"GPFS", byOthers},
	0x19830326:              {"BeeGFS", byOthers},
	0x01161970:              {"GFS2", byOthers},
	unix.OCFS2_SUPER_MAGIC:  {"OCFS2", byOthers},
	0x786f4256:              {"a folder of VirtualBox", byOthers},
	0xbacbacbc:              {"a folder of VMware", byOthers},
	unix.PROC_SUPER_MAGIC:   {"proc", madeUp},
	unix.SYSFS_MAGIC:        {"sysfs", madeUp},
	unix.CGROUP_SUPER_MAGIC: {"cgroup", madeUp},
	unix.DEBUGFS_MAGIC:      {"debugfs", madeUp},
	unix.TRACEFS_MAGIC:      {"tracefs", madeUp},
}

// warnOfBlindness says so if inotify does not see all that happens at path.
func (p *program) warnOfBlindness(path string) {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return // it has gone meanwhile
	}
	p.warnOfType(path, uint32(st.Type))
}

func (p *program) warnOfType(path string, number uint32) {
	if fs, ok := blind[number]; ok {
		p.say("warning: %q is on %s: %s", path, fs.name, fs.why)
	}
}
