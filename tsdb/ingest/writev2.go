package ingest

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// Remote write 2.0: strings stand once in a symbol table and series refer to
// them, and metadata comes with each series. Prometheus's own decoder reads it.

// maxUndecodable bounds the examples kept for the answer.
const maxUndecodable = 1

// writeV2 adds every sample of a decompressed body. Series with broken
// references are counted as undecodable and the first is described; the error
// is for a body that is not a Request.
func (in *intake) writeV2(body []byte) (undecodable []string, _ error) {
	var req writev2.Request
	if err := req.Unmarshal(body); err != nil {
		return nil, err
	}
	b := labels.NewScratchBuilder(0)
	for i := range req.Timeseries {
		ts := &req.Timeseries[i]
		ls, err := ts.ToLabels(&b, req.Symbols)
		if err != nil {
			in.undecodable += len(ts.Samples) + len(ts.Histograms)
			if len(undecodable) < maxUndecodable {
				undecodable = append(undecodable, fmt.Sprintf("series %d: %v", i, err))
			}
			continue
		}
		if m, err := ts.ToMetadata(req.Symbols); err == nil {
			in.tx.SetMeta(ls.Get(labels.MetricName), string(m.Type), m.Unit, m.Help)
		}
		in.seriesV2(ts, ls)
	}
	return undecodable, nil
}

func (in *intake) seriesV2(ts *writev2.TimeSeries, ls labels.Labels) {
	var ref uint64
	learn := func(got uint64, err error) {
		if err == nil {
			ref = got
		}
	}
	for _, p := range ts.Samples {
		learn(in.add(ref, ls, p.Timestamp, p.Value, nil, nil))
	}
	for _, h := range ts.Histograms {
		if h.IsFloatHistogram() {
			learn(in.add(ref, ls, h.Timestamp, 0, nil, h.ToFloatHistogram()))
		} else {
			learn(in.add(ref, ls, h.Timestamp, 0, h.ToIntHistogram(), nil))
		}
	}
}
