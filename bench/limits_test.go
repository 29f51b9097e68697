//go:build linux

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/inoseq/inoseq/bench/internal/report"
)

func mustLimits(t *testing.T, values map[string]string) *limits {
	t.Helper()
	l := &limits{dir: t.TempDir() + "/", results: &report.Results{}, write: os.WriteFile}
	for name, value := range values {
		if err := os.WriteFile(l.dir+name, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func mustRead(t *testing.T, l *limits, name string) int {
	t.Helper()
	v, err := l.read(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestALimitIsRaisedSaidAndPutBack(t *testing.T) {
	l := mustLimits(t, map[string]string{maxQueued: "16384\n", maxWatches: "500"})
	if got, err := l.atLeast(maxQueued, 20000); got != 20000 || err != nil {
		t.Fatal(got, err)
	}
	if got, err := l.atLeast(maxQueued, 30000); got != 30000 || err != nil {
		t.Fatal(got, err)
	}
	if got, err := l.atLeast(maxWatches, 100); got != 500 || err != nil {
		t.Fatal(got, err)
	}
	if got, err := l.atLeast(maxWatches, 600); got != 600 || err != nil {
		t.Fatal(got, err)
	}
	if len(l.results.Notes) != 3 || !strings.Contains(l.results.Notes[0], "16384 before and after") {
		t.Errorf("notes are %q", l.results.Notes)
	}
	if err := l.restore(maxQueued); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, l, maxQueued); got != 16384 {
		t.Errorf("%s is %d after it was put back", maxQueued, got)
	}
	if got := mustRead(t, l, maxWatches); got != 600 {
		t.Errorf("%s is %d: it was not to be put back yet", maxWatches, got)
	}
	if err := l.restore(); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, l, maxWatches); got != 500 {
		t.Errorf("%s is %d after all was put back", maxWatches, got)
	}
}

func TestALimitThatCannotBeRaisedStaysAndIsNoted(t *testing.T) {
	l := mustLimits(t, map[string]string{maxQueued: "16384"})
	l.write = func(string, []byte, os.FileMode) error { return os.ErrPermission }
	if got, err := l.atLeast(maxQueued, 20000); got != 16384 || err != nil {
		t.Fatal(got, err)
	}
	if len(l.results.Notes) != 1 || !strings.Contains(l.results.Notes[0], "needs root") || len(l.changed) != 0 {
		t.Errorf("notes %q, changed %v", l.results.Notes, l.changed)
	}
}

func TestALimitThatCannotBePutBackIsAnErrorWithTheCommand(t *testing.T) {
	l := mustLimits(t, map[string]string{maxQueued: "16384"})
	if _, err := l.atLeast(maxQueued, 20000); err != nil {
		t.Fatal(err)
	}
	l.write = func(string, []byte, os.FileMode) error { return os.ErrPermission }
	err := l.restore()
	if err == nil || !strings.Contains(err.Error(), "sysctl fs.inotify.max_queued_events=16384") {
		t.Errorf("the error is %v", err)
	}
}
