package kayenta

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// The judges by themselves: a remote judge for another Kayenta, a judgement of
// stored samples, a comparison of two judges on the same ones.

// remoteJudge is what a Kayenta with kayenta.remote-judge.enabled posts to.
func (s *Service) remoteJudge(r *http.Request) (any, error) {
	data, err := read(r)
	if err != nil {
		return nil, err
	}
	req, err := kayenta.ParseRequest(data)
	if err != nil {
		return nil, refused{err}
	}
	res, _, err := req.JudgeBy(req.CanaryConfig.JudgeName(), kayenta.Options{})
	if err != nil {
		return nil, refused{err}
	}
	return res, nil
}

type judgeName struct {
	Name    string `json:"name"`
	Visible bool   `json:"visible"`
}

func (s *Service) listJudges(*http.Request) (any, error) {
	out := []judgeName{}
	for _, name := range kayenta.Judges() {
		out = append(out, judgeName{name, true})
	}
	return out, nil
}

// storedRequest builds a judge's request from a stored config and pair list.
func (s *Service) storedRequest(r *http.Request) (kayenta.Request, error) {
	var req kayenta.Request
	var th kayenta.Thresholds
	for _, p := range []struct {
		name string
		to   **float64
	}{{"passThreshold", &th.Pass}, {"marginalThreshold", &th.Marginal}} {
		v, err := strconv.ParseFloat(r.FormValue(p.name), 64)
		if err != nil || !(v >= -1e9 && v <= 1e9) {
			return req, refuse("cannot judge with %s=%.20q: a number from 0 to 100 is needed", p.name, r.FormValue(p.name))
		}
		*p.to = &v
	}
	req.ScoreThresholds = &th
	data, err := s.configs.get(r.FormValue("canaryConfigId"))
	if err != nil {
		return req, err
	}
	if err := decode(data, "the canary config", &req.CanaryConfig); err != nil {
		return req, err
	}
	req.MetricSetPairList, err = s.readPairs(r.FormValue("metricSetPairListId"))
	return req, err
}

func (s *Service) judgeStored(r *http.Request) (any, error) {
	req, err := s.storedRequest(r)
	if err != nil {
		return nil, err
	}
	res, _, err := req.JudgeBy(req.CanaryConfig.JudgeName(), kayenta.Options{})
	if err != nil {
		return nil, refused{err}
	}
	return res, nil
}

// comparison is the file of a comparison. Disagreement is ours: what differs
// between Kayenta's rules and the native judge, and why.
type comparison struct {
	Result struct {
		Judge1 kayenta.Result `json:"judge1Result"`
		Judge2 kayenta.Result `json:"judge2Result"`
	} `json:"comparisonResult"`
	Disagreement string `json:"disagreement,omitempty"`
}

func (s *Service) compareJudges(r *http.Request) (any, error) {
	req, err := s.storedRequest(r)
	if err != nil {
		return nil, err
	}
	var c comparison
	for _, j := range []struct {
		name string
		to   *kayenta.Result
	}{
		{cmp.Or(r.FormValue("overrideCanaryJudge1"), req.CanaryConfig.JudgeName()), &c.Result.Judge1},
		{cmp.Or(r.FormValue("overrideCanaryJudge2"), kayenta.NativeJudgeName), &c.Result.Judge2},
	} {
		if *j.to, _, err = req.JudgeBy(j.name, kayenta.Options{}); err != nil {
			return nil, refused{err}
		}
	}
	if d, err := kayenta.Compare(req, kayenta.Options{}); err == nil { // Their results stand without it.
		c.Disagreement = d.Text()
	}
	data, err := encode(c)
	if err != nil {
		return nil, err
	}
	id := newULID(s.now())
	return created{id}, s.comparisons.put(id, data)
}

func (s *Service) getComparison(r *http.Request) (any, error) {
	return s.getObject(s.comparisons)(r)
}
