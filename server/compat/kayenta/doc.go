// Package kayenta speaks the REST interface of Kayenta, Spinnaker's canary
// service, so that what calls a Kayenta today (Argo Rollouts' kayenta provider,
// Orca, Gate and its pages, Referee, a Kayenta with a remote judge) can call
// Bellwether instead: canary configs, executions over live series, standalone
// analyses, stored metric sets, judges.
//
// The samples come from the embedded store, by the config's Prometheus queries.
// Configs, executions and metric sets are files under the storage path; an
// execution that a restart interrupts is taken up again.
//
// It refuses what would answer wrongly in silence: metric stores other than
// Prometheus, a misspelt field of a standalone request, windows without an end.
// Account names are taken as they come, since there is one store.
package kayenta
