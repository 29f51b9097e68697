package compat

// This file watches files and directories one by one, with package inotify.

import (
	"context"
	"errors"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/inoseq/inoseq/inotify"
)

func newSource(what watching) (source, error) {
	if what.recursive {
		return newTrees(what)
	}
	w, err := inotify.New()
	if err != nil {
		return nil, err
	}
	return &single{w: w, mask: what.mask, dirs: make(map[int32]string)}, nil
}

// single watches without what is below.
type single struct {
	w    *inotify.Watcher
	mask inotify.Mask
	dirs map[int32]string // what is printed as the watched path, by watch
	list []int32          // of watches, in the order in which they were made
}

func (s *single) watch(path string) error {
	wt, err := s.w.Add(path, s.mask)
	if err != nil {
		return err
	}
	if _, known := s.dirs[wt.WD()]; !known { // the first of several names is kept
		s.dirs[wt.WD()] = withSlash(path)
		s.list = append(s.list, wt.WD())
	}
	return nil
}

// withSlash is path with a slash behind it if it is a directory, and no link.
func withSlash(path string) string {
	if info, err := os.Lstat(path); err == nil && info.IsDir() && !strings.HasSuffix(path, "/") {
		return path + "/"
	}
	return path
}

func (s *single) established() {}

func (s *single) events(ctx context.Context, idle time.Duration) iter.Seq2[event, error] {
	from := s.w.EventsContext(ctx)
	if idle > 0 {
		from = s.w.EventsUntilIdle(ctx, idle)
	}
	return func(yield func(event, error) bool) {
		for ev, err := range from {
			e := event{watch: -1, name: ev.Name, mask: ev.Mask, cookie: ev.Cookie}
			if ev.Watch != nil {
				e.watch = int64(ev.Watch.WD())
				e.dir = s.dirs[ev.Watch.WD()]
			}
			if !yield(e, err) || err != nil && !errors.Is(err, inotify.ErrOverflow) {
				return
			}
		}
	}
}

func (s *single) watches() (list []watched) {
	for _, wd := range s.list {
		list = append(list, watched{int64(wd), s.dirs[wd]})
	}
	return list
}

func (s *single) close() { s.w.Close() }
