package inotify

// This file reads the package's own source: what is for every operating system must not lean on
// one, and a sequence needs no goroutine and no channel.

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// portableFiles know nothing of the operating system; see "Module and layout" of the design.
var portableFiles = []string{"flags.go", "decode.go", "event.go", "errors.go", "options.go", "names.go"}

// mustParseGo returns the syntax of a Go file; src is as in parser.ParseFile.
func mustParseGo(t *testing.T, name string, src any) (*token.FileSet, *ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return fset, file
}

// importsOfASystem returns the imports of file that exist, or mean something, on some systems only.
func importsOfASystem(t *testing.T, file *ast.File) (found []string) {
	t.Helper()
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(path, "/")
		if slices.Contains([]string{"os", "syscall", "unsafe", "runtime", "C"}, first) ||
			strings.HasPrefix(path, "golang.org/x/sys") {
			found = append(found, path)
		}
	}
	return found
}

func TestPortableFilesImportNothingOfAnOperatingSystem(t *testing.T) {
	for _, name := range portableFiles {
		_, file := mustParseGo(t, name, nil)
		if found := importsOfASystem(t, file); found != nil {
			t.Errorf("%s imports %q", name, found)
		}
		for _, group := range file.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:build") || strings.HasPrefix(c.Text, "//go:linkname") {
					t.Errorf("%s has %s", name, c.Text)
				}
			}
		}
	}
}

// concurrency returns the places of file where a goroutine is started or a channel made, sent to or
// named as a type, but for a receive-only field done: that of a context.
func concurrency(fset *token.FileSet, file *ast.File) (found []string) {
	done := make(map[ast.Node]bool)
	tell := func(n ast.Node, what string) {
		found = append(found, fset.Position(n.Pos()).String()+": "+what)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if ch, ok := n.Type.(*ast.ChanType); ok && len(n.Names) == 1 && n.Names[0].Name == "done" && ch.Dir == ast.RECV {
				done[ch] = true
			}
		case *ast.GoStmt:
			tell(n, "a go statement")
		case *ast.SendStmt:
			tell(n, "a send")
		case *ast.ChanType: // also that of make
			if !done[n] {
				tell(n, "a channel")
			}
		}
		return true
	})
	return found
}

func TestThePackageStartsNoGoroutineAndHasNoChannel(t *testing.T) {
	checked := 0
	for _, dir := range []string{".", "../internal/loops", "../internal/line"} { // what its sequences are made of
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			fset, file := mustParseGo(t, name, nil)
			for _, place := range concurrency(fset, file) {
				t.Error(place)
			}
			checked++
		}
	}
	if checked < 10 {
		t.Errorf("only %d files found", checked)
	}
}

// The two checks above find nothing in good source; here they must.
func TestTheChecksOfTheSourceFindWhatTheyLookFor(t *testing.T) {
	const src = `package p
import ( "fmt"; "os"; "os/exec"; "syscall"; "unsafe"; "golang.org/x/sys/unix"; "errors" )
type t struct { done <-chan struct{}; next <-chan int }
func f(in chan int) {
	go f(nil)
	in <- 1
	c := make(chan bool)
	go func() { close(c) }()
}
`
	fset, file := mustParseGo(t, "bad.go", src)
	if found := importsOfASystem(t, file); len(found) != 5 {
		t.Errorf("imports found: %q", found)
	}
	found := concurrency(fset, file)
	var lines []string
	for _, place := range found {
		lines = append(lines, strings.Split(place, ":")[1])
	}
	if !slices.Equal(lines, []string{"3", "4", "5", "6", "7", "8"}) {
		t.Errorf("found:\n%s", strings.Join(found, "\n"))
	}
}

func TestEveryFileBeginsByTellingWhatLivesThere(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, file := mustParseGo(t, name, src)
		if file.Doc != nil { // the page of the package
			continue
		}
		i := slices.IndexFunc(file.Comments, func(g *ast.CommentGroup) bool { return g.Pos() > file.Name.Pos() })
		if i < 0 || !strings.HasPrefix(file.Comments[i].Text(), "This file ") {
			t.Errorf("%s does not say what lives there", name)
		}
	}
}
