// Package api serves bellwether.v1: one file per gRPC service, protobuf in,
// calls into the rooms, protobuf out. REST is the gateway over the same
// services, and streams reach browsers as server-sent events.
//
// It refuses logic of its own: what a service answers is decided in the rooms;
// this package only translates, and turns errors into gRPC codes with a
// sentence that says what to do. What is not served yet answers UNIMPLEMENTED
// with a sentence.
package api
