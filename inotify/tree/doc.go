// Package tree watches whole directory trees, exactly: the events, applied in order to a picture of
// the trees, make the picture equal the disk whenever the trees have come to rest.
//
//	w, err := tree.New(inotify.Create | inotify.Delete | inotify.Move | inotify.CloseWrite)
//	if err != nil {
//		return err
//	}
//	defer w.Close()
//	if err := w.Add(ctx, "/srv/data"); err != nil {
//		return err
//	}
//	for ev, err := range w.Events() {
//		if err != nil {
//			return err
//		}
//		fmt.Println(ev)
//	}
//
// # What is told
//
// The creation of each entry is told once, also of those that were made in a directory before it could
// be watched, as the middle of mkdir -p. Nothing is told below a directory that was not told before, no
// entry is removed that was not there. A removal or a move of a directory takes along all below it. So
// a picture is kept by these rules:
//
//   - Create, and MovedTo without From, put an entry at Path; MovedTo replaces what stood there;
//   - Delete, and MovedFrom, take the entry at Path away;
//   - MovedTo with From carries the entry at From to Path, and replaces what stood there;
//   - with Exchange, the entries at From and Path change places;
//   - all else tells of an entry that is there.
//
// [Event.Synthetic] is set on what was found by looking at the disk. The mask given to [New] filters
// what is told, never what is tracked. A rename is told to those who asked for MovedFrom or MovedTo; a
// synthetic creation is told also to those who asked for MovedTo, Modify or CloseWrite, because a file
// that was written before its directory could be watched has no other witness. What a directory and its
// parent both tell is told once. Events on the object itself are told of roots only: DeleteSelf,
// MoveSelf and Unmount, whatever the mask, are the end of a root.
//
// A rename within the watched trees, of a file or of a directory with all below it, is one event, and
// costs no system call for what is below. A rename can be told as removal and creation across a look
// at the disk: while a directory is taken in, and after an overflow.
//
// # When events are lost
//
// The kernel's queue has a limit (fs.inotify.max_queued_events). When it overflows, the sequence yields
// inotify.ErrOverflow; if the loop goes on, all directories are looked at again and what has changed is
// told. A directory that may not be read, or for which there is no watch left, is told once as a
// [*DirError]; the rest goes on, and it is taken in when that becomes possible.
//
// # What is not seen
//
// What inotify(7) does not see, this package does not: changes on the other side of a network file
// system, through a memory mapping, or through a hard link outside. A file system that is mounted over
// a watched directory is noticed when something has to be looked up there, as is a rename above a root.
// A directory that can be reached at two paths, by a bind mount, is watched at one of them, its own if
// that is in the trees, and told as a *DirError at the other.
//
// Taking a directory in opens and reads it. Where the mask has Open, Access or CloseNoWrite, this is
// seen by the watches of its parent and of itself, and told.
//
// A step of a loop looks things up in the trees: on a hung mount it hangs, and with it Add, Remove and
// Dirs; Close does not.
package tree
