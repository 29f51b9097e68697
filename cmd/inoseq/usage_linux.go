package main

// This file counts what is used of the limits, for whom the kernel counts it (inc_inotify_instances and
// inc_inotify_watches in fs/notify/inotify/inotify_user.c, inc_ucount in kernel/ucount.c): the
// effective user of whoever made the instance, in his user namespace and, as the owner of the
// namespace below, in each one above.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/fdinfo"
)

func (p *program) usage(ctx context.Context, o usageOptions) error {
	var t table
	var err error
	if o.pid != 0 {
		t, err = p.usageOf(ctx, o.pid)
	} else {
		t, err = p.usageOfAll(ctx)
	}
	if err == nil {
		err = p.print(t, o.json)
	}
	if err != nil {
		return &failure{err: err}
	}
	return nil
}

// usageOfAll looks at all processes.
func (p *program) usageOfAll(ctx context.Context) (*usage, error) {
	u := &usage{Processes: []usedBy{}, Limits: []limit{}}
	charged := map[int]*used{os.Geteuid(): {}}
	var of *usedBy
	var counted, own []fdinfo.Instance // by all, by this process
	for in, err := range fdinfo.Instances(ctx) {
		var denied *fdinfo.ProcessError
		if errors.As(err, &denied) {
			u.Unreadable++
			continue
		} else if err != nil {
			return nil, err
		}
		if of == nil || of.PID != in.PID {
			u.Processes = append(u.Processes, usedBy{PID: in.PID, UID: in.UID, Command: in.Command})
			of = &u.Processes[len(u.Processes)-1]
			own = own[:0]
		}
		if !among(own, in) {
			own = append(own, in)
			of.Instances++
			of.Watches += in.Marks
		}
		if among(counted, in) {
			continue
		}
		counted = append(counted, in)
		uid := chargedUser(in)
		if charged[uid] == nil {
			charged[uid] = &used{}
		}
		charged[uid].instances++
		charged[uid].watches += in.Marks
	}
	slices.SortStableFunc(u.Processes, func(a, b usedBy) int {
		return cmp.Or(cmp.Compare(b.Watches, a.Watches), cmp.Compare(b.Instances, a.Instances))
	})
	if err := u.compare(charged); err != nil {
		return nil, err
	}
	if u.Unreadable > 0 {
		remedy := ""
		if os.Geteuid() != 0 {
			remedy = ": run it as root to see all"
		}
		p.say("not counted: %s could not be read%s", someProcesses(u.Unreadable), remedy)
	}
	return u, nil
}

func someProcesses(n int) string {
	if n == 1 {
		return "1 process that"
	}
	return fmt.Sprintf("%d processes that", n)
}

// used is what a user uses.
type used struct{ instances, watches int }

// compare notes how much of the limits each user uses.
func (u *usage) compare(charged map[int]*used) error {
	watches, err := lowestOf("fs.inotify.max_user_watches", "user.max_inotify_watches")
	if err != nil {
		return err
	}
	instances, err := lowestOf("fs.inotify.max_user_instances", "user.max_inotify_instances")
	if err != nil {
		return err
	}
	for uid, c := range charged {
		for l, n := range map[limit]int{watches: c.watches, instances: c.instances} {
			l.UID, l.Used, l.Left = uid, n, max(0, l.Value-n)
			u.Limits = append(u.Limits, l)
		}
	}
	slices.SortFunc(u.Limits, func(a, b limit) int {
		return cmp.Or(cmp.Compare(a.UID, b.UID), cmp.Compare(b.What, a.What))
	})
	return nil
}

// lowestOf returns the sysctl with the lowest value. Those of user.* are of our user namespace.
func lowestOf(names ...string) (lowest limit, err error) {
	for _, name := range names {
		text, readErr := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
		if readErr != nil {
			err = errors.Join(err, fmt.Errorf("the limit %s cannot be read: %w", name, readErr))
			continue
		}
		n, numErr := strconv.Atoi(strings.TrimSpace(string(text)))
		if numErr != nil {
			err = errors.Join(err, fmt.Errorf("the limit %s: %w", name, numErr))
		} else if lowest.Name == "" || n < lowest.Value {
			lowest.Name, lowest.Value = name, n
		}
	}
	if lowest.Name == "" {
		return limit{}, err
	}
	lowest.What = "watches"
	if strings.Contains(lowest.Name, "instances") {
		lowest.What = "instances"
	}
	return lowest, nil
}

// among reports whether in is one of the list, seen through another descriptor. Where kcmp(2) may not
// be used nobody knows; then it is another.
func among(list []fdinfo.Instance, in fdinfo.Instance) bool {
	const kcmpFile = 0 // KCMP_FILE
	return slices.ContainsFunc(list, func(other fdinfo.Instance) bool {
		if other.Marks != in.Marks {
			return false
		}
		differ, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(other.PID), uintptr(in.PID), kcmpFile,
			uintptr(other.FD), uintptr(in.FD), 0)
		return errno == 0 && differ == 0
	})
}

// chargedUser returns the user in our user namespace whom an instance counts for.
func chargedUser(in fdinfo.Instance) int {
	ours, err := os.Stat("/proc/self/ns/user")
	if err != nil {
		return in.UID
	}
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/user", in.PID))
	if err != nil {
		return in.UID
	}
	defer func() { ns.Close() }()
	owner := in.UID
	for range 64 { // 32 namespaces can be nested, user_namespaces(7)
		if at, err := ns.Stat(); err != nil || os.SameFile(at, ours) {
			return owner
		}
		uid, err := ownerOf(ns)
		if err != nil {
			return in.UID
		}
		parent, err := parentOf(ns)
		if err != nil {
			return in.UID // not below ours
		}
		ns.Close()
		owner, ns = uid, parent
	}
	return owner
}

// ownerOf returns the user who made a user namespace, as seen in ours: ioctl_ns(2).
func ownerOf(ns *os.File) (int, error) {
	uid, err := unix.IoctlGetUint32(int(ns.Fd()), unix.NS_GET_OWNER_UID)
	return int(uid), err
}

func parentOf(ns *os.File) (*os.File, error) {
	fd, err := unix.IoctlRetInt(int(ns.Fd()), unix.NS_GET_PARENT)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), ns.Name()), nil
}

// usageOf looks at one process.
func (p *program) usageOf(ctx context.Context, pid int) (*watching, error) {
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--pid %d: %w", pid, errNoProcess)
	}
	s := &watching{PID: pid, Instances: []usedInstance{}}
	paths := newFinder(pid)
	defer paths.close()
	for in, err := range fdinfo.Instances(ctx) {
		if in.PID != pid && (err == nil || in.PID != 0) {
			continue
		}
		var denied *fdinfo.ProcessError
		if errors.As(err, &denied) {
			remedy := "run it as root"
			if os.Geteuid() == 0 {
				remedy = "what root itself can lack, as in a container, is in ptrace(2), \"Ptrace access mode checking\""
			}
			return nil, fmt.Errorf("--pid %d: the descriptors of the process cannot be read: %w: %s", pid, denied.Err, remedy)
		} else if err != nil {
			return nil, err
		}
		s.UID, s.Command = in.UID, in.Command
		watches, err := paths.watches(in)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue
		} else if err != nil {
			return nil, err
		}
		s.Instances = append(s.Instances, usedInstance{in.FD, watches})
	}
	if len(s.Instances) == 0 {
		p.say("process %d has no inotify instance", pid)
	}
	if paths.denied {
		p.say("paths are found as root only (CAP_DAC_READ_SEARCH): look for the inodes with 'find MOUNTPOINT -xdev -inum INODE'")
	}
	return s, nil
}

// watches returns the watches of an instance, the oldest first.
func (f *finder) watches(in fdinfo.Instance) ([]usedWatch, error) {
	list, err := os.Open(fmt.Sprintf("/proc/%d/fdinfo/%d", in.PID, in.FD))
	if err != nil {
		return nil, err
	}
	defer list.Close()
	watches := []usedWatch{}
	for m, err := range fdinfo.ParseWithHandles(list) {
		if err != nil {
			return nil, err
		}
		watches = append(watches, usedWatch{
			WD: m.WD, Device: fmt.Sprintf("%d:%d", m.Major(), m.Minor()), Inode: m.Inode,
			Mask: mask(m.Mask & (inotify.AllEvents | inotify.OneShot | inotify.ExclUnlink)), Path: f.path(m),
		})
	}
	slices.Reverse(watches)
	return watches, nil
}
