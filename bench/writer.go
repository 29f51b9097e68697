//go:build linux

package main

// This file changes files: into queues nobody reads yet, and, as a process of its own, beside a reader.

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/inoseq/inoseq/bench/internal/protocol"
	"golang.org/x/sys/unix"
)

// writerCommand is the first argument that makes this program a writer:
//
//	writer chmod DIR N
//	writer tree DIR DEPTH
const writerCommand = "writer"

// fan is how many directories are in each directory of a tree but the deepest, and filesEach how many
// files in each.
const (
	fan       = 10
	filesEach = 2
	inTurn    = 64 // files that are changed in turn
)

func runWriter(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("writer: %d arguments", len(args))
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	switch args[0] {
	case "chmod":
		return chmods(args[1], n)
	case "tree":
		_, err := makeTree(args[1], n, filesEach)
		return err
	}
	return fmt.Errorf("writer: no such mode %q", args[0])
}

// writer returns the command that runs a writer.
func (b *bench) writer(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{writerCommand}, args...)...)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

func fileName(i int) string { return fmt.Sprintf("file%08d", i) }

// withDir calls f with a descriptor of dir.
func withDir(dir string, f func(fd int) error) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(fd)
	return f(fd)
}

// makeFiles makes n files and the fence; each is one CREATE event.
func makeFiles(dir string, n int) error {
	return withDir(dir, func(fd int) error {
		for i := range n {
			if err := unix.Mknodat(fd, fileName(i), unix.S_IFREG|0o600, 0); err != nil {
				return &os.PathError{Op: "mknod", Path: filepath.Join(dir, fileName(i)), Err: err}
			}
		}
		return nil
	})
}

func makeFence(dir string) error {
	return os.WriteFile(filepath.Join(dir, protocol.Fence), nil, 0o600)
}

// chmods changes the mode of inTurn files in turn, n times: one ATTRIB event each, of which no two are
// merged.
func chmods(dir string, n int) error {
	var names [inTurn]string
	for i := range names {
		names[i] = fileName(i)
	}
	return withDir(dir, func(fd int) error {
		for i := range n {
			if err := unix.Fchmodat(fd, names[i%inTurn], uint32(0o600+i/inTurn%2), 0); err != nil {
				return &os.PathError{Op: "chmod", Path: filepath.Join(dir, names[i%inTurn]), Err: err}
			}
		}
		return nil
	})
}

// removeFiles removes what makeFiles has made; many files are faster so than with os.RemoveAll.
func removeFiles(dir string, n int) error {
	return withDir(dir, func(fd int) error {
		for i := range n {
			if err := unix.Unlinkat(fd, fileName(i), 0); err != nil && err != unix.ENOENT {
				return &os.PathError{Op: "unlink", Path: filepath.Join(dir, fileName(i)), Err: err}
			}
		}
		return nil
	})
}

// makeTree makes a tree of depth levels below dir, with files in each directory, and returns how many
// directories it has.
func makeTree(dir string, depth, files int) (dirs int, err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return 0, err
	}
	dirs = 1
	for i := range files {
		if err := unix.Mknod(filepath.Join(dir, fmt.Sprintf("file-%011d", i)), unix.S_IFREG|0o600, 0); err != nil {
			return dirs, &os.PathError{Op: "mknod", Path: dir, Err: err}
		}
	}
	if depth == 0 {
		return dirs, nil
	}
	for i := range fan {
		n, err := makeTree(filepath.Join(dir, fmt.Sprintf("directory-%06d", i)), depth-1, files)
		dirs += n
		if err != nil {
			return dirs, err
		}
	}
	return dirs, nil
}

// dirsOf is how many directories makeTree makes.
func dirsOf(depth int) (n int) {
	for range depth + 1 {
		n = n*fan + 1
	}
	return n
}
