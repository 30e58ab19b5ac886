package journal

// This file is starting again: the newest snapshot that can be read, then every
// record after it, through the same Apply as the first time.

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bellwether-ts/bellwether/alerting"
)

// OpenEngine recovers the state and starts the engine. What the outbox still
// holds is for the caller to deliver again (View, Core.Outbox).
func OpenEngine(o EngineOptions) (*Engine, *Report, error) {
	o = o.withDefaults()
	if o.Dir == "" {
		return nil, nil, fmt.Errorf("cannot open the alert engine: no directory; say where its journal lives")
	}
	if err := o.Config.Validate(); err != nil {
		return nil, nil, fmt.Errorf("cannot open the alert engine: %w", err)
	}
	log, rep, err := Open(o.Dir, o.Log)
	if err != nil {
		return nil, rep, err
	}
	e := &Engine{o: o, log: log,
		snaps:    &snapshots{fs: log.o.FS, dir: o.Dir, id: log.id, keep: o.KeepSnapshots},
		requests: make(chan *request, o.Queue), stop: make(chan struct{}), stopped: make(chan struct{}), snapping: make(chan struct{}, 1)}
	if e.core, err = e.recover(rep); err != nil {
		log.Close()
		return nil, rep, err
	}
	e.sinceSnap = int(rep.Replayed)
	e.feed = newFeed(o.Ring, e.core.Seq())
	go e.run()
	if err := e.adoptConfig(); err != nil {
		e.Close()
		return nil, rep, err
	}
	return e, rep, nil
}

// recover builds the state from the newest usable snapshot and the log.
func (e *Engine) recover(rep *Report) (*alerting.Core, error) {
	core, err := e.base(^uint64(0), rep)
	if err != nil {
		return nil, err
	}
	if last := e.log.Last(); core.Seq() > last {
		return nil, fmt.Errorf("cannot open the alert engine: the snapshot is at record %d, the log ends at %d: acknowledged records are missing; restore the segments of %s from a copy", core.Seq(), last, e.o.Dir)
	}
	for r, err := range e.log.Read(core.Seq() + 1) {
		if err != nil {
			return nil, err
		}
		in, err := decodeInput(r)
		if err != nil {
			return nil, err
		}
		core.Apply(in)
		rep.Replayed++
	}
	return core, nil
}

// base returns the state of the newest usable snapshot not after seq, or the
// empty state if the log goes back to its first record.
func (e *Engine) base(seq uint64, rep *Report) (*alerting.Core, error) {
	seqs, err := e.snaps.list()
	if err != nil {
		return nil, err
	}
	for i := len(seqs) - 1; i >= 0; i-- {
		if seqs[i] > seq || seqs[i]+1 < e.log.Oldest() {
			continue
		}
		state, err := e.snaps.read(seqs[i])
		if err == nil {
			var core *alerting.Core
			if core, err = alerting.Restore(state); err == nil {
				rep.Snapshot = seqs[i]
				return core, nil
			}
		}
		rep.Notes = append(rep.Notes, err.Error()+"; an older one is used")
	}
	if oldest := e.log.Oldest(); oldest != 1 {
		return nil, &ForgottenError{1, oldest}
	}
	return alerting.New(alerting.LogID(e.log.id), alerting.Config{})
}

// adoptConfig logs the configuration if it is not the one in force, so that a
// replay decides as the live run did. A new log begins with it: the defaults of
// a later version must not change what happened.
func (e *Engine) adoptConfig() error {
	var now alerting.Config
	e.View(func(c *alerting.Core) { now = c.Config() })
	want, err := json.Marshal(e.o.Config.Filled())
	if err != nil {
		return fmt.Errorf("cannot write configuration: %w", err)
	}
	have, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("cannot write configuration: %w", err)
	}
	if string(want) == string(have) && e.log.Last() > 0 {
		return nil
	}
	cfg := e.o.Config.Filled()
	_, err = e.Submit(context.Background(), alerting.Input{Config: &cfg})
	return err
}
