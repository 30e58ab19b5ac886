// Package alerting is the alert event core: a deterministic state machine that
// turns a log of inputs (events, suppressions, acknowledgements, the passing of
// time) into transitions, notifications and decisions.
//
// The way of an event, one file per stage:
//
//	validate.go  refuse what is malformed, all errors at once
//	dedup.go     refresh or change of state
//	filter.go    state change, minimum age; flap.go holds what flaps
//	suppress.go  is it muted, and by what
//	group.go     which incident does it belong to
//	flush.go     who hears of it now, who later
//	route.go     page, ticket or notify, through which receiver
//
// Each stage leaves its line in the decision's Trace, and the Trace has one text
// renderer, so "why was I told" and "why was I not told" have the same answer
// everywhere.
//
// The core is pure: no clock, no I/O, no goroutine, no randomness. Time enters
// with each Input; the same inputs in the same order give the same bytes. The
// log on disk is alerting/journal, delivery is alerting/notify.
//
// It refuses: a third status, a third priority, logic in templates, a
// suppression without an end or with an empty target, and dropping anything
// without counting it.
//
// A Core is not safe for concurrent use: one goroutine owns it.
package alerting
