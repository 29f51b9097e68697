package main

// This file tests moments of the command watch that a script cannot hit.

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
