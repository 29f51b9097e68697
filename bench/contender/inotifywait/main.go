//go:build linux

// Command inotifywait runs inotifywait of inotify-tools as a contender, and reads its lines.
package main

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"strings"

	"github.com/inoseq/inoseq/bench/internal/child"
	"golang.org/x/sys/unix"
)

func main() {
	child.Main(child.Contender{
		Flat: func(dir string) (child.Flat, error) { return start("-e", "attrib,create,delete", dir) },
		Tree: func(root string) (child.Tree, error) {
			return start("-r", "-e", "create,delete,moved_from,moved_to", root)
		},
	})
}

type process struct {
	pid   int
	lines *bufio.Reader
}

// start returns when all watches are set up.
func start(args ...string) (*process, error) {
	cmd := exec.Command("inotifywait", append([]string{"-m", "--format", "%e %w%f"}, args...)...)
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(log); ; {
		if !lines.Scan() {
			return nil, errors.New("inotifywait has ended before its watches were established")
		}
		if strings.HasPrefix(lines.Text(), "Watches established") {
			break
		}
	}
	go io.Copy(io.Discard, log)
	return &process{cmd.Process.Pid, bufio.NewReaderSize(out, 64<<10)}, nil
}

// PID makes the processor time and the memory that are told those of inotifywait.
func (p *process) PID() int { return p.pid }

// next returns a line's events and path.
func (p *process) next() (events, path string, err error) {
	line, err := p.lines.ReadString('\n')
	if err != nil {
		return "", "", err
	}
	events, path, _ = strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	return events, path, nil
}

// Drain never hears of an overflow: inotifywait 3 does not tell it.
func (p *process) Drain(n int, times *child.Times) (c child.Count, err error) {
	for {
		line, err := p.lines.ReadSlice('\n')
		if err != nil {
			return c, err
		}
		if line[0] == 'D' {
			return c, nil
		}
		if times != nil {
			times.Note()
		}
		if c.Events++; c.Events == n {
			return c, nil
		}
	}
}

func (p *process) Loop(f func(child.Told) bool) error {
	for {
		events, path, err := p.next()
		if err != nil {
			return err
		}
		told := child.Told{Path: path,
			Created: strings.HasPrefix(events, "CREATE") || strings.HasPrefix(events, "MOVED_TO"),
			Removed: strings.HasPrefix(events, "DELETE") || strings.HasPrefix(events, "MOVED_FROM")}
		if !f(told) {
			return nil
		}
	}
}
