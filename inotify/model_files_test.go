//go:build linux

package inotify

// This file is a model of a file system, and says which operation tells what. Paths are relative to
// the root of the model; "" is the root itself. An operation is called here when the real one has
// succeeded, so that none asks whether it is allowed.

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// modelInode is a file, a directory or a symbolic link.
type modelInode struct {
	entries map[string]*modelEntry // of a directory
	target  string                 // of a symbolic link
	data    bool                   // a file that is not empty
	links   int
	watch   *modelWatch // at most one in an instance: inotify(7), Limitations: "by inode"
}

func (n *modelInode) isDir() bool { return n.entries != nil }

// modelEntry is a name of an inode; the kernel calls it a dentry. A name that was removed lives on
// with its parent while it is open, or while such names of its own do (fs/dcache.c).
type modelEntry struct {
	name     string
	parent   *modelEntry
	inode    *modelInode
	unlinked bool
	opens    int
	children int // names that live below it
}

// Names.

// place is where a path leads: the entry, or, if that is nil, where it could be made.
type place struct {
	entry *modelEntry
	dir   *modelEntry
	name  string
}

// walk looks a path up: path_resolution(7). Follow is for a symbolic link at its end.
func (k *modelKernel) walk(path string, follow bool) (place, error) {
	at := place{entry: k.root}
	links := 0
	for parts := strings.Split(path, "/"); len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		if part == "" || part == "." {
			continue
		}
		if at.entry == nil {
			return place{}, unix.ENOENT
		}
		if !at.entry.inode.isDir() {
			return place{}, unix.ENOTDIR
		}
		dir := at.entry
		at = place{dir: dir, name: part, entry: dir.inode.entries[part]}
		if at.entry != nil && at.entry.inode.target != "" && (follow || len(parts) > 0) {
			if links++; links > 40 {
				return place{}, unix.ELOOP
			}
			parts = append(strings.Split(at.entry.inode.target, "/"), parts...)
			at = place{entry: dir}
		}
	}
	return at, nil
}

// mustWalk is walk for an operation that has succeeded.
func (k *modelKernel) mustWalk(path string, follow bool) place {
	at, err := k.walk(path, follow)
	if err != nil {
		panic("the model cannot find " + path + ": " + err.Error())
	}
	return at
}

// paths returns every name there is, the root first.
func (k *modelKernel) paths() []string { return appendPaths(nil, k.root, "") }

func appendPaths(list []string, e *modelEntry, path string) []string {
	list = append(list, path)
	for _, name := range slices.Sorted(maps.Keys(e.inode.entries)) {
		list = appendPaths(list, e.inode.entries[name], strings.TrimPrefix(path+"/"+name, "/"))
	}
	return list
}

// put gives n a name.
func (k *modelKernel) put(at place, n *modelInode) *modelEntry {
	e := &modelEntry{inode: n}
	n.links++
	k.attach(e, at.dir, at.name)
	return e
}

func (k *modelKernel) attach(e *modelEntry, dir *modelEntry, name string) {
	e.parent, e.name = dir, name
	dir.inode.entries[name] = e
	dir.children++
}

func (k *modelKernel) detach(e *modelEntry) {
	delete(e.parent.inode.entries, e.name)
	e.parent.children--
}

// unlink takes a name away. It lives on below its parent until release.
func (k *modelKernel) unlink(e *modelEntry) {
	delete(e.parent.inode.entries, e.name)
	e.unlinked = true
	e.inode.links--
}

// release ends a name that was removed and that nobody holds any more, and then perhaps its parent.
// The inode is deleted when a name ends and it has no link: inotify(7), IN_DELETE_SELF. That it may
// be open still, by another name that was removed, does not count (dentry_unlink_inode in
// fs/dcache.c).
func (k *modelKernel) release(e *modelEntry) {
	if !e.unlinked || e.opens > 0 || e.children > 0 {
		return
	}
	if e.inode.links == 0 {
		k.tellInode(e.inode, DeleteSelf)
		if e.inode.watch != nil {
			k.forget(e.inode.watch)
		}
	}
	e.parent.children--
	k.release(e.parent)
}

// Operations, with the events of inotify(7).

// create: CREATE in the directory. Target is that of a symbolic link.
func (k *modelKernel) create(path string, dir bool, target string) {
	n := &modelInode{target: target}
	if dir {
		n.entries = map[string]*modelEntry{}
	}
	at := k.mustWalk(path, false)
	k.put(at, n)
	k.tellName(at.dir, at.name, n, Create, 0)
}

// link: the link count is an attribute, CREATE follows (fsnotify_link in include/linux/fsnotify.h).
func (k *modelKernel) link(old, path string) {
	n := k.mustWalk(old, false).entry.inode
	at := k.mustWalk(path, false)
	k.put(at, n)
	k.tellInode(n, Attrib)
	k.tellName(at.dir, at.name, n, Create, 0)
}

// remove: of a file the link count is told, of a directory not (vfs_unlink, vfs_rmdir in fs/namei.c);
// the inode is deleted before the directory tells DELETE, unless it is held (d_delete_notify in
// include/linux/fsnotify.h).
func (k *modelKernel) remove(path string) {
	e := k.mustWalk(path, false).entry
	k.unlink(e)
	if !e.inode.isDir() {
		k.tellInode(e.inode, Attrib)
	}
	k.release(e)
	k.tellName(e.parent, e.name, e.inode, Delete, 0)
}

// rename: nothing is told if both are the same inode, and no DELETE of what stood there before
// (vfs_rename in fs/namei.c).
func (k *modelKernel) rename(path, to string) {
	e, at := k.mustWalk(path, false).entry, k.mustWalk(to, false)
	victim := at.entry
	if victim != nil && victim.inode == e.inode {
		return
	}
	if victim != nil {
		k.unlink(victim)
	}
	oldDir, oldName := e.parent, e.name
	k.detach(e)
	k.attach(e, at.dir, at.name)
	k.tellMove(e, oldDir, oldName, victim)
	if victim != nil {
		k.release(victim)
	}
}

// exchange: RENAME_EXCHANGE of rename(2) tells two renames (vfs_rename).
func (k *modelKernel) exchange(path, other string) {
	a, b := k.mustWalk(path, false).entry, k.mustWalk(other, false).entry
	if a.inode == b.inode {
		return
	}
	dirA, nameA, dirB, nameB := a.parent, a.name, b.parent, b.name
	k.detach(a)
	k.detach(b)
	k.attach(a, dirB, nameB)
	k.attach(b, dirA, nameA)
	k.tellMove(a, dirA, nameA, nil)
	k.tellMove(b, dirB, nameB, nil)
}

// tellMove: one cookie, MOVE_SELF last (fsnotify_move in include/linux/fsnotify.h). The link count
// of the victim changes between.
func (k *modelKernel) tellMove(e, oldDir *modelEntry, oldName string, victim *modelEntry) {
	k.cookies++
	cookie := k.cookies
	k.tellName(oldDir, oldName, e.inode, MovedFrom, cookie)
	k.tellName(e.parent, e.name, e.inode, MovedTo, cookie)
	if victim != nil {
		k.tellInode(victim.inode, Attrib)
	}
	k.tellInode(e.inode, MoveSelf)
}

// chmod and truncate by path or by open file are the same: no open file is told of, so that
// ExclUnlink does not hide them (fsnotify_change in include/linux/fsnotify.h).
func (k *modelKernel) chmod(e *modelEntry) { k.tellEntry(e, Attrib) }

func (k *modelKernel) truncate(e *modelEntry) {
	e.inode.data = false
	k.tellEntry(e, Modify)
}

// open: a new file is created first; O_TRUNC of an old one comes after OPEN.
func (k *modelKernel) open(path string, flags int) *modelEntry {
	at := k.mustWalk(path, flags&unix.O_EXCL == 0)
	e := at.entry
	if e == nil {
		e = k.put(at, &modelInode{})
		k.tellName(at.dir, at.name, e.inode, Create, 0)
	}
	e.opens++
	k.tellOpened(e, Open)
	if at.entry != nil && flags&unix.O_TRUNC != 0 {
		k.truncate(e)
	}
	return e
}

func (k *modelKernel) write(e *modelEntry) {
	e.inode.data = true
	k.tellOpened(e, Modify)
}

// readFile: no ACCESS at the end of a file; a directory tells it always (iterate_dir in fs/readdir.c).
func (k *modelKernel) readFile(e *modelEntry) {
	if e.inode.isDir() || e.inode.data {
		k.tellOpened(e, Access)
	}
}

func (k *modelKernel) close(e *modelEntry, writable bool) {
	if writable {
		k.tellOpened(e, CloseWrite)
	} else {
		k.tellOpened(e, CloseNoWrite)
	}
	e.opens--
	k.release(e)
}
