//go:build linux

package child

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/inoseq/inoseq/bench/internal/protocol"
)

func mustTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "d", "e"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"f", "d/f", "d/e/f"} {
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestWhatWasToldIsComparedWithTheDisk(t *testing.T) {
	root := mustTree(t)
	at := func(name string) string { return filepath.Join(root, name) }
	got := compare(root, map[string]int{at("d"): 1, at("f"): 2, at("d/f"): 1, at("gone"): 1})
	want := map[string]float64{protocol.DirsTotal: 2, protocol.FilesTotal: 3,
		protocol.DirsLost: 1, protocol.FilesLost: 1, protocol.Twice: 1}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
}

func TestAddAllAddsEachDirectoryAndNoFile(t *testing.T) {
	root := mustTree(t)
	var added []string
	if err := AddAll(root, func(dir string) error { added = append(added, dir); return nil }); err != nil {
		t.Fatal(err)
	}
	want := []string{root, filepath.Join(root, "d"), filepath.Join(root, "d", "e")}
	if !slices.Equal(added, want) {
		t.Errorf("added %q, want %q", added, want)
	}
	if err := AddAll(filepath.Join(root, "absent"), func(string) error { return nil }); !os.IsNotExist(err) {
		t.Errorf("a root that is not there gives %v", err)
	}
}

func TestTheDeepestIsFoundByTheFirstOfEach(t *testing.T) {
	root := mustTree(t)
	if got, err := deepest(root); err != nil || got != filepath.Join(root, "d", "e") {
		t.Errorf("deepest is %q, %v", got, err)
	}
}
