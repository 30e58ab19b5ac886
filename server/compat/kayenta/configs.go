package kayenta

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// Canary configs: kept as they were given, unknown fields included, with the
// id and the timestamps Kayenta adds.

// configHead is the part of a config that is checked and listed.
type configHead struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Updated      int64    `json:"updatedTimestamp"`
	UpdatedISO   string   `json:"updatedTimestampIso"`
	Applications []string `json:"applications"`
	Created      int64    `json:"createdTimestamp"`
}

// listed is a config in a list.
type listed struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Updated      int64    `json:"updatedTimestamp"`
	UpdatedISO   string   `json:"updatedTimestampIso"`
	Applications []string `json:"applications"`
}

var configName = regexp.MustCompile(`^[A-Za-z0-9,_-]*$`)

func (s *Service) listConfigs(r *http.Request) (any, error) {
	var want []string
	for _, a := range r.URL.Query()["application"] {
		for _, one := range strings.Split(a, ",") {
			if one = strings.TrimSpace(one); one != "" {
				want = append(want, one)
			}
		}
	}
	out := []listed{}
	for _, k := range s.configs.keys() {
		data, err := s.configs.get(k.ID)
		if err != nil {
			continue // Deleted meanwhile.
		}
		var h configHead
		if err := json.Unmarshal(data, &h); err != nil {
			s.o.Log.Error("a kept canary config cannot be read", "config", k.ID, "err", err)
			continue
		}
		if len(want) > 0 && !slices.ContainsFunc(h.Applications, func(a string) bool { return slices.Contains(want, a) }) {
			continue
		}
		out = append(out, listed{ID: k.ID, Name: h.Name, Updated: h.Updated, UpdatedISO: h.UpdatedISO, Applications: h.Applications})
	}
	slices.SortStableFunc(out, func(a, b listed) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func (s *Service) getConfig(r *http.Request) (any, error) {
	data, err := s.configs.get(r.PathValue("id"))
	return json.RawMessage(data), err
}

func (s *Service) createConfig(r *http.Request) (any, error) {
	m, h, err := readConfig(r)
	if err != nil {
		return nil, err
	}
	if h.ID == "" {
		h.ID = newUUID()
	}
	if s.configs.has(h.ID) {
		return nil, refuse("cannot create canary config %q: it exists; change it with PUT /canaryConfig/%s", h.ID, h.ID)
	}
	now := s.now()
	if h.Created == 0 {
		h.Created = now
	}
	if h.Updated == 0 {
		h.Updated = h.Created
	}
	return s.keepConfig(m, h)
}

func (s *Service) updateConfig(r *http.Request) (any, error) {
	id := r.PathValue("id")
	m, h, err := readConfig(r)
	if err != nil {
		return nil, err
	}
	old, err := s.configs.get(id)
	if err != nil {
		return nil, refuse("cannot update canary config %q: there is none of that id; create it with POST /canaryConfig", id)
	}
	if h.ID != "" && h.ID != id {
		return nil, refuse("cannot update canary config %q with one whose id is %q", id, h.ID)
	}
	h.ID, h.Updated = id, s.now()
	if h.Created == 0 {
		var before configHead
		if json.Unmarshal(old, &before) == nil {
			h.Created = before.Created
		}
	}
	return s.keepConfig(m, h)
}

func (s *Service) deleteConfig(r *http.Request) (any, error) {
	return status{code: http.StatusNoContent}, s.configs.remove(r.PathValue("id"))
}

// keepConfig writes a config with its id and timestamps set.
func (s *Service) keepConfig(m map[string]json.RawMessage, h configHead) (any, error) {
	for field, v := range map[string]any{
		"id": h.ID, "createdTimestamp": h.Created, "createdTimestampIso": iso(h.Created),
		"updatedTimestamp": h.Updated, "updatedTimestampIso": iso(h.Updated),
	} {
		raw, err := encode(v)
		if err != nil {
			return nil, err
		}
		m[field] = raw
	}
	data, err := encode(m)
	if err != nil {
		return nil, err
	}
	if err := s.configs.put(h.ID, data); err != nil {
		return nil, err
	}
	return map[string]string{"canaryConfigId": h.ID}, nil
}

// readConfig reads a config from a request and checks what Kayenta checks.
func readConfig(r *http.Request) (map[string]json.RawMessage, configHead, error) {
	data, err := read(r)
	if err != nil {
		return nil, configHead{}, err
	}
	return parseConfig(data)
}

func parseConfig(data []byte) (map[string]json.RawMessage, configHead, error) {
	var m map[string]json.RawMessage
	var h configHead
	var cfg kayenta.Config
	if err := small(data, nil); err != nil {
		return nil, h, err
	}
	if err := decode(data, "the canary config", &m); err != nil {
		return nil, h, err
	}
	if m == nil {
		return nil, h, refuse("cannot read the canary config: it is null")
	}
	if err := decode(data, "the canary config", &h); err != nil {
		return nil, h, err
	}
	if err := decode(data, "the canary config", &cfg); err != nil {
		return nil, h, err
	}
	for k := range m { // Go takes "Name" for name; the document is kept as it is, so it must be right.
		for _, field := range []string{"id", "name", "applications", "metrics"} {
			if k != field && strings.EqualFold(k, field) {
				return nil, h, refuse("cannot read the canary config: unknown field %.60q; did you mean %q?", k, field)
			}
		}
	}
	switch {
	case h.Name == "":
		return nil, h, refuse("cannot keep a canary config without a name")
	case !configName.MatchString(h.Name):
		return nil, h, refuse("cannot keep a canary config named %.60q: names hold letters, digits, dashes and underscores only", h.Name)
	case len(h.Applications) == 0:
		return nil, h, refuse("cannot keep canary config %q: it must name at least one application", h.Name)
	case len(cfg.Metrics) > maxMetrics:
		return nil, h, refuse("cannot keep canary config %q: %d metrics, the limit is %d", h.Name, len(cfg.Metrics), maxMetrics)
	}
	seen := map[string]bool{}
	for i, metric := range cfg.Metrics {
		switch {
		case metric.Name == "":
			return nil, h, refuse("cannot keep canary config %q: metrics[%d] has no name", h.Name, i)
		case seen[metric.Name]:
			return nil, h, refuse("cannot keep canary config %q: two metrics are named %q", h.Name, metric.Name)
		}
		seen[metric.Name] = true
	}
	return m, h, nil
}

// judgeOf names the judge of a config for the trace.
func judgeOf(config json.RawMessage) string {
	var cfg kayenta.Config
	if json.Unmarshal(bytes.TrimSpace(config), &cfg) != nil || cfg.JudgeName() == "" {
		return kayenta.JudgeName
	}
	return cfg.JudgeName()
}
