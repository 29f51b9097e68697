package main

// This file tests that --initial joins with what comes after, where no tree is watched.

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/inoseq/inoseq/inotify"
)

// TestWhatIsThereAndWhatComesJoin has files come, go and be renamed while a directory is listed: a
// picture that is empty at the start equals the directory at the end, and nothing is told twice.
func TestWhatIsThereAndWhatComesJoin(t *testing.T) {
	for round := range 8 {
		seed := uint64(os.Getpid())*100 + uint64(round)
		dir := mustMkdir(t)
		change := func(rng *rand.Rand) {
			name, other := filepath.Join(dir, fmt.Sprint(rng.IntN(300))), filepath.Join(dir, fmt.Sprint(rng.IntN(300)))
			switch rng.IntN(4) {
			case 0:
				os.Remove(name)
			case 1:
				os.Rename(name, other)
			default:
				os.WriteFile(name, nil, 0o644)
			}
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		for range 500 {
			change(rng)
		}
		o := &watchOptions{initial: true, events: events{inotify.Modify}}
		p := &program{}
		s, err := p.open([]string{dir}, o)
		if err != nil {
			t.Fatal(err)
		}
		var changes sync.WaitGroup
		for worker := range 2 {
			changes.Add(1)
			go func() {
				defer changes.Done()
				rng := rand.New(rand.NewPCG(seed, uint64(1+worker)))
				for range 300 {
					change(rng)
				}
			}()
		}
		if err := s.add(context.Background()); err != nil {
			t.Fatal(err)
		}
		changes.Wait()
		s.plain.asked |= entryEvents // tell all that is kept account of
		faults := comparePicture(dir, s.plain)
		if len(faults) > 0 || s.plain.first != nil {
			t.Errorf("seed %d: still comparing: %t; %q", seed, s.plain.first != nil, faults)
		}
		s.close()
		if t.Failed() {
			return
		}
	}
}

// comparePicture applies what is told to an empty directory, and compares it with the one on the disk.
func comparePicture(dir string, s source) (faults []string) {
	picture := make(map[string]bool)
	for ev, err := range s.events(context.Background(), 0) {
		_, name := ev.split()
		switch {
		case err != nil:
			faults = append(faults, err.Error())
		case ev.Has(inotify.Create) && picture[name]:
			faults = append(faults, name+" is created twice")
		case ev.HasAny(inotify.Create | inotify.MovedTo):
			picture[name] = true
		case ev.HasAny(inotify.Delete | inotify.MovedFrom):
			if !picture[name] {
				faults = append(faults, ev.String()+": it was not told")
			}
			delete(picture, name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		faults = append(faults, err.Error())
	}
	for _, entry := range entries {
		if !picture[entry.Name()] {
			faults = append(faults, entry.Name()+" is missing")
		}
		delete(picture, entry.Name())
	}
	for name := range picture {
		faults = append(faults, name+" is too much")
	}
	return faults
}
