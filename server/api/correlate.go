package api

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/grpc/codes"

	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/metric"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// correlateService searches the live rings.
type correlateService struct {
	pb.UnimplementedCorrelateServiceServer
	p *pipeline.Pipeline
	// calls is the call graph given by the configuration or the simulation;
	// requests may bring their own.
	calls []correlate.Edge
	// entity is the label that names an entity where the request does not say.
	entity string
}

func (s *correlateService) Correlate(ctx context.Context, r *pb.CorrelateRequest) (*pb.CorrelateResponse, error) {
	q, err := s.query(r)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	res, err := s.p.Search(q)
	if err != nil {
		return nil, asStatus(codes.InvalidArgument, err)
	}
	out := searchResponse(res)
	out.Stats.WallUs = time.Since(began).Microseconds()
	s.addDetail(out, res)
	return out, nil
}

// query translates a request; exactly one way of naming the target is allowed.
func (s *correlateService) query(r *pb.CorrelateRequest) (correlate.Query, error) {
	q := correlate.Query{Samples: r.Curve}
	q.K, q.Band, q.MaxQ = limited(r.K, 20, correlate.MaxK), r.Band, r.GetMaxQ()
	q.Mode, q.Sign = modeOf(r.Mode), signOf(r.Sign)
	var err error
	if q.Scope, err = selector("scope", r.Scope); err != nil {
		return q, err
	}
	if r.Series != "" {
		if q.Target, err = selector("series", r.Series); err != nil {
			return q, err
		}
		q.Target = s.p.Shape(q.Target)
	}
	if r.EventId != "" {
		f, ok := s.p.Anomalies.Get(r.EventId)
		if !ok {
			return q, notFound("anomaly", r.EventId, "give the id of an anomaly, or name the series")
		}
		q.Ref = s.p.ShapeRef(f)
	}
	ways := 0
	for _, given := range []bool{len(r.Curve) > 0, r.Series != "", r.EventId != ""} {
		if given {
			ways++
		}
	}
	if ways != 1 && q.Mode != correlate.Change {
		return q, invalid("cannot choose a target: set exactly one of series, curve and event_id (%d are set)", ways)
	}
	if r.Window != nil {
		now := s.p.Now().UnixMilli()
		if q.From, q.To, err = rangeOf(r.Window, now-time.Hour.Milliseconds(), now); err != nil {
			return q, err
		}
	}
	if r.MaxLag != nil {
		step := s.p.RingStep()
		q.MaxLag = int(r.MaxLag.AsDuration().Milliseconds() / step)
		if q.MaxLag == 0 {
			q.MaxLag = -1
		}
	}
	return q, nil
}

func modeOf(m pb.CorrelateMode) correlate.Mode {
	switch m {
	case pb.CorrelateMode_CORRELATE_MODE_FAST:
		return correlate.Fast
	case pb.CorrelateMode_CORRELATE_MODE_LAG:
		return correlate.Lag
	case pb.CorrelateMode_CORRELATE_MODE_CHANGE:
		return correlate.Change
	}
	return correlate.Exact
}

func signOf(s pb.CorrelateSign) correlate.Sign {
	switch s {
	case pb.CorrelateSign_CORRELATE_SIGN_SAME:
		return correlate.Same
	case pb.CorrelateSign_CORRELATE_SIGN_OPPOSITE:
		return correlate.Opposite
	}
	return correlate.Both
}

// searchResponse translates a result.
func searchResponse(res correlate.Result) *pb.CorrelateResponse {
	st := res.Stats
	out := &pb.CorrelateResponse{
		Target: res.Target, Window: &pb.TimeRange{Start: stamp(res.From), End: stamp(res.To)},
		Trace: traceText(res.Trace.String()),
		Stats: &pb.SearchStats{
			Searched: int64(st.Searched), Exact: res.Exact,
			Excluded: map[string]int64{"flat": int64(st.Flat), "sparse": int64(st.Sparse), "short": int64(st.Short)},
			Pruned: map[string]int64{
				"kim": int64(st.KimPruned), "paa": int64(st.PAAPruned), "keogh": int64(st.KeoghPruned),
				"integer_dtw": int64(st.IntPruned), "unreached": int64(st.Unreached),
			},
		},
	}
	for _, m := range res.Matches {
		out.Matches = append(out.Matches, matchOf(m))
	}
	for _, g := range res.Groups {
		one := &pb.MatchGroup{Id: strconv.Itoa(g.ID), Series: g.Series, Reason: g.Reason}
		if len(g.Series) > 0 {
			one.Representative = g.Series[0]
		}
		out.Groups = append(out.Groups, one)
	}
	return out
}

func matchOf(m correlate.Match) *pb.Match {
	out := &pb.Match{
		Distance: m.Distance, Similarity: m.Similarity, Sign: int32(m.Sign), LagSeconds: m.LagSeconds,
		P: m.P, Q: m.Q, Group: strconv.Itoa(m.Group), Onset: stamp(m.Onset),
	}
	if ls, err := metric.ParseSeries(m.Series); err == nil {
		out.Labels = labelMap(ls)
	}
	return out
}

// previewPoints is the length of a sparkline.
const previewPoints = 48

// addDetail draws the matches' windows for a sparkline.
func (s *correlateService) addDetail(out *pb.CorrelateResponse, res correlate.Result) {
	byName := map[string]*pb.Match{}
	for _, m := range out.Matches {
		byName[metric.FormatSeries(labels.FromMap(m.Labels))] = m
	}
	if len(byName) == 0 {
		return
	}
	for _, c := range s.p.Candidates(nil, res.From, res.To) {
		if m := byName[c.Name()]; m != nil {
			m.Preview = thin(filled(c.Window.V), previewPoints)
		}
	}
}

// filled carries the last value over gaps: a sparkline needs no hole.
func filled(v []float64) []float64 {
	out := make([]float64, 0, len(v))
	for _, x := range v {
		if math.IsNaN(x) {
			if len(out) == 0 {
				continue
			}
			x = out[len(out)-1]
		}
		out = append(out, x)
	}
	return out
}

func (s *correlateService) ExplainPair(_ context.Context, r *pb.ExplainPairRequest) (*pb.ExplainPairResponse, error) {
	a, errA := selector("a", r.A)
	b, errB := selector("b", r.B)
	if errA != nil || errB != nil || len(a) == 0 || len(b) == 0 {
		return nil, invalid("cannot compare %q with %q: both must be selectors of one series", r.A, r.B)
	}
	q := correlate.Query{Target: a, Scope: b}
	q.MaxQ, q.K = 1, 1
	if r.Window != nil {
		now := s.p.Now().UnixMilli()
		var err error
		if q.From, q.To, err = rangeOf(r.Window, now-time.Hour.Milliseconds(), now); err != nil {
			return nil, err
		}
	}
	res, err := s.p.Search(q)
	if err != nil {
		return nil, asStatus(codes.InvalidArgument, err)
	}
	if len(res.Matches) != 1 {
		return nil, notFound("series", r.B, "no other live series with a shape matches; see which are held with GET /v1/series")
	}
	return &pb.ExplainPairResponse{Match: matchOf(res.Matches[0]), Trace: traceText(res.Trace.String())}, nil
}

const collectionsInstead = "keep the incident's window as a CSV and search it with `bellwether correlate FILE`"

func (s *correlateService) SaveCollection(context.Context, *pb.SaveCollectionRequest) (*pb.SaveCollectionResponse, error) {
	return nil, notYet("saving collections", collectionsInstead)
}

func (s *correlateService) ListCollections(context.Context, *pb.ListCollectionsRequest) (*pb.ListCollectionsResponse, error) {
	return nil, notYet("listing collections", collectionsInstead)
}

func (s *correlateService) DeleteCollection(context.Context, *pb.DeleteCollectionRequest) (*pb.DeleteCollectionResponse, error) {
	return nil, notYet("deleting collections", collectionsInstead)
}
