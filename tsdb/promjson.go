package tsdb

import (
	"errors"
	"io"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/util/jsonutil"
)

// The answers of the Prometheus HTTP API (prometheus.io/docs/prometheus/latest/
// querying/api), so that Grafana reads from us as from Prometheus.

// WritePrometheusJSON writes r as the body of a /api/v1/query or query_range
// answer.
func WritePrometheusJSON(w io.Writer, r *Result) error {
	return writeSuccess(w, func(s *jsoniter.Stream) {
		writeData(s, r)
		writeStrings(s, "warnings", r.Warnings)
		writeStrings(s, "infos", r.Infos)
	})
}

// WritePrometheusList writes the body of a labels or label-values answer.
func WritePrometheusList(w io.Writer, list []string) error {
	return writeSuccess(w, func(s *jsoniter.Stream) {
		s.WriteArrayStart()
		for i, v := range list {
			more(s, i)
			s.WriteString(v)
		}
		s.WriteArrayEnd()
	})
}

// WritePrometheusSeries writes the body of a series answer.
func WritePrometheusSeries(w io.Writer, list []labels.Labels) error {
	return writeSuccess(w, func(s *jsoniter.Stream) {
		s.WriteArrayStart()
		for i, ls := range list {
			more(s, i)
			writeLabels(s, ls)
		}
		s.WriteArrayEnd()
	})
}

// WritePrometheusError writes the body of a failed answer and returns the HTTP
// status that goes with it: 400, 422, 499, 503 or 500. Write the status before
// the body: call it with a buffer.
func WritePrometheusError(w io.Writer, err error) (status int, _ error) {
	kind := Internal
	var q *QueryError
	if errors.As(err, &q) {
		kind = q.Kind
	}
	s := newStream(w)
	s.WriteObjectStart()
	s.WriteObjectField("status")
	s.WriteString("error")
	s.WriteMore()
	s.WriteObjectField("errorType")
	s.WriteString(string(kind))
	s.WriteMore()
	s.WriteObjectField("error")
	s.WriteString(err.Error())
	s.WriteObjectEnd()
	return kind.HTTPStatus(), s.Flush()
}

// HTTPStatus returns the status the Prometheus API answers with.
func (k ErrorKind) HTTPStatus() int {
	switch k {
	case BadData:
		return 400
	case Execution:
		return 422
	case Canceled:
		return 499
	case Timeout:
		return 503
	}
	return 500
}

func newStream(w io.Writer) *jsoniter.Stream {
	return jsoniter.NewStream(jsoniter.ConfigCompatibleWithStandardLibrary, w, 4096)
}

func writeSuccess(w io.Writer, data func(*jsoniter.Stream)) error {
	s := newStream(w)
	s.WriteObjectStart()
	s.WriteObjectField("status")
	s.WriteString("success")
	s.WriteMore()
	s.WriteObjectField("data")
	data(s)
	s.WriteObjectEnd()
	return s.Flush()
}

func writeData(s *jsoniter.Stream, r *Result) {
	s.WriteObjectStart()
	s.WriteObjectField("resultType")
	s.WriteString(string(r.Type))
	s.WriteMore()
	s.WriteObjectField("result")
	switch r.Type {
	case Vector:
		s.WriteArrayStart()
		for i, p := range r.Vector {
			more(s, i)
			writePoint(s, p)
		}
		s.WriteArrayEnd()
	case Matrix:
		s.WriteArrayStart()
		for i, one := range r.Matrix {
			more(s, i)
			writeSeries(s, one)
		}
		s.WriteArrayEnd()
	case String:
		s.WriteArrayStart()
		jsonutil.MarshalTimestamp(r.Scalar.T, s)
		s.WriteMore()
		s.WriteString(r.String)
		s.WriteArrayEnd()
	default:
		writeFloat(s, r.Scalar.T, r.Scalar.V)
	}
	s.WriteObjectEnd()
}

func writePoint(s *jsoniter.Stream, p Point) {
	s.WriteObjectStart()
	s.WriteObjectField("metric")
	writeLabels(s, p.Labels)
	s.WriteMore()
	if p.H != nil {
		s.WriteObjectField("histogram")
		writeHistogram(s, p.T, p.H)
	} else {
		s.WriteObjectField("value")
		writeFloat(s, p.T, p.V)
	}
	s.WriteObjectEnd()
}

func writeSeries(s *jsoniter.Stream, one Series) {
	s.WriteObjectStart()
	s.WriteObjectField("metric")
	writeLabels(s, one.Labels)
	if len(one.Samples) > 0 {
		s.WriteMore()
		s.WriteObjectField("values")
		s.WriteArrayStart()
		for i, p := range one.Samples {
			more(s, i)
			writeFloat(s, p.T, p.V)
		}
		s.WriteArrayEnd()
	}
	if len(one.Histograms) > 0 {
		s.WriteMore()
		s.WriteObjectField("histograms")
		s.WriteArrayStart()
		for i, p := range one.Histograms {
			more(s, i)
			writeHistogram(s, p.T, p.H)
		}
		s.WriteArrayEnd()
	}
	s.WriteObjectEnd()
}

func writeFloat(s *jsoniter.Stream, t int64, v float64) {
	s.WriteArrayStart()
	jsonutil.MarshalTimestamp(t, s)
	s.WriteMore()
	jsonutil.MarshalFloat(v, s)
	s.WriteArrayEnd()
}

func writeHistogram(s *jsoniter.Stream, t int64, h *histogram.FloatHistogram) {
	s.WriteArrayStart()
	jsonutil.MarshalTimestamp(t, s)
	s.WriteMore()
	jsonutil.MarshalHistogram(h, s)
	s.WriteArrayEnd()
}

func writeLabels(s *jsoniter.Stream, ls labels.Labels) {
	s.WriteObjectStart()
	i := 0
	ls.Range(func(l labels.Label) {
		more(s, i)
		s.WriteObjectField(l.Name)
		s.WriteString(l.Value)
		i++
	})
	s.WriteObjectEnd()
}

func writeStrings(s *jsoniter.Stream, field string, list []string) {
	if len(list) == 0 {
		return
	}
	s.WriteMore()
	s.WriteObjectField(field)
	s.WriteArrayStart()
	for i, v := range list {
		more(s, i)
		s.WriteString(v)
	}
	s.WriteArrayEnd()
}

// more separates all but the first element.
func more(s *jsoniter.Stream, i int) {
	if i > 0 {
		s.WriteMore()
	}
}
