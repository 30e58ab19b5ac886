package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
)

// Detector state over a restart. Every keepEvery, and when the server stops, the
// detectors of each shard are written to a file (checkpoint.go), copied while
// their lane stands still for some milliseconds at a time. A start takes the
// files up, and feeds the detectors what the store holds since; what they have
// judged already they skip, series by series. What cannot be taken up is learned
// from the store again, as if there were no file, and the reason is told.

const keepEvery = time.Minute

// keepMargin is how far before a checkpoint's instant the store is read again:
// what was late or still queued when it was written.
const keepMargin = 5 * time.Minute

// keptState says how keeping goes.
type keptState struct {
	mu   sync.Mutex
	last KeptState

	one       sync.Mutex // One writer at a time.
	anomalies uint64     // The version of the list that was written last; of the writer.
}

// KeptState is the account of checkpoints.
type KeptState struct {
	At       int64         // Instant of the last one, Unix milliseconds; 0: none.
	Series   int           // Series in it.
	Bytes    int64         // Its size on disk.
	Took     time.Duration // How long it took to write.
	Failures int           // How often writing failed.
	Restored int           // Series taken up at the start.
	Refused  []string      // What was not taken up at the start, and why.
	From     time.Duration // How long taking up took.
}

// KeptState returns the account of checkpoints.
func (p *Pipeline) KeptState() KeptState {
	p.kept.mu.Lock()
	defer p.kept.mu.Unlock()
	return p.kept.last
}

// keepState writes checkpoints until ctx ends. The function returned writes a
// last one; the lanes must have stopped.
func (p *Pipeline) keepState(ctx context.Context) (last func()) {
	if p.opts.StateDir == "" {
		return func() {}
	}
	var done sync.WaitGroup
	done.Go(func() {
		every := time.NewTicker(keepEvery)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
				p.keepOrSay()
			}
		}
	})
	return func() {
		done.Wait()
		p.keepOrSay()
	}
}

func (p *Pipeline) keepOrSay() {
	if err := p.Keep(); err != nil {
		p.opts.Log.Error("cannot keep the state of the detectors; a restart would learn from the store again", "err", err)
	}
}

// Keep writes a checkpoint of every detector, and the list of anomalies.
func (p *Pipeline) Keep() error {
	dir := p.opts.StateDir
	if dir == "" {
		return nil
	}
	p.kept.one.Lock()
	defer p.kept.one.Unlock()
	began := time.Now()
	now := p.Now().UnixMilli()
	var errs []error
	sum := KeptState{At: now}
	for i := range p.watches {
		n, bytes, err := p.keepShard(i, now)
		errs = append(errs, err)
		sum.Series += n
		sum.Bytes += bytes
	}
	errs = append(errs, p.keepAnomalies(), p.keepCustom())
	err := errors.Join(errs...)
	if err == nil {
		p.dropShards(len(p.watches))
	}
	p.kept.mu.Lock()
	defer p.kept.mu.Unlock()
	l := &p.kept.last
	if err != nil {
		l.Failures++
		return err
	}
	l.At, l.Series, l.Bytes, l.Took = sum.At, sum.Series, sum.Bytes, time.Since(began)
	return nil
}

func shardFile(dir string, i int) string {
	return filepath.Join(dir, fmt.Sprintf("shard-%03d.ckpt", i))
}

// keepShard writes the file of one shard.
func (p *Pipeline) keepShard(i int, now int64) (series int, size int64, err error) {
	path := shardFile(p.opts.StateDir, i)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, 0, fmt.Errorf("cannot write a checkpoint: %w", err)
	}
	out, err := newShardWriter(f, now)
	if err == nil {
		series = p.copyShard(i, out)
		err = out.end()
		size = out.bytes
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDir(p.opts.StateDir)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("cannot write checkpoint %s: %w; is there room on the disk?", path, err)
	}
	return series, size, nil
}

// copyShard copies a shard's detectors in slices, between which its lane works.
func (p *Pipeline) copyShard(i int, out *shardWriter) (series int) {
	w, l := p.watches[i], p.watchLanes[i]
	var refs []uint64
	l.view(func() {
		for ref, s := range w.series {
			if s.skip == "" && s.tend.born {
				refs = append(refs, ref)
			}
		}
	})
	slices.Sort(refs)
	var raw, state []byte
	for part := range slices.Chunk(refs, keepSlice) {
		raw = raw[:0]
		n := 0
		l.view(func() {
			for _, ref := range part {
				if s := w.series[ref]; s != nil && s.skip == "" {
					raw = appendRecord(raw, s, &state)
					n++
				}
			}
		})
		out.block(raw, n)
		series += n
	}
	return series
}

// dropShards removes the files of shards there are no more: their series are in
// the others by now.
func (p *Pipeline) dropShards(n int) {
	for _, path := range p.shardFiles() {
		var i int
		if _, err := fmt.Sscanf(filepath.Base(path), "shard-%03d.ckpt", &i); err == nil && i >= n {
			_ = os.Remove(path) // Left behind it is older than the others, and loses.
		}
	}
}

func (p *Pipeline) shardFiles() []string {
	files, _ := filepath.Glob(filepath.Join(p.opts.StateDir, "shard-*.ckpt")) // The pattern is well formed.
	return files
}

// restore takes up what an earlier process kept. It returns the instant that
// the oldest file is of, 0 if nothing was taken up or something was refused: then
// the store is to be read as far back as without files.
func (p *Pipeline) restore() (since int64) {
	if p.opts.StateDir == "" {
		return 0
	}
	began := time.Now()
	sum := KeptState{}
	if err := p.restoreAnomalies(); err != nil {
		sum.Refused = append(sum.Refused, fmt.Sprintf("the list of anomalies: %v", err))
	}
	type file struct {
		path string
		at   int64
	}
	var files []file
	for _, path := range p.shardFiles() {
		at, err := instantOf(path)
		if err != nil {
			sum.Refused = append(sum.Refused, fmt.Sprintf("%s: %v", filepath.Base(path), err))
			continue
		}
		files = append(files, file{path, at})
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(cmp.Compare(b.at, a.at), strings.Compare(a.path, b.path)) })
	foreign := 0
	for _, f := range files { // The newest first: a series that is in two is of the newer.
		n, refused, err := p.restoreShard(f.path)
		sum.Restored += n
		foreign += refused
		if err != nil {
			sum.Refused = append(sum.Refused, fmt.Sprintf("%s: %v", filepath.Base(f.path), err))
			continue
		}
		since = f.at
	}
	if foreign > 0 {
		sum.Refused = append(sum.Refused, fmt.Sprintf("%d series: their state is of another version, configuration or kind", foreign))
	}
	for _, w := range p.watches {
		w.tend.settled = since
	}
	p.kept.mu.Lock()
	p.kept.last.Restored, p.kept.last.Refused, p.kept.last.From = sum.Restored, sum.Refused, time.Since(began)
	p.kept.mu.Unlock()
	for _, why := range sum.Refused {
		p.opts.Log.Warn("kept detector state is not used; it is learned from the store again", "what", why)
	}
	if sum.Restored > 0 {
		p.opts.Log.Info("detector state taken up", "series", sum.Restored, "from", time.UnixMilli(since).UTC().Format(time.RFC3339), "took", time.Since(began))
	}
	if len(sum.Refused) > 0 {
		return 0
	}
	return since
}

// instantOf reads the head of a file.
func instantOf(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return readHead(f)
}

// restoreShard takes up the series of one file.
func (p *Pipeline) restoreShard(path string) (n, refused int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	_, err = readShard(f, func(k keptSeries) {
		ref, ok := p.store.Ref(k.labels)
		if !ok {
			return // No longer in the head: nothing new will come.
		}
		ls, kind, ok := p.describe(ref)
		w := p.watches[ref%uint64(len(p.watches))]
		switch {
		case !ok || w.Known(ref):
		case w.takeUp(ref, ls, kind, k):
			n++
		default:
			refused++
		}
	})
	return n, refused, err
}

// takeUp watches a series with the state it had. It reports whether the state
// was fit; if not, the series is not known afterwards.
func (w *Watch) takeUp(ref uint64, ls labels.Labels, kind Kind, k keptSeries) bool {
	if kind != k.kind {
		return false
	}
	meta := detect.Meta{Kind: kind.detectKind()}
	dets := make([]*detect.Series, len(k.views))
	for i, v := range k.views {
		det, err := detect.Restore(w.opts.Detect, meta, v.state)
		if err != nil {
			return false
		}
		dets[i] = det
	}
	w.tend.takingUp = true
	w.Add(ref, ls, kind)
	w.tend.takingUp = false
	s := w.series[ref]
	if s.skip != "" {
		return true // Left out by the configuration of now.
	}
	if len(s.views) != len(dets) {
		w.Remove(ref, k.seen)
		return false
	}
	for i := range s.views {
		v := &s.views[i]
		if v.name != k.views[i].name {
			w.Remove(ref, k.seen)
			return false
		}
		w.warming -= warming(v)
		v.det, v.verdict = dets[i], dets[i].Verdict()
		w.warming += warming(v)
		if a, ok := v.det.Anomaly(); ok && a.Open {
			v.id = anomalyID(s.labels, v.name, a.Start)
		}
	}
	s.tend.seen, s.tend.heeded, s.tend.parent, s.tend.born = k.seen, k.heeded, k.parent, true
	return true
}

// warming is 1 for a view that has not seen enough, else 0.
func warming(v *view) int {
	if v.verdict == detect.VerdictNotEnoughData {
		return 1
	}
	return 0
}

func warmingViews(s *watched) (n int) {
	for i := range s.views {
		n += warming(&s.views[i])
	}
	return n
}

// reconcile closes anomalies of the list that no detector holds open: those of
// series that went while the server was down.
func (p *Pipeline) reconcile(now int64) {
	held := map[string]bool{}
	for i, l := range p.watchLanes {
		l.view(func() {
			for _, s := range p.watches[i].series {
				for k := range s.views {
					if v := &s.views[k]; v.id != "" {
						if _, open := v.det.Opened(); open {
							held[v.id] = true
						}
					}
				}
			}
		})
	}
	p.formLane.view(func() { p.forms.eachOpen(func(id string) { held[id] = true }) })
	p.customLane.view(func() { p.custom.eachOpen(func(id string) { held[id] = true }) })
	for _, f := range p.Anomalies.inheritedOpen() {
		if !held[f.ID] {
			f.Transition, f.At, f.Gone = detect.TransitionClosed, now, true
			f.Anomaly.Open, f.Anomaly.End = false, max(f.Anomaly.Start, f.At)
			p.Anomalies.Add(f)
		}
	}
}

// keptFinding is a finding in the file of anomalies.
type keptFinding struct {
	Finding
	Trace detect.Trace `json:"trace"`
}

const anomaliesFile = "anomalies.json.zst"

// keepAnomalies writes the list of anomalies, if it changed.
func (p *Pipeline) keepAnomalies() error {
	all, version := p.Anomalies.all()
	if version == p.kept.anomalies {
		return nil
	}
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("cannot pack the list of anomalies: %w", err)
	}
	defer pack.Close()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, f := range all {
		if err := enc.Encode(keptFinding{Finding: f, Trace: f.Anomaly.Trace}); err != nil {
			return fmt.Errorf("cannot encode anomaly %s: %w", f.ID, err)
		}
	}
	if err := replaceFile(filepath.Join(p.opts.StateDir, anomaliesFile), pack.EncodeAll(b.Bytes(), nil)); err != nil {
		return err
	}
	p.kept.anomalies = version
	return nil
}

// maxAnomaliesFile bounds the list in memory while it is read, in bytes.
const maxAnomaliesFile = 512 << 20

// restoreAnomalies reads the list of anomalies.
func (p *Pipeline) restoreAnomalies() error {
	packed, err := os.ReadFile(filepath.Join(p.opts.StateDir, anomaliesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxAnomaliesFile))
	if err != nil {
		return err
	}
	defer unpack.Close()
	data, err := unpack.DecodeAll(packed, nil) // The format has a checksum of its own.
	if err != nil {
		return errDamaged
	}
	for dec := json.NewDecoder(bytes.NewReader(data)); dec.More(); {
		var k keptFinding
		if err := dec.Decode(&k); err != nil {
			return errDamaged
		}
		f := k.Finding
		f.Anomaly.Trace = k.Trace
		p.Anomalies.restore(f)
		p.Admission.remember(f)
	}
	return nil
}
