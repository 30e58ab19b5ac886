package kayenta

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// The rest of the interface, in the wire forms of those who call it.

func TestConfigsAreGivenBackAsTheyWereGiven(t *testing.T) {
	s := newSite(t)
	id := s.create(t, configOf("NetflixACAJudge-v1.0", `{"direction":"increase"}`))
	var got map[string]any
	s.must(t, "GET", "/canaryConfig/"+id, "", &got)
	if got["id"] != id || got["description"] != "d" || fmt.Sprint(got["x-ours"]) != "map[kept:[1 2]]" ||
		got["createdTimestamp"] != float64(t0+3_600_000) || got["updatedTimestampIso"] != iso(t0+3_600_000) {
		t.Errorf("config %v", got)
	}
	s.clock.Add(60_000)
	got["description"] = "changed"
	body, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var put map[string]string
	s.must(t, "PUT", "/v2/canaryConfig/"+id+"?configurationAccountName=x", string(body), &put)
	if put["canaryConfigId"] != id {
		t.Errorf("PUT answers %v", put)
	}
	s.must(t, "GET", "/v2/canaryConfig/"+id, "", &got)
	if got["description"] != "changed" || got["updatedTimestamp"] != float64(t0+3_660_000) || got["createdTimestamp"] != float64(t0+3_600_000) {
		t.Errorf("after PUT %v", got)
	}
	var list []map[string]any
	for query, want := range map[string]int{"": 1, "?application=": 1, "?application=shop": 1, "?application=other,shop": 1, "?application=other": 0} {
		if s.must(t, "GET", "/canaryConfig"+query, "", &list); len(list) != want {
			t.Errorf("GET /canaryConfig%s lists %v", query, list)
		}
	}
	if code, _ := s.ask(t, "DELETE", "/canaryConfig/"+id, ""); code != http.StatusNoContent {
		t.Errorf("DELETE: %d", code)
	}
	if code, _ := s.ask(t, "GET", "/canaryConfig/"+id, ""); code != http.StatusNotFound {
		t.Errorf("GET of a deleted one: %d", code)
	}
}

func TestBadRequestsSayWhatToDo(t *testing.T) {
	s := newSite(t)
	id := s.create(t, configOf("", `{}`))
	good := requestOf("stable", "good", 60)
	analysis := `{"scopes":[{"controlScope":"stable","experimentScope":"good","controlLocation":"eu","experimentLocation":"eu"}],"thresholds":{"pass":90,"marginal":50},"lifetimeDurationMins":10}`
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"POST", "/canaryConfig", `{"name":"a b","applications":["x"]}`, 400, "letters, digits"},
		{"POST", "/canaryConfig", `{"name":"a"}`, 400, "at least one application"},
		{"POST", "/canaryConfig", `{"name":"a","Metrics":[],"applications":["x"]}`, 400, `did you mean \"metrics\"`},
		{"POST", "/canaryConfig", `{"name":"a","applications":["x"],"metrics":[{"name":"m"},{"name":"m"}]}`, 400, "two metrics"},
		{"POST", "/canaryConfig", `{"id":"../../etc","name":"a","applications":["x"]}`, 400, "under id"},
		{"POST", "/canaryConfig", strings.Replace(configOf("", `{}`), `{`, `{"id":"`+id+`",`, 1), 400, "it exists"},
		{"POST", "/canaryConfig", ``, 400, "empty"},
		{"POST", "/canaryConfig", `{"name":"` + strings.Repeat("a", maxConfig) + `"}`, 400, "split it"},
		{"POST", "/canary/" + id, strings.Replace(good, "eu", strings.Repeat("e", maxRequest), 1), 400, "the limit is"},
		{"PUT", "/canaryConfig/none", configOf("", `{}`), 400, "there is none"},
		{"POST", "/canary/none", good, 404, "cannot find canary config"},
		{"POST", "/canary/" + id, `{"thresholds":{"pass":1,"marginal":0}}`, 400, `needs the scope`},
		{"POST", "/canary/" + id, strings.Replace(good, `"pass"`, `"pas"`, 1), 400, "thresholds.pass"},
		{"POST", "/canary/" + id, strings.ReplaceAll(good, iso(t0+3_600_000), iso(t0-1000)), 400, "not after its start"},
		{"POST", "/canary/" + id, strings.ReplaceAll(good, iso(t0), "yesterday"), 400, "ISO 8601"},
		{"POST", "/canary", `{"canaryConfig":` + configOf("", `{}`) + `}`, 400, "executionRequest"},
		{"POST", "/canary", `{"canaryConfig":` + configOf("Judgy", `{}`) + `,"executionRequest":` + good + `}`, 400, "no judge"},
		{"GET", "/canary/none", "", 404, "cannot find"},
		{"GET", "/canary/executions?limit=0", "", 400, "limit"},
		{"POST", "/standalone_canary_analysis/" + id, strings.Replace(analysis, `"lifetimeDurationMins"`, `"lookBackMins":5,"lifetimeDurationMins"`, 1), 400, `did you mean \"lookbackMins\"`},
		{"POST", "/standalone_canary_analysis/" + id, strings.Replace(analysis, `"controlScope"`, `"controlscope"`, 1), 400, `did you mean \"controlScope\"`},
		{"POST", "/standalone_canary_analysis/" + id, strings.Replace(analysis, `,"lifetimeDurationMins":10`, ``, 1), 400, "lifetimeDurationMins, or endTimeIso"},
		{"POST", "/judge", `{}`, 400, "scoreThresholds"},
		{"POST", "/judges/judge?canaryConfigId=" + id, "", 400, "passThreshold"},
		{"POST", "/judges/judge?passThreshold=90&marginalThreshold=50&canaryConfigId=" + id + "&metricSetPairListId=no", "", 404, "pair list"},
		{"POST", "/fetch/datadog/query", "", 404, "datadog"},
		{"POST", "/fetch/prometheus/query?metricName=x&dryRun=true", "", 400, "resourceType"},
		{"POST", "/metricSetPairList", `{}`, 400, "cannot read the list"},
		{"GET", "/v2/canaries/what/ever", "", 404, "no such path"},
	} {
		code, data := s.ask(t, c.method, c.path, c.body)
		var msg struct{ Message string }
		if err := json.Unmarshal(data, &msg); err != nil || code != c.code || !strings.Contains(string(data), c.want) {
			t.Errorf("%s %s %.300s: %d %s; want %d and %q", c.method, c.path, c.body, code, data, c.code, c.want)
		}
	}
	if _, data := s.ask(t, "GET", "/canary/executions?application=shop", ""); string(data) != "[]" {
		t.Errorf("refused requests left executions: %s", data)
	}
}

// A metric store that cannot be asked ends the execution with an exception that
// Orca can read, an object.
func TestFailedQueryIsTerminal(t *testing.T) {
	s := newSite(t)
	body := strings.Replace(configOf("", `{}`), "PromQL:avg(", "PromQL:avg((", 1)
	var job struct{ CanaryExecutionID string }
	s.must(t, "POST", "/canary", `{"canaryConfig":`+body+`,"executionRequest":`+requestOf("stable", "good", 60)+`}`, &job)
	s.Drain(context.Background())
	var got struct {
		Complete    bool
		Status      string
		Application string
		Result      any
		StageStatus map[string]string
		Exception   map[string]any
	}
	s.must(t, "GET", "/canary/"+job.CanaryExecutionID, "", &got)
	if !got.Complete || got.Status != "terminal" || got.Result != nil || got.Application != "ad-hoc" ||
		got.StageStatus["fetchControl0"] != "terminal" || !strings.Contains(fmt.Sprint(got.Exception["details"]), "latency") {
		t.Errorf("%+v", got)
	}
}

// An execution that a restart interrupts begins again; one that waits is waited
// for; an analysis goes on with the judgement that is next.
func TestRestart(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	id := s.create(t, configOf("", `{"direction":"increase"}`))
	var job, done struct{ CanaryExecutionID string }
	s.must(t, "POST", "/canary/"+id+"?application=shop", requestOf("stable", "good", 60), &done)
	s.Drain(context.Background())
	s.clock.Add(1000)
	s.must(t, "POST", "/canary/"+id+"?application=shop", requestOf("stable", "bad", 60), &job)
	// The process dies while it runs: nothing but the file of the start is left.
	s.open(t)
	var list []struct{ PipelineID, Status string }
	s.must(t, "GET", "/canary/executions?application=shop", "", &list)
	if len(list) != 2 || list[0].PipelineID != job.CanaryExecutionID || list[0].Status != "not_started" || list[1].Status != "succeeded" {
		t.Fatalf("after the restart %+v", list)
	}
	s.Drain(context.Background())
	s.must(t, "GET", "/canary/executions?application=shop&statuses=SUCCEEDED", "", &list)
	if len(list) != 2 {
		t.Errorf("after it ran %+v", list)
	}
	if _, data := s.ask(t, "GET", "/canary/"+job.CanaryExecutionID+"/trace", ""); !strings.Contains(string(data), "resumed") {
		t.Errorf("trace %s", data)
	}
	if s.must(t, "GET", "/canary/executions?application=shop&limit=1&page=2", "", &list); len(list) != 1 || list[0].PipelineID != done.CanaryExecutionID {
		t.Errorf("page 2 %+v", list)
	}
	if s.must(t, "GET", "/v2/canaries/shop/executions", "", &list); len(list) != 2 {
		t.Errorf("Gate lists %+v", list)
	}
}

func TestCancel(t *testing.T) {
	s := newSite(t)
	id := s.create(t, configOf("", `{}`))
	var job struct{ CanaryExecutionID string }
	s.must(t, "POST", "/canary/"+id, requestOf("stable", "good", 60), &job)
	if code, _ := s.ask(t, "PUT", "/pipelines/"+job.CanaryExecutionID+"/cancel", "ignored"); code != http.StatusAccepted {
		t.Errorf("cancel: %d", code)
	}
	s.Drain(context.Background())
	s.open(t)
	var got struct {
		Complete bool
		Status   string
	}
	s.must(t, "GET", "/canary/"+job.CanaryExecutionID, "", &got)
	if !got.Complete || got.Status != "canceled" {
		t.Errorf("%+v", got)
	}
}

// Judging what is stored: by itself, by a remote Kayenta, by two judges.
func TestJudges(t *testing.T) {
	s := newSite(t)
	id := s.create(t, configOf("NetflixACAJudge-v1.0", `{"direction":"increase"}`))
	pairs := `[{"name":"latency","id":"p1","tags":{"a":"b"},"values":{"control":[1,1.1,0.9,1,"NaN",1.05,0.95,1.02],"experiment":[2,2.1,1.9,2,2.05,1.95,2.02,2]},"scopes":{},"attributes":{}}]`
	var kept map[string]string
	s.must(t, "POST", "/metricSetPairList?accountName=x", pairs, &kept)
	query := "?canaryConfigId=" + id + "&metricSetPairListId=" + kept["metricSetPairListId"] + "&passThreshold=90&marginalThreshold=50"
	type result struct {
		JudgeName string
		Score     struct {
			Score          float64
			Classification string
		}
		Results []struct{ Classification string }
	}
	var one result
	s.must(t, "POST", "/judges/judge"+query, "", &one)
	if one.JudgeName != "NetflixACAJudge-v1.0" || one.Score.Classification != "Fail" || one.Results[0].Classification != "High" {
		t.Errorf("judge %+v", one)
	}
	var job struct{ CanaryExecutionID string }
	s.must(t, "POST", "/judges/comparison"+query+"&overrideCanaryJudge2=Bellwether-native", "", &job)
	var both struct {
		ComparisonResult struct{ Judge1Result, Judge2Result result }
		Disagreement     string
	}
	s.must(t, "GET", "/judges/comparison/"+job.CanaryExecutionID, "", &both)
	if c := both.ComparisonResult; c.Judge1Result.JudgeName != "NetflixACAJudge-v1.0" || c.Judge2Result.JudgeName != "Bellwether-native" ||
		c.Judge2Result.Score.Score != 70 || c.Judge2Result.Score.Classification != "Marginal" || !strings.Contains(both.Disagreement, "DISAGREE") {
		t.Errorf("comparison %+v", both)
	}
	remote := func(judge string) result {
		var got result
		s.must(t, "POST", "/judge", `{"canaryConfig":`+strings.Replace(configOf("RemoteJudge-v1.0", `{}`), `"judgeConfigurations":{}`, `"judgeConfigurations":`+judge, 1)+
			`,"scoreThresholds":{"pass":90,"marginal":50},"metricSetPairList":`+pairs+`}`, &got)
		return got
	}
	if got := remote(`{}`); got.JudgeName != "NetflixACAJudge-v1.0" || got.Score.Score != 0 {
		t.Errorf("remote judge %+v", got)
	}
	if got := remote(`{"judge":"Bellwether-native"}`); got.JudgeName != "Bellwether-native" {
		t.Errorf("remote judge %+v", got)
	}
	var names []struct{ Name string }
	if s.must(t, "GET", "/judges", "", &names); len(names) != 2 || names[0].Name != "NetflixACAJudge-v1.0" {
		t.Errorf("judges %+v", names)
	}
}

func TestFetchAndStoredSets(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	var dry map[string]string
	s.must(t, "POST", `/fetch/prometheus/query?metricSetName=m&metricName=latency&labelBindings=mode%3D~%22user%7Csystem%22&groupByFields=track&customFilter=zone%3D%22%24%7Blocation%7D%22&location=eu&step=60&dryRun=true`, "", &dry)
	if want := `avg(latency{zone="eu",mode=~"user|system"}) by (track)`; dry["query"] != want {
		t.Errorf("query %q, want %q", dry["query"], want)
	}
	var made map[string]string
	s.must(t, "POST", `/fetch/prometheus/query?metricSetName=m&metricName=latency&groupByFields=track&customFilter=zone%3D%22eu%22&step=60&start=`+iso(t0)+`&end=`+iso(t0+600_000), "", &made)
	var sets []struct {
		Name       string
		Tags       map[string]string
		Values     []float64
		StepMillis int64
	}
	s.must(t, "GET", "/metricSetList/"+made["metricSetListId"], "", &sets)
	if len(sets) != 3 || len(sets[0].Values) != 11 || sets[0].Tags["track"] == "" || sets[0].StepMillis != 60_000 {
		t.Errorf("sets %+v", sets)
	}
	var keys []struct{ ID string }
	if s.must(t, "GET", "/metricSetList", "", &keys); len(keys) != 1 {
		t.Errorf("keys %+v", keys)
	}
	if code, _ := s.ask(t, "DELETE", "/metricSetList/"+keys[0].ID, ""); code != http.StatusNoContent {
		t.Errorf("DELETE: %d", code)
	}
	s.must(t, "POST", "/canaryResultArchive?pipelineId=01OLD", `{"application":"old","complete":true,"status":"succeeded"}`, &made)
	var old struct{ Application string }
	if s.must(t, "GET", "/canary/01OLD", "", &old); made["pipelineId"] != "01OLD" || old.Application != "old" {
		t.Errorf("archived %v %+v", made, old)
	}
	var names []struct{ Name string }
	if s.must(t, "GET", "/metadata/metricsService?metricsAccountName=x&filter=LAT", "", &names); len(names) != 1 || names[0].Name != "latency" {
		t.Errorf("names %+v", names)
	}
	var services []struct{ Name, Type string }
	if s.must(t, "GET", "/v2/canaries/metricsServices", "", &services); len(services) != 1 || services[0].Type != "prometheus" {
		t.Errorf("services %+v", services)
	}
}

// When a bound of space is reached the oldest complete executions go, with their
// pairs, and the new one is kept.
func TestOldExecutionsMakeRoom(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	id := s.create(t, configOf("", `{}`))
	run := func() string {
		var job struct{ CanaryExecutionID string }
		s.clock.Add(1000)
		s.must(t, "POST", "/canary/"+id, requestOf("stable", "good", 60), &job)
		s.Drain(context.Background())
		return job.CanaryExecutionID
	}
	first := run()
	s.pairs.max = 1
	second := run()
	if code, _ := s.ask(t, "GET", "/canary/"+first, ""); code != http.StatusNotFound {
		t.Errorf("the first is still there: %d", code)
	}
	var got struct {
		Status              string
		MetricSetPairListID string
	}
	if s.must(t, "GET", "/canary/"+second, "", &got); got.Status != "succeeded" || len(s.pairs.keys()) != 1 {
		t.Errorf("the second: %+v, %d pair lists", got, len(s.pairs.keys()))
	}
}
