package main

// This file tests usage with instances of this process, and of children in a user namespace. What it
// looks like from outside is in testdata/limits.txtar.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/inoseq/inoseq/inotify"
	"github.com/inoseq/inoseq/inotify/fdinfo"
)

// mustUsage runs usage with --json and has its object in to.
func mustUsage(t *testing.T, to any, args ...string) (stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if status := run(context.Background(), append([]string{"usage", "--json"}, args...), nil, &out, &errs); status != 0 {
		t.Fatalf("status %d: %s", status, &errs)
	}
	if err := json.Unmarshal(out.Bytes(), to); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	return errs.String()
}

func mustWatch(t *testing.T, paths ...string) *inotify.Watcher {
	t.Helper()
	w, err := inotify.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	for _, path := range paths {
		if _, err := w.Add(path, inotify.Create|inotify.Delete); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// mustFD returns the descriptor of w.
func mustFD(t *testing.T, w *inotify.Watcher) (fd int) {
	t.Helper()
	conn, err := w.SyscallConn()
	if err == nil {
		err = conn.Control(func(n uintptr) { fd = int(n) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestAnInstanceWithTwoDescriptorsIsCountedOnce(t *testing.T) {
	count := func() usedBy {
		var u usage
		mustUsage(t, &u)
		i := slices.IndexFunc(u.Processes, func(p usedBy) bool { return p.PID == os.Getpid() })
		if i < 0 {
			return usedBy{}
		}
		return u.Processes[i]
	}
	before := count()
	w := mustWatch(t, t.TempDir(), t.TempDir(), t.TempDir())
	again, err := unix.FcntlInt(uintptr(mustFD(t, w)), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(again)
	after := count()
	if after.Instances != before.Instances+1 || after.Watches != before.Watches+3 || after.UID != os.Geteuid() {
		if _, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(os.Getpid()), uintptr(os.Getpid()), 0, 0, 0, 0); errno != 0 {
			t.Skip("needs kcmp(2): ", errno)
		}
		t.Errorf("%+v, before %+v", after, before)
	}
}

// pidListing is what usage --pid prints with --json.
type pidListing struct {
	PID       int
	Command   string
	Instances []struct {
		FD      int
		Watches []listedWatch
	}
}

type listedWatch struct {
	WD           int32
	Device, Path string
	Inode        uint64
	Mask         []string
	PathB64      []byte `json:"path_b64"`
}

func TestTheWatchesOfAProcessHaveTheirPathsForRootAndInodesForAll(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "odd\xff\n")
	file := filepath.Join(dir, "file")
	gone := filepath.Join(dir, "gone")
	for _, path := range []string{odd, gone} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := mustWatch(t, dir, odd, file, gone)
	held, err := os.Open(gone) // the watch stays while it is open
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	var s pidListing
	told := mustUsage(t, &s, "--pid", strconv.Itoa(os.Getpid()))
	fd := mustFD(t, w)
	for _, in := range s.Instances {
		if in.FD != fd {
			continue
		}
		if len(in.Watches) != 4 || s.PID != os.Getpid() || s.Command == "" {
			t.Fatalf("%+v", s)
		}
		for i, path := range []string{dir, odd, file, ""} {
			checkListed(t, in.Watches[i], int32(i+1), path, handles(t, dir), told)
		}
		return
	}
	t.Fatalf("descriptor %d is not listed: %+v", fd, s)
}

// checkListed compares a watch with what is known of it. Path is empty for what has none any more.
func checkListed(t *testing.T, wt listedWatch, wd int32, path string, findable bool, told string) {
	t.Helper()
	if path != "" {
		info, err := os.Stat(path)
		if err != nil || info.Sys().(*syscall.Stat_t).Ino != wt.Inode {
			t.Errorf("%q: inode %d, %v", path, wt.Inode, err)
		}
	}
	if wt.WD != wd || !strings.Contains(wt.Device, ":") || !slices.Equal(wt.Mask, []string{"CREATE", "DELETE"}) {
		t.Errorf("%q: %+v", path, wt)
	}
	if wt.PathB64 != nil {
		wt.Path = string(wt.PathB64)
	}
	if !findable {
		path = ""
	}
	if wt.Path != path {
		t.Errorf("path %q, want %q (%s)", wt.Path, path, told)
	}
}

// handles reports whether files of the file system of dir can be opened by handle here.
func handles(t *testing.T, dir string) bool {
	t.Helper()
	handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, dir, 0)
	if err != nil {
		return false
	}
	mount, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer mount.Close()
	fd, err := unix.OpenByHandleAt(int(mount.Fd()), handle, unix.O_PATH)
	if err == nil {
		unix.Close(fd)
	}
	return err == nil
}

func TestWhatIsMadeInAUserNamespaceCountsForItsOwner(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The scripts' program inoseq is this one, by that name.
	link := filepath.Join(dir, "inoseq")
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	stderr, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd := exec.Command(link, "watch", dir)
	cmd.Args[0] = "inoseq"
	cmd.Stderr = w
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 1234, HostID: os.Geteuid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	err = cmd.Start()
	w.Close()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EINVAL) {
		t.Skip("needs user and mount namespaces: ", err)
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM) }()
	line := make([]byte, 256)
	if n, err := stderr.Read(line); !strings.Contains(string(line[:n]), "watching 1 path") {
		t.Fatalf("%q, %v", line[:n], err)
	}
	for in, err := range fdinfo.Instances(context.Background()) {
		if in.PID != cmd.Process.Pid {
			continue
		}
		in.UID = 4242 // as one whom the namespace maps, too
		if got := chargedUser(in); err != nil || got != os.Geteuid() || in.Marks != 1 {
			t.Errorf("%+v counts for %d, %v; want %d", in, got, err, os.Geteuid())
		}
		if got := chargedUser(fdinfo.Instance{PID: os.Getpid(), UID: 4242}); got != 4242 {
			t.Errorf("in our own namespace it counts for %d, not for its user", got)
		}
		return
	}
	t.Error("the instance of the child was not found")
}

func TestTheLowestLimitThatBindsIsTold(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "inoseq")
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `echo 5 >/proc/sys/user/max_inotify_watches && exec "$0" usage --json`, link)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
	}
	out, err := cmd.Output()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EINVAL) {
		t.Skip("needs user and mount namespaces: ", err)
	} else if err != nil {
		t.Fatal(err)
	}
	var u usage
	if err := json.Unmarshal(out, &u); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, l := range u.Limits {
		if l.UID == 0 && l.What == "watches" && l.Value == 5 && l.Name == "user.max_inotify_watches" {
			return
		}
	}
	t.Errorf("got %s", out)
}

func TestATableIsAlignedOnATerminalOnly(t *testing.T) {
	u := usage{
		Processes: []usedBy{{71, 0, "a b\n", 2, 123456}, {100000, 65534, "c", 1, 1}},
		Limits:    []limit{{0, "watches", 5, 10, 5, "fs.inotify.max_user_watches"}},
	}
	for aligned, want := range map[bool]string{
		true: `PID     UID    INSTANCES  WATCHES  COMMAND
71      0      2          123456   "a b\n"
100000  65534  1          1        "c"

UID  WHAT     USED  LIMIT  LEFT  SET BY
0    watches  5     10     5     fs.inotify.max_user_watches
`,
		false: "PID\tUID\tINSTANCES\tWATCHES\tCOMMAND\n71\t0\t2\t123456\t\"a b\\n\"\n100000\t65534\t1\t1\t\"c\"\n\n" +
			"UID\tWHAT\tUSED\tLIMIT\tLEFT\tSET BY\n0\twatches\t5\t10\t5\tfs.inotify.max_user_watches\n",
	} {
		var b bytes.Buffer
		if err := u.write(&b, aligned); err != nil || b.String() != want {
			t.Errorf("aligned %v: %v\n%s", aligned, err, &b)
		}
	}
}

func TestMountPointsHaveTheirEscapesUndone(t *testing.T) {
	points := mountPoints("36 35 98:0 /mnt1 /mnt\\040two\\134 rw,noatime master:1 - ext3 /dev/root rw\n37 35 98:0 / /x\\9 rw - a b c\nshort\n")
	if got := fmt.Sprintf("%q", points); got != `map["98:0":["/mnt two\\" "/x\\9"]]` {
		t.Errorf("got %s", got)
	}
}
