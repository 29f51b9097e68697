//go:build linux

package main

// This file builds the contenders and says what they and the machine are.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/inoseq/inoseq/bench/internal/report"
	"golang.org/x/sys/unix"
)

const modulePath = "github.com/inoseq/inoseq/bench"

// program is a contender that can be started.
type program struct {
	path string
	env  []string
}

// contender is one that there is, if it can be built.
type contender struct {
	id, name string
	module   string // whose version is told
	package_ string // below contender/
	env      []string
}

var goContenders = []contender{
	{id: "inoseq", name: "inoseq", package_: "inoseq"},
	{id: "inoseq-path", name: "inoseq, with Path()", package_: "inoseq", env: []string{"BENCH_PATH=1"}},
	{id: "fsnotify", name: "fsnotify", module: "github.com/fsnotify/fsnotify", package_: "fsnotify"},
	{id: "k8s", name: "k8s inotify", module: "k8s.io/utils", package_: "k8s"},
	{id: "gonotify", name: "gonotify", module: "github.com/illarion/gonotify/v3", package_: "gonotify"},
	{id: "rjeczalik", name: "rjeczalik/notify", module: "github.com/rjeczalik/notify", package_: "rjeczalik"},
}

// The contenders in C: cRead reads, cWalk walks a tree. Both are "C" in the tables.
const (
	idC    = "c"
	cRead  = "c/read"
	cWalk  = "c/walk"
	idTool = "inotifywait"
)

// moduleDir returns the directory of this module, in which the command must be started.
func moduleDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	path, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || path != modulePath {
		return "", fmt.Errorf("start it in its own directory: cd bench && go run . (module here: %q)", path)
	}
	return dir, nil
}

// build fills in programs and the results' contenders.
func (b *bench) build(module string) error {
	b.programs = map[string]program{}
	bin := filepath.Join(b.scratch, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	if err := b.buildC(module, bin); err != nil {
		return err
	}
	progress("building the contenders in Go")
	cmd := exec.CommandContext(b.ctx, "go", "build", "-buildvcs=false", "-o", bin+"/", "./contender/...")
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	for _, c := range goContenders {
		b.programs[c.id] = program{filepath.Join(bin, c.package_), c.env}
		version := "this clone"
		if c.module != "" {
			version = c.module + " " + output(b.ctx, module, "go", "list", "-m", "-f", "{{.Version}}", c.module)
		} else if commit := output(b.ctx, module, "git", "rev-parse", "--short=12", "HEAD"); commit != "" {
			version += ", commit " + commit
		}
		b.results.Contenders = append(b.results.Contenders, report.Contender{ID: c.id, Name: c.name, Version: version})
	}
	if _, err := exec.LookPath("inotifywait"); err != nil {
		b.results.Note("inotifywait is left out: it is not installed (Debian: apt-get install inotify-tools).")
		return nil
	}
	version, _, _ := strings.Cut(output(b.ctx, module, "inotifywait", "--help"), "\n")
	b.programs[idTool] = program{path: filepath.Join(bin, "inotifywait")}
	b.results.Contenders = append(b.results.Contenders, report.Contender{ID: idTool, Name: "inotifywait", Version: version})
	return nil
}

func (b *bench) buildC(module, bin string) error {
	cc, err := exec.LookPath("cc")
	if err != nil {
		b.results.Note("C is left out: there is no C compiler (cc) here. Ratios are to the best peer instead.")
		return nil
	}
	progress("building the contenders in C")
	for id, file := range map[string]string{cRead: "read.c", cWalk: "walk.c"} {
		program_ := filepath.Join(bin, strings.TrimSuffix(file, ".c")+"-c")
		cmd := exec.CommandContext(b.ctx, cc, "-O2", "-o", program_, filepath.Join(module, "c", file))
		if out, err := cmd.CombinedOutput(); err != nil {
			b.results.Note("C is left out: %s cannot compile %s (%v).", cc, file, err)
			progress("%s", out)
			b.programs = map[string]program{}
			return nil
		}
		b.programs[id] = program{path: program_}
	}
	b.programs[idC] = b.programs[cRead]
	version, _, _ := strings.Cut(output(b.ctx, module, cc, "--version"), "\n")
	b.results.Contenders = append(b.results.Contenders, report.Contender{ID: idC, Name: "C", Version: version + ", -O2"})
	return nil
}

// output returns what a command prints, or "" if it fails (but for what it printed).
func output(ctx context.Context, dir, name string, args ...string) string {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// machine describes what it runs on.
func machine(ctx context.Context, scratch string) (lines []string) {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for _, line := range strings.Split(string(text), "\n") {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	var info unix.Sysinfo_t
	memory := ""
	if unix.Sysinfo(&info) == nil {
		memory = fmt.Sprintf(", %.0f GiB of memory", float64(info.Totalram)*float64(info.Unit)/(1<<30))
	}
	var uts unix.Utsname
	kernel := "unknown kernel"
	if unix.Uname(&uts) == nil {
		kernel = "Linux " + unix.ByteSliceToString(uts.Release[:]) + " " + unix.ByteSliceToString(uts.Machine[:])
	}
	virtual := ""
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil && strings.Contains(string(text), " hypervisor") {
		virtual = ", a virtual machine"
	}
	return []string{
		fmt.Sprintf("%s, %d processors%s%s", model, runtime.NumCPU(), memory, virtual),
		kernel,
		output(ctx, "", "go", "version"),
		fileSystem(scratch),
	}
}

func fileSystem(dir string) string {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) == nil && s.Type == unix.TMPFS_MAGIC {
		return "files on tmpfs"
	}
	return fmt.Sprintf("files on a file system of type %#x", s.Type)
}

// allContenders returns the ids of all that there can be.
func allContenders() []string {
	ids := []string{idC}
	for _, c := range goContenders {
		ids = append(ids, c.id)
	}
	return append(ids, idTool)
}
