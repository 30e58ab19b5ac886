package kayenta

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// Scores are written back as a series, so that a panel or a rule can use them:
//
//	bellwether_kayenta_score{application=..., config=..., judge=...}  0 to 100, at the end of each execution

func (s *Service) writeScore(ctx context.Context, e execution) {
	var head struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(e.Config, &head) // It was read to be judged.
	score, _ := e.scored()
	one := tsdb.Series{
		Labels: labels.FromStrings(labels.MetricName, "bellwether_kayenta_score",
			"application", e.Application, "config", cmp.Or(head.Name, e.ConfigID), "judge", judgeOf(e.Config)),
		Samples: []metric.Sample{{T: e.End, V: score}},
	}
	if _, err := s.o.Store.Append(ctx, []tsdb.Series{one}); err != nil && ctx.Err() == nil {
		s.o.Log.Warn("cannot write the score of a canary execution back as a series", "execution", e.ID, "err", err)
	}
}
