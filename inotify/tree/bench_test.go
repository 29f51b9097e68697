//go:build linux

package tree

// This file measures what a tree costs: set-up beside a C program, memory, a rename of a large
// directory, a large tree that comes at once, delivery beside the core.

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/inoseq/inoseq/inotify"
	"golang.org/x/sys/unix"
)

// makeTree makes fan directories in each directory, depth deep, and files in each directory.
func makeTree(t testing.TB, root string, fan, depth, files int) (dirs, entries int) {
	t.Helper()
	mustMkdir(t, root)
	dirs = 1
	for i := range files {
		mustWrite(t, filepath.Join(root, fmt.Sprintf("file-%011d", i)))
		entries++
	}
	if depth == 0 {
		return dirs, entries
	}
	for i := range fan {
		d, e := makeTree(t, filepath.Join(root, fmt.Sprintf("directory-%06d", i)), fan, depth-1, files)
		dirs, entries = dirs+d, entries+e+1
	}
	return dirs, entries
}

// depth is the depth of the tree of the benchmarks: TREE_DEPTH=5 gives 111,111 directories with two
// files each, the default 11,111.
func depth(t testing.TB) int {
	if n, err := strconv.Atoi(os.Getenv("TREE_DEPTH")); err == nil {
		return n
	}
	return 4
}

// compileWalk compiles testdata/walk.c.
func compileWalk(b *testing.B) string {
	b.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		b.Skip("no C compiler")
	}
	program := filepath.Join(b.TempDir(), "walk")
	if out, err := exec.Command(cc, "-O2", "-o", program, "testdata/walk.c").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return program
}

// BenchmarkSetUpBesideC takes a tree in, and has the C program walk it, in turns, and reports the
// medians and their ratio.
func BenchmarkSetUpBesideC(b *testing.B) {
	program := compileWalk(b)
	root := filepath.Join(mustTemp(b), "tree")
	dirs, entries := makeTree(b, root, 10, depth(b), 2)
	var ours, c, oursCPU, cCPU []float64
	for range max(b.N, 5) {
		start, cpu := time.Now(), cpuTime(b)
		w := mustNew(b, quietMask)
		mustAdd(b, w, root)
		ours = append(ours, time.Since(start).Seconds())
		oursCPU = append(oursCPU, (cpuTime(b) - cpu).Seconds())
		if w.Len() != dirs {
			b.Fatalf("%d directories watched, want %d", w.Len(), dirs)
		}
		w.Close()

		cmd := exec.Command(program, root)
		out, err := cmd.Output()
		if err != nil {
			b.Fatal(err)
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			b.Fatal(err)
		}
		c = append(c, seconds)
		cCPU = append(cCPU, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	}
	for _, s := range [][]float64{ours, c, oursCPU, cCPU} {
		slices.Sort(s)
	}
	o, m := ours[len(ours)/2], c[len(c)/2]
	// On a machine that others use, time says less than what the processors did.
	b.ReportMetric(oursCPU[len(ours)/2]*1e3, "ours-cpu-ms")
	b.ReportMetric(cCPU[len(c)/2]*1e3, "c-cpu-ms")
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(o*1e3, "ours-ms")
	b.ReportMetric(m*1e3, "c-ms")
	b.ReportMetric(o/m, "ratio")
	b.ReportMetric(float64(dirs), "dirs")
	b.ReportMetric(float64(entries), "entries")
}

// cpuTime returns what this process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkHeap reports what is kept for a directory and for a file, names of 16 bytes included.
func BenchmarkHeap(b *testing.B) {
	base := mustTemp(b)
	onlyDirs, onlyFiles := filepath.Join(base, "dirs"), filepath.Join(base, "files")
	dirs, _ := makeTree(b, onlyDirs, 10, depth(b), 0)
	const files = 100000
	makeTree(b, onlyFiles, 0, 0, files)
	b.ResetTimer()
	for range b.N {
		w := mustNew(b, quietMask)
		empty := heap()
		mustAdd(b, w, onlyDirs)
		withDirs := heap()
		mustAdd(b, w, onlyFiles)
		withFiles := heap()
		b.ReportMetric(float64(withDirs-empty)/float64(dirs), "B/dir")
		b.ReportMetric(float64(withFiles-withDirs)/files, "B/file")
		w.Close()
		runtime.KeepAlive(w)
	}
}

// BenchmarkRenameOfALargeDirectory renames a directory with many directories below it.
func BenchmarkRenameOfALargeDirectory(b *testing.B) {
	root := mustTemp(b)
	makeTree(b, filepath.Join(root, "a"), 10, depth(b), 0)
	w := mustNew(b, quietMask)
	mustAdd(b, w, root)
	names := []string{filepath.Join(root, "a"), filepath.Join(root, "b")}
	b.ResetTimer()
	for i := range b.N {
		b.StopTimer()
		mustRename(b, names[i%2], names[(i+1)%2])
		b.StartTimer()
		for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
			if err != nil || ev.From != names[i%2] || ev.Path != names[(i+1)%2] {
				b.Fatal(ev, err)
			}
		}
	}
}

// BenchmarkACreatedTree has a tree of 10,000 directories come at once, by a rename from outside, and
// compares with its set-up.
func BenchmarkACreatedTree(b *testing.B) {
	base := mustTemp(b)
	root, outside := filepath.Join(base, "root"), filepath.Join(base, "outside")
	mustMkdir(b, root)
	dirs, _ := makeTree(b, outside, 10, 4, 2)
	b.ResetTimer()
	var setUp time.Duration
	for range b.N {
		b.StopTimer()
		start := time.Now()
		w := mustNew(b, inotify.Create|inotify.MovedTo, WithWorkers(1))
		mustAdd(b, w, outside)
		setUp += time.Since(start)
		w.Close()
		w = mustNew(b, inotify.Create|inotify.MovedTo)
		mustAdd(b, w, root)
		mustRename(b, outside, filepath.Join(root, "in"))
		b.StartTimer()
		for _, err := range w.EventsUntilIdle(context.Background(), 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		if w.Len() != dirs+1 {
			b.Fatalf("%d directories watched, want %d", w.Len(), dirs+1)
		}
		w.Close()
		mustRename(b, filepath.Join(root, "in"), outside)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*dirs), "ns/dir")
	b.ReportMetric(float64(setUp.Nanoseconds())/float64(b.N*dirs), "set-up-ns/dir")
}

// changeAll changes n files in dir, one event each, and no two that merge.
func changeAll(b *testing.B, dir string, files, n int) {
	b.Helper()
	for i := range n {
		if err := os.Chtimes(filepath.Join(dir, fmt.Sprintf("file-%011d", i%files)), time.Unix(int64(i), 0), time.Unix(int64(i), 0)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDeliveryBesideTheCore delivers events of files in a known directory, with their paths.
func BenchmarkDeliveryBesideTheCore(b *testing.B) {
	root := mustTemp(b)
	const files, burst = 64, 8192
	makeTree(b, root, 0, 0, files)
	dir := filepath.Join(root, "a", "directory", "deeper")
	makeTree(b, dir, 0, 0, files)
	bytes := 0
	b.Run("tree", func(b *testing.B) {
		w := mustNew(b, inotify.Attrib)
		mustAdd(b, w, root)
		b.ReportAllocs()
		for done := 0; done < b.N; {
			b.StopTimer()
			n := min(burst, b.N-done)
			changeAll(b, dir, files, n)
			b.StartTimer()
			for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
				if err != nil {
					b.Fatal(err)
				}
				bytes += len(ev.Path)
				done++
			}
		}
	})
	b.Run("core", func(b *testing.B) {
		w, err := inotify.New()
		if err != nil {
			b.Fatal(err)
		}
		defer w.Close()
		if _, err := w.Add(dir, inotify.Attrib); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for done := 0; done < b.N; {
			b.StopTimer()
			n := min(burst, b.N-done)
			changeAll(b, dir, files, n)
			b.StartTimer()
			for ev, err := range w.EventsUntilIdle(context.Background(), 0) {
				if err != nil {
					b.Fatal(err)
				}
				bytes += len(ev.Path())
				done++
			}
		}
	})
}
