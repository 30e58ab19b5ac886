package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const kayentaConfig = `{"id":"c1","name":"up","applications":["shop"],"judge":{"name":"NetflixACAJudge-v1.0"},"metrics":[{"name":"up","groups":["g"],"scopeName":"default",
	"analysisConfigurations":{"canary":{}},"query":{"type":"prometheus","customInlineTemplate":"PromQL:vector(${scope})"}}],"classifier":{"groupWeights":{"g":100}}}`

const kayentaRequest = `{"scopes":{"default":{"controlScope":{"scope":"1","location":"x","step":60,"start":"2026-01-01T00:00:00Z","end":"2026-01-01T01:00:00Z"},
	"experimentScope":{"scope":"1","location":"x","step":60,"start":"2026-01-01T00:00:00Z","end":"2026-01-01T01:00:00Z"}}},"thresholds":{"pass":90,"marginal":75}}`

// A running server carries an execution out in the background, keeps it over a
// restart, and shares /canary/ID with the page.
func TestKayentaInTheWhole(t *testing.T) {
	s := launch(t, Options{})
	if got := s.post(t, "/canaryConfig", kayentaConfig); got.status != http.StatusOK {
		t.Fatal(got)
	}
	got := s.post(t, "/canary/c1?application=shop", kayentaRequest)
	_, id, ok := strings.Cut(got.body, `{"canaryExecutionId":"`)
	if !ok {
		t.Fatal(got)
	}
	id = strings.TrimSuffix(id, `"}`)
	eventually(t, "the execution is complete", func() bool {
		return strings.Contains(s.get(t, "/canary/"+id).body, `"status":"succeeded"`)
	})
	if got := s.do(t, http.MethodGet, "/canary/"+id, "", map[string]string{"Accept": "text/html,*/*"}); !strings.Contains(got.body, `<div id="app">`) {
		t.Errorf("a browser gets %.200s", got.body)
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	again := launch(t, Options{StoragePath: s.dir})
	if got := again.get(t, "/canary/"+id); !strings.Contains(got.body, `"score":100.0`) {
		t.Errorf("after a restart: %d %s", got.status, got.body)
	}
}

// Callers that can set no header, as Argo's provider, give the user in the
// address: Go's HTTP client sends it as basic auth.
func TestKayentaUserInTheAddress(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file := writeFile(t, t.TempDir(), "web.yml", "basic_auth_users: {argo: '"+string(hash)+"'}\n")
	s := begin(t, Options{WebConfigFile: file})
	client := &http.Client{Timeout: 15 * time.Second}
	for address, want := range map[string]int{
		"http://argo:secret@" + s.HTTP: http.StatusOK, "http://argo:wrong@" + s.HTTP: http.StatusUnauthorized, "http://" + s.HTTP: http.StatusUnauthorized,
	} {
		res, err := client.Get(address + "/canaryConfig?application=shop&configurationAccountName=")
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", address, res.StatusCode, want)
		}
	}
}
