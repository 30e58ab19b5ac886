// Package server starts and stops the whole: the store, the ways in, the
// rooms, the alert core, delivery, and the faces (gRPC, REST, the page). It is
// the only package that knows all the others.
//
//	server.go     Run: from options to a clean stop
//	build.go      which part is made from which
//	listen.go     HTTP and gRPC with the same TLS and users
//	http.go       every path of the HTTP server
//	reload.go     a new configuration, or the old one kept
//	selfmetrics.go what Bellwether says about itself
//	demo.go       the same whole on a simulated company
//
// It refuses to analyse: it wires.
package server
