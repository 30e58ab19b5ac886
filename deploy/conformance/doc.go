// Package conformance proves that Argo Rollouts and Flagger understand what we
// answer: its tests run the real providers of both, with the very templates in
// deploy/argo and deploy/flagger, against a real server on this machine.
//
// It is a module of its own, so that nobody who builds Bellwether pays for the
// two controllers and their Kubernetes libraries. Run it by
//
//	cd deploy/conformance && go test ./...
//
// It builds the server from this tree; BELLWETHER_BINARY names another binary.
package conformance
