// Package inotify is inotify(7) for Go as a sequence: watches go in, and a range loop takes events
// out.
//
//	w, err := inotify.New()
//	if err != nil {
//		return err
//	}
//	defer w.Close()
//	if _, err := w.Add("/etc", inotify.Create|inotify.CloseWrite|inotify.Delete); err != nil {
//		return err
//	}
//	for ev, err := range w.Events() {
//		if err != nil {
//			return err
//		}
//		fmt.Println(ev) // CLOSE_WRITE "/etc/hosts"
//	}
//
// A [Watcher] is one inotify instance, a [Watch] one watched inode, a [Mask] a set of inotify(7)'s
// bits under their own names. Directories are not watched with what is below them: each is added by
// itself. [Decode] takes buffers apart that were read from an instance, on any operating system; the
// rest works on Linux and is errors.ErrUnsupported elsewhere.
//
// # Sequences
//
// [Watcher.Events], [Watcher.EventsContext], [Watcher.EventsUntilIdle] and [Watcher.Batches] return
// single-use iterators, as package iter calls them: what has been taken does not come again. Ranging
// over one once more goes on with the stream, as a new one does. They work with for range and with
// iter.Pull2. This is what they promise:
//
// Nothing is lost between loops. Position and buffer live in the Watcher: a loop that breaks, or
// whose body panics, leaves the next event to the next loop.
//
// No error is hidden. It is nil, or [ErrOverflow], which comes in its place among the
// events, with an event of mask QueueOverflow, and after which the sequence goes on if the loop
// does; or the last thing that the loop gets. So
//
//	if err != nil {
//		return err
//	}
//
// is always safe. A stream that broke gives the same error to every later loop.
//
// A loop that ends without an error was ended by [Watcher.Close], or, UntilIdle, because nothing
// came. A loop begun on a closed Watcher yields an error that is os.ErrClosed, once. A context that
// is done ends the loop at its next step with context.Cause; what had been read stays for the next
// loop.
//
// Any method may be called from any goroutine, and from the body of a loop: Add, Remove, Close, a
// loop within the loop. Loops that run at the same time share the stream: each event reaches exactly
// one of them. Cancelling one never disturbs another.
//
// The wait is in Go's runtime poller: no thread blocks, and nothing wakes up while nothing happens. A
// Watcher has no goroutine of its own.
//
// # Watches
//
// The kernel watches inodes. Adding the same inode again, by whatever path, returns the same Watch,
// with the path of the last Add and the mask that the kernel now has. A Watch stays known until its
// Ignored event has been delivered: its events, that one included, carry it. A descriptor that the kernel gives out
// again meanwhile is kept apart. Ignored events that are lost in an overflow leave nothing behind:
// the table is made true again from the kernel's own list, in /proc/self/fdinfo. An event of a watch
// that is not known has a nil Watch: of one that was added through [Watcher.SyscallConn], say, or in
// the rare case that the kernel tells an event after the Ignored of its watch, which it does when
// both happen on two processors at once.
//
// Add makes its path lookup without any lock: on a hung mount it stalls its caller, not the loops,
// other Adds or Close.
//
// # Names
//
// Names and paths are bytes, passed through as they are. [Event.Path] joins the path of the watch and
// the name by one slash and cleans nothing. An Event and a Watch quote them when they are printed, so
// that no name can write control characters to a terminal; an *fs.PathError does not.
//
// # What inotify does not see
//
// Writes through mmap(2), changes made by other machines on a network file system, and most of what
// happens in /proc and /sys; see inotify(7). Events that are equal and follow each other in the
// queue are merged by the kernel: three writes can be one Modify.
//
// A watch is on an inode. Many editors and deployment tools replace a file by renaming another onto
// it: a watch on the old file then tells DeleteSelf and Ignored, and nothing of the new one. To follow
// a file by its name, watch its directory for CloseWrite and MovedTo, and compare [Event.Name].
package inotify
