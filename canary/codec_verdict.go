package canary

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// The verdict as JSON. A number that does not exist (NaN, infinite) is null.

type verdictJSON struct {
	Verdict  Outcome             `json:"verdict"`
	Reasons  []string            `json:"reasons"`
	Metrics  []metricVerdictJSON `json:"metrics"`
	Gates    []gateVerdictJSON   `json:"gates,omitempty"`
	Warnings []string            `json:"warnings,omitempty"`
	Judge    string              `json:"judge,omitempty"`
	Score    float64             `json:"score"`
	Limiting string              `json:"limiting_metric,omitempty"`
	Minutes  jsonNumber          `json:"minutes_needed"`
	Digest   string              `json:"digest,omitempty"`
}

type metricVerdictJSON struct {
	Name        string         `json:"name"`
	Verdict     Outcome        `json:"verdict"`
	Effect      jsonNumber     `json:"effect"`
	Interval    [2]jsonNumber  `json:"interval"`
	P           jsonNumber     `json:"p"`
	Reason      string         `json:"reason"`
	Channel     string         `json:"channel,omitempty"`
	Channels    []evidenceJSON `json:"channels,omitempty"`
	MinEffect   jsonNumber     `json:"min_effect"`
	Detectable  jsonNumber     `json:"detectable"`
	Minutes     jsonNumber     `json:"minutes_needed"`
	Samples     [2]int         `json:"samples"` // Baseline, canary.
	Worth       jsonNumber     `json:"independent_samples"`
	Phi         jsonNumber     `json:"autocorrelation"`
	EValue      jsonNumber     `json:"e_value"`
	Calibration string         `json:"calibration,omitempty"`
	Digest      string         `json:"digest,omitempty"`
}

type evidenceJSON struct {
	Channel  string        `json:"channel"`
	Verdict  Outcome       `json:"verdict"`
	Effect   jsonNumber    `json:"effect"`
	Interval [2]jsonNumber `json:"interval"`
	P        jsonNumber    `json:"p"` // Over all looks.
	Reason   string        `json:"reason"`
}

type gateVerdictJSON struct {
	Objective string     `json:"objective"`
	Verdict   Outcome    `json:"verdict"`
	Burn      jsonNumber `json:"burn"`
	Limit     jsonNumber `json:"limit"`
	Reason    string     `json:"reason"`
}

// MarshalJSON writes the verdict in the format of the offline command
// (docs/formats). A number that does not exist (NaN, infinite) is null.
func (v Verdict) MarshalJSON() ([]byte, error) {
	out := verdictJSON{Verdict: v.Verdict, Reasons: append([]string{}, v.Reasons...), Metrics: []metricVerdictJSON{}, Warnings: v.Warnings,
		Judge: v.Judge, Score: v.Score(), Limiting: v.Limiting, Minutes: jsonNumber(v.MinutesNeeded), Digest: v.Digest}
	for _, g := range v.Gates {
		out.Gates = append(out.Gates, gateVerdictJSON{g.Objective, g.Verdict, jsonNumber(g.Burn), jsonNumber(g.Limit), g.Reason})
	}
	for _, m := range v.Metrics {
		j := metricVerdictJSON{Name: m.Name, Verdict: m.Verdict, Effect: jsonNumber(m.Effect), Interval: interval(m.Interval), P: jsonNumber(m.P), Reason: m.Reason,
			Channel: m.Channel, MinEffect: jsonNumber(m.MinEffect), Detectable: jsonNumber(m.Detectable), Minutes: jsonNumber(m.MinutesNeeded), Samples: m.N,
			Worth: jsonNumber(m.NEff), Phi: jsonNumber(m.Phi), EValue: jsonNumber(m.EValue), Calibration: m.Calibration, Digest: m.Digest}
		for _, e := range m.Channels {
			j.Channels = append(j.Channels, evidenceJSON{e.Channel, e.Verdict, jsonNumber(e.Effect), interval(e.Interval), jsonNumber(math.Exp(e.LogP)), e.Reason})
		}
		out.Metrics = append(out.Metrics, j)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

func interval(v [2]float64) [2]jsonNumber { return [2]jsonNumber{jsonNumber(v[0]), jsonNumber(v[1])} }

// jsonNumber is a float64 whose NaN and infinities are null.
type jsonNumber float64

// MarshalJSON writes the number.
func (n jsonNumber) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, f, 'g', -1, 64), nil
}
