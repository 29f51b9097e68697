package main

// This file tests moments of the command watch that a script cannot hit.

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWhatHappensBeforeASignalIsToldHoweverEarlyItComes(t *testing.T) {
	for _, o := range []*watchOptions{{}, {recursive: true}, {initial: true}, {recursive: true, initial: true}} {
		dir := mustMkdir(t)
		var out bytes.Buffer
		p := &program{stdout: &output{w: &out}, stderr: os.Stderr}
		s, err := p.open([]string{dir}, o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		name := filepath.Join(dir, "name")
		err = p.watchAndTell(ctx, s, &teller{sink: newPrinter(p.stdout, human{}, p.warn)}, func() error {
			defer cancel()
			return os.WriteFile(name, nil, 0o644)
		})
		s.close()
		if want := `CREATE "` + name + "\"\n"; err != nil || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%+v: printed %q, %v; want %q", o, &out, err, want)
		}
	}
}

func TestADescriptorOfOnesOwnIsNotForReady(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "") // closed on exec
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if ready, err := openReady(int(f.Fd())); err == nil {
		ready.Close()
		t.Error("it was taken for one of the caller's")
	}
}

// mustPipe returns a pipe whose reader gives lines.
func mustPipe(t *testing.T) (lines func() string, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	buf := bufio.NewReader(patient{r})
	return func() string {
		t.Helper()
		text, err := buf.ReadString('\n')
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return strings.TrimSuffix(text, "\n")
	}, w
}

func TestADirectoryThatMayNotBeReadIsToldAndTakenInWhenItMay(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs an ordinary user: root may read everything")
	}
	dir := mustMkdir(t, "secret/sub", "open")
	secret := filepath.Join(dir, "secret")
	mustChmod := func(mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(secret, mode); err != nil {
			t.Fatal(err)
		}
	}
	mustChmod(0)
	stdout, out := mustPipe(t)
	stderr, errs := mustPipe(t)
	end := watchOn(t, out, errs, time.Hour, "-r", "-e", "create", dir)
	mustLine := func(line func() string, want string) {
		t.Helper()
		if got := line(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	mustLine(stderr, "inoseq: watching 1 path, 2 directories")
	mustLine(stderr, `inoseq: cannot watch "`+secret+`": permission denied`)
	if err := os.Mkdir(filepath.Join(dir, "open", "new"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustLine(stdout, `CREATE|ISDIR "`+dir+`/open/new"`)
	mustChmod(0o755)
	mustLine(stdout, `CREATE|ISDIR "`+secret+`/sub" (synthetic)`)
	if status := end(); status != 0 {
		t.Errorf("status %d", status)
	}
}
