package kayenta

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// What there is to choose from: accounts, metric stores, metric names; and a
// query tried by itself.

// account is the one account there is. Requests may name others, which are
// given back and mean this one.
const account = "bellwether"

type credential struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Supported   []string `json:"supportedTypes"`
	Locations   []string `json:"locations"`
	Recommended []string `json:"recommendedLocations"`
}

func (s *Service) credentials(*http.Request) (any, error) {
	return []credential{{
		Name: account, Type: "prometheus", Supported: []string{"METRICS_STORE", "OBJECT_STORE", "CONFIGURATION_STORE"},
		Locations: []string{}, Recommended: []string{},
	}}, nil
}

type metricsService struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Locations   []string `json:"locations"`
	Recommended []string `json:"recommendedLocations"`
}

func (s *Service) metricsServices(*http.Request) (any, error) {
	return []metricsService{{Name: account, Type: "prometheus", Locations: []string{}, Recommended: []string{}}}, nil
}

// maxNames bounds the metric names of one answer.
const maxNames = 10_000

// metadata lists the metric names of the last day that contain filter.
func (s *Service) metadata(r *http.Request) (any, error) {
	now := s.now()
	names, err := s.o.Store.LabelValues(r.Context(), labels.MetricName, nil, now-86_400_000, now, 0)
	if err != nil {
		return nil, err
	}
	filter := strings.ToLower(r.FormValue("filter"))
	out := []map[string]string{}
	for _, n := range names {
		if strings.Contains(strings.ToLower(n), filter) && len(out) < maxNames {
			out = append(out, map[string]string{"name": n})
		}
	}
	return out, nil
}

// fetchQuery runs one metric's query by itself and keeps what it returns, or
// only says how it reads (dryRun).
func (s *Service) fetchQuery(r *http.Request) (any, error) {
	if p := r.PathValue("provider"); p != "prometheus" {
		return nil, notFound{fmt.Errorf("cannot fetch from %.40q: the one metric store here is prometheus", p)}
	}
	query, err := encode(kayenta.PromQuery{
		MetricName: r.FormValue("metricName"), LabelBindings: listParam(r, "labelBindings"), GroupByFields: listParam(r, "groupByFields"),
		ResourceType: r.FormValue("resourceType"), CustomInlineTemplate: r.FormValue("customFilter"),
	})
	if err != nil {
		return nil, err
	}
	m := kayenta.Metric{Name: cmp.Or(r.FormValue("metricSetName"), r.FormValue("metricName")), Query: json.RawMessage(query)}
	sc := &scope{Scope: r.FormValue("scope"), Location: r.FormValue("location")}
	if p := r.FormValue("project"); p != "" {
		sc.Params = params{"project": p}
	}
	if dry, _ := strconv.ParseBool(r.FormValue("dryRun")); dry {
		text, err := kayenta.Config{}.PromQL(m, sc.side(), s.o.ScopeLabel)
		if err != nil {
			return nil, refused{err}
		}
		return map[string]string{"query": text}, nil
	}
	if sc.Step, err = strconv.ParseInt(cmp.Or(r.FormValue("step"), "60"), 10, 64); err != nil {
		return nil, refuse("cannot fetch with step=%.20q: a whole number of seconds", r.FormValue("step"))
	}
	for name, to := range map[string]*instant{"start": &sc.Start, "end": &sc.End} {
		if err := to.UnmarshalJSON(strconv.AppendQuote(nil, r.FormValue(name))); err != nil {
			return nil, refuse("cannot fetch with %s: %w", name, err)
		}
	}
	if err := sc.check("of the query"); err != nil {
		return nil, refuse("cannot fetch: %w", err)
	}
	ctx, stop := context.WithTimeout(r.Context(), queryTimeout)
	defer stop()
	got, err := s.fetch(ctx, kayenta.Config{}, m, sc)
	if err != nil {
		return nil, refused{err}
	}
	data, err := encode(setsOf(got))
	if err != nil {
		return nil, err
	}
	id := newUUID()
	return map[string]string{"metricSetListId": id}, s.sets.put(id, data)
}

// listParam reads a parameter given more than once. A comma separates values
// where it stands outside quotes.
func listParam(r *http.Request, name string) []string {
	if err := r.ParseForm(); err != nil {
		return nil
	}
	var out []string
	for _, v := range r.Form[name] {
		quoted, from := false, 0
		for i, c := range v {
			switch {
			case c == '"':
				quoted = !quoted
			case c == ',' && !quoted:
				out = append(out, v[from:i])
				from = i + 1
			}
		}
		if rest := v[from:]; rest != "" {
			out = append(out, rest)
		}
	}
	return out
}
