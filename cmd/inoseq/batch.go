package main

// This file holds batches: events that come in quick succession, handed over as one.

import "context"

// batch is the events that wait to be handed over.
type batch []event

// gather passes events on in batches.
func (t *teller) gather(ctx context.Context, s source) error {
	fewer := false
	for {
		if err := t.noneWaits(s, fewer); err != nil {
			return err
		}
		fewer = false
		var b batch
		t.pause(1)
		for ev, err := range s.events(ctx, forever) {
			t.pause(-1)
			fewer = err != nil || ev.HasAny(lastOfWatch)
			var full bool
			if full, err = t.add(&b, ev, err); err != nil {
				return err
			}
			if !full {
				var more bool
				more, err = t.fill(ctx, s, &b)
				fewer = fewer || more
			} else {
				err = t.handOver(&b)
			}
			if err != nil {
				return err
			}
			break
		}
	}
}

// fill adds to b until it is complete, and hands it over. It reports whether watches may have gone.
func (t *teller) fill(ctx context.Context, s source, b *batch) (fewer bool, err error) {
	within, cancel := context.WithTimeout(ctx, batchLimit*t.quiet)
	defer cancel()
	for ev, err := range s.events(within, t.quiet) {
		if within.Err() != nil && err == context.Cause(within) {
			break // what has begun is handed over
		}
		fewer = fewer || err != nil || ev.HasAny(lastOfWatch)
		if full, err := t.add(b, ev, err); err != nil {
			return fewer, err
		} else if full {
			break
		}
	}
	return fewer, t.handOver(b)
}

// add adds one step of a sequence to b, and reports whether b is complete. An error has what came
// before it handed over first.
func (t *teller) add(b *batch, ev event, err error) (full bool, _ error) {
	if err == nil {
		*b = append(*b, ev)
		t.mu.Lock()
		defer t.mu.Unlock()
		return len(*b) >= mostInBatch || t.count > 0 && t.told+len(*b) >= t.count, nil
	}
	if err := t.handOver(b); err != nil {
		return false, err
	}
	if !goesOn(err) {
		return false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return true, t.sink.trouble(err)
}

// handOver passes b on, and empties it.
func (t *teller) handOver(b *batch) error {
	evs := *b
	*b = nil
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count > 0 {
		if t.told == t.count {
			return errCounted
		}
		evs = evs[:min(len(evs), t.count-t.told)]
	}
	if len(evs) == 0 {
		return nil
	}
	if err := t.sink.batch(evs); err != nil {
		return err
	}
	t.told += len(evs)
	if t.told == t.count {
		return t.counted()
	}
	return nil
}
