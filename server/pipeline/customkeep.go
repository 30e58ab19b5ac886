package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/custom"
)

// What users' detectors remember over a restart: one file beside those of the
// shards, written with them. A detector that is not in it, or in another
// version, learns from the store, and then everybody reads as far back as
// without files.

const customFile = "detectors.ckpt.zst"

// keepCustom writes the file.
func (p *Pipeline) keepCustom() error {
	var raw []byte
	p.customLane.view(func() { raw = p.custom.run.AppendState(nil) })
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("cannot pack the state of users' detectors: %w", err)
	}
	defer pack.Close()
	path := filepath.Join(p.opts.StateDir, customFile)
	err = os.WriteFile(path+".new", pack.EncodeAll(raw, nil), 0o600)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("cannot keep the state of users' detectors: %w", err)
	}
	return nil
}

// maxCustomState bounds what a file may unpack to: what all series may
// remember, and the names around it.
const maxCustomState = 2 * custom.MaxBytes

// restoreCustom takes up the file; complete is false if some detector has to
// learn from history.
func (p *Pipeline) restoreCustom() (complete bool) {
	if len(p.opts.Detectors) == 0 {
		return true
	}
	if p.opts.StateDir == "" {
		return false
	}
	packed, err := os.ReadFile(filepath.Join(p.opts.StateDir, customFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err == nil {
		complete, err = p.unpackCustom(packed)
	}
	if err != nil {
		p.opts.Log.Warn("kept state of users' detectors is not used; it is learned from the store again", "err", err)
	}
	return complete
}

func (p *Pipeline) unpackCustom(packed []byte) (complete bool, err error) {
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxCustomState), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return false, err
	}
	defer unpack.Close()
	raw, err := unpack.DecodeAll(packed, nil)
	if err != nil {
		return false, fmt.Errorf("cannot unpack the state of users' detectors: %w", err)
	}
	p.customLane.view(func() { complete, err = p.custom.run.Restore(raw) })
	return complete, err
}

// eachOpen calls f with the id of every open anomaly.
func (c *Custom) eachOpen(f func(id string)) {
	c.run.EachOpen(func(detector string, ls labels.Labels, a detect.Anomaly) {
		f(anomalyID(ls, customView+detector, a.Start))
	})
}
