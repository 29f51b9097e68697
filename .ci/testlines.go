// Command testlines reads the output of "go test -json", prints what go test prints for people, and
// fails if a test was skipped for a reason that is not allowed.
//
//	go test -json ./... | testlines ALLOWED RECORD
//
// ALLOWED is a file of regular expressions, one a line, for "TestName: reason"; empty lines and
// those that begin with # are comments. A line "pass PACKAGE TestName" or "skip PACKAGE TestName:
// reason" for each test is appended to the file RECORD.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("testlines: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: testlines ALLOWED RECORD")
	}
	allowed, err := readAllowed(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	record, err := os.OpenFile(os.Args[2], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		log.Fatal(err)
	}
	r := run{allowed: allowed, record: record, outputs: make(map[test][]string)}
	if err := r.read(os.Stdin); err != nil {
		log.Fatal(err)
	}
	if err := record.Close(); err != nil {
		log.Fatal(err)
	}
	for _, skip := range r.refused {
		fmt.Printf("FAIL: skipped for a reason that %s does not have: %s\n", os.Args[1], skip)
	}
	if len(r.refused) > 0 || r.tests == 0 {
		log.Fatalf("%d tests, %d of them skipped without leave", r.tests, len(r.refused))
	}
}

func readAllowed(name string) (list []*regexp.Regexp, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for _, expr := range strings.Split(string(text), "\n") {
		if expr = strings.TrimSpace(expr); expr == "" || strings.HasPrefix(expr, "#") {
			continue
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, re)
	}
	return list, nil
}

// event is what "go doc test2json" calls TestEvent.
type event struct {
	Action, Package, Test, Output string
}

// test is a test of a package, or the package itself if Name is empty.
type test struct{ Package, Name string }

type run struct {
	allowed []*regexp.Regexp
	record  io.Writer
	outputs map[test][]string // of tests that have not ended
	refused []string
	tests   int
}

func (r *run) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		text, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(text)) > 0 {
			var ev event
			if json.Unmarshal(text, &ev) != nil {
				os.Stdout.Write(text) // a message of the go command
			} else if err := r.event(ev); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (r *run) event(ev event) (err error) {
	t := test{ev.Package, ev.Test}
	switch ev.Action {
	case "output":
		switch {
		case strings.HasPrefix(ev.Output, "=== "):
		case ev.Test != "":
			r.outputs[t] = append(r.outputs[t], ev.Output)
		case ev.Output != "PASS\n":
			fmt.Print(ev.Output)
		}
		return nil
	case "build-output":
		fmt.Print(ev.Output)
		return nil
	case "pass", "fail", "skip":
	default:
		return nil
	}
	if ev.Test == "" {
		return nil
	}
	r.tests++
	output := r.outputs[t]
	delete(r.outputs, t)
	switch ev.Action {
	case "pass":
		_, err = fmt.Fprintf(r.record, "pass %s %s\n", ev.Package, ev.Test)
	case "fail":
		fmt.Print(strings.Join(output, ""))
	case "skip":
		skip := ev.Test + ": " + reason(output)
		_, err = fmt.Fprintf(r.record, "skip %s %s\n", ev.Package, skip)
		if !r.allows(skip) {
			r.refused = append(r.refused, ev.Package+" "+skip)
		}
	}
	return err
}

// place stands before what a test says: "file_test.go:12: ".
var place = regexp.MustCompile(`^[^\s:]+\.go:\d+: `)

// reason is what a skipped test said, in one line.
func reason(output []string) string {
	var words []string
	for _, text := range output {
		text = strings.TrimSpace(text)
		if text != "" && !strings.HasPrefix(text, "--- SKIP") {
			words = append(words, place.ReplaceAllString(text, ""))
		}
	}
	return strings.Join(words, " ")
}

func (r *run) allows(skip string) bool {
	for _, re := range r.allowed {
		if re.MatchString(skip) {
			return true
		}
	}
	return false
}
