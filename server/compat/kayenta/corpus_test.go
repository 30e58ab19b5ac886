package kayenta

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is known of the consumers (canary/kayenta-cases.json under
// BELLWETHER_CORPUS: facts from argoproj/argo-rollouts and spinnaker/orca): every
// path they read is in the status of an execution.
func TestCorpusConsumersFindWhatTheyRead(t *testing.T) {
	root := os.Getenv("BELLWETHER_CORPUS")
	if root == "" {
		t.Skip("set BELLWETHER_CORPUS to a folder holding canary/kayenta-cases.json (what Argo Rollouts and Orca read of Kayenta's answers)")
	}
	data, err := os.ReadFile(filepath.Join(root, "canary", "kayenta-cases.json"))
	if err != nil {
		t.Skip(err)
	}
	var corpus struct {
		Consumers struct {
			Argo []struct {
				ReadsPath []string
				Requests  []string
				Body      json.RawMessage
			} `json:"argoKayentaProvider"`
			Orca struct{ ReadsPaths []string }
		}
	}
	if err := json.Unmarshal(data, &corpus); err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.shop(t)
	status := func(config string) any {
		var job struct{ CanaryExecutionID string }
		s.must(t, "POST", "/canary?application=shop&storageAccountName=x", `{"canaryConfig":`+config+`,"executionRequest":`+requestOf("stable", "good", 60)+`}`, &job)
		s.Drain(context.Background())
		var body any
		s.must(t, "GET", "/canary/"+job.CanaryExecutionID, "", &body)
		return body
	}
	good := status(configOf("", `{}`))
	failed := status(strings.Replace(configOf("", `{}`), "PromQL:avg(", "PromQL:avg((", 1))
	paths := corpus.Consumers.Orca.ReadsPaths
	for _, a := range corpus.Consumers.Argo {
		paths = append(paths, a.ReadsPath...)
		for _, r := range a.Requests {
			method, rest, _ := strings.Cut(r, " ")
			path, _, _ := strings.Cut(strings.TrimPrefix(rest, "{address}"), "?")
			if code, body := s.ask(t, method, path, "{}"); code == 405 || strings.Contains(string(body), "page not found") {
				t.Errorf("%s is not served: %d %s", r, code, body)
			}
		}
	}
	if len(paths) < 10 {
		t.Fatalf("only %d paths known", len(paths))
	}
	for _, p := range paths {
		p, _, _ = strings.Cut(p, " ")
		body := good
		if p == "exception" {
			body = failed
		}
		if !holds(body, strings.Split(p, ".")) {
			t.Errorf("the status has no %s", p)
		}
	}
}

// holds follows a path; "results[]" stands for every element of a list.
func holds(v any, path []string) bool {
	if len(path) == 0 {
		return v != nil
	}
	name, list := strings.CutSuffix(path[0], "[]")
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	if !list {
		return holds(m[name], path[1:])
	}
	items, ok := m[name].([]any)
	for _, item := range items {
		ok = ok && holds(item, path[1:])
	}
	return ok && len(items) > 0
}
