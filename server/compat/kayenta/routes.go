package kayenta

import (
	"fmt"
	"net/http"
)

// Register adds every path: Kayenta's at the root, and those Gate gives the
// pages.
func (s *Service) Register(mux *http.ServeMux) {
	for pattern, h := range map[string]handler{
		"POST /canary":                 s.startWithConfig,
		"POST /canary/{id}":            s.startByID,
		"GET /canary/executions":       s.listExecutions,
		"GET /canary/{id}/trace":       s.trace,
		"PUT /pipelines/{id}/cancel":   s.cancel,
		"GET /pipelines/{id}":          s.getExecution,
		"POST /judge":                  s.remoteJudge,
		"GET /judges":                  s.listJudges,
		"POST /judges/judge":           s.judgeStored,
		"POST /judges/comparison":      s.compareJudges,
		"GET /judges/comparison/{id}":  s.getComparison,
		"GET /credentials":             s.credentials,
		"GET /metricsServices":         s.metricsServices,
		"GET /metadata/metricsService": s.metadata,
		"POST /fetch/{provider}/query": s.fetchQuery,

		"GET /canaryConfig":         s.listConfigs,
		"POST /canaryConfig":        s.createConfig,
		"GET /canaryConfig/{id}":    s.getConfig,
		"PUT /canaryConfig/{id}":    s.updateConfig,
		"DELETE /canaryConfig/{id}": s.deleteConfig,

		"GET /metricSetPairList/{id}/{pair}": s.getPair,

		"POST /standalone_canary_analysis":      s.analyzeWithConfig,
		"POST /standalone_canary_analysis/{id}": s.analyzeByID,
		"GET /standalone_canary_analysis/{id}":  s.getAnalysis,

		"GET /v2/canaryConfig":         s.listConfigs,
		"POST /v2/canaryConfig":        s.createConfig,
		"GET /v2/canaryConfig/{id}":    s.getConfig,
		"PUT /v2/canaryConfig/{id}":    s.updateConfig,
		"DELETE /v2/canaryConfig/{id}": s.deleteConfig,

		"GET /v2/canaries/credentials":             s.credentials,
		"GET /v2/canaries/metricsServices":         s.metricsServices,
		"GET /v2/canaries/metadata/metricsService": s.metadata,
		"GET /v2/canaries/judges":                  s.listJudges,
		"POST /v2/canaries/canary":                 s.startWithConfig,
		"POST /v2/canaries/canary/{id}":            s.startByID,
		"GET /v2/canaries/canary/{config}/{id}":    s.getExecution,
		"GET /v2/canaries/{what}/{id}":             s.gate,
	} {
		mux.Handle(pattern, s.serve(h))
	}
	mux.Handle("GET /canary/{id}", s.pageOr(s.serve(s.getExecution)))
	for _, o := range []struct {
		path  string
		files *files
		id    string // What POST answers the new id as.
		list  bool   // The document is a JSON array, else an object.
	}{
		{"/metricSetList", s.sets, "metricSetListId", true},
		{"/metricSetPairList", s.pairs, "metricSetPairListId", true},
		{"/canaryResultArchive", s.archive, "pipelineId", false},
	} {
		mux.Handle("GET "+o.path, s.serve(s.listObjects(o.files)))
		mux.Handle("POST "+o.path, s.serve(s.putObject(o.files, o.id, o.list)))
		mux.Handle("GET "+o.path+"/{id}", s.serve(s.getObject(o.files)))
		mux.Handle("DELETE "+o.path+"/{id}", s.serve(s.deleteObject(o.files)))
	}
	mux.Handle("PUT /canaryResultArchive/{id}", s.serve(s.replaceObject(s.archive, "pipelineId")))
}

// pageOr gives browsers the page, whose view of a run has the same path.
func (s *Service) pageOr(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.o.Page != nil && wantsPage(r) {
			s.o.Page.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// gate answers the paths of Gate whose first part is a word or an application.
func (s *Service) gate(r *http.Request) (any, error) {
	switch what, id := r.PathValue("what"), r.PathValue("id"); {
	case what == "canary":
		return s.getExecution(r)
	case what == "metricSetPairList":
		return s.getObject(s.pairs)(r)
	case id == "executions":
		r.SetPathValue("application", what)
		return s.listExecutions(r)
	}
	return nil, notFound{fmt.Errorf("cannot find %.80q: Kayenta has no such path", r.URL.Path)}
}
