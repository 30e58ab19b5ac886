// Package fleet is about many series at once: what no detector of one series can
// say, because it knows only that one.
//
//	fleet       which openings are told: fleet.go, class.go, ruling.go
//	ebh         the false discovery rate of many bets at once (e-BH)
//	reputation  how entities have stood lately: a decaying score, three lists
//
// It takes openings, evidence and events as its caller has them and gives back
// rulings and standings, each with its reason. It refuses to read a clock, to do
// I/O and to look into a detector; copies of one thing are compared with each
// other in package detect (Peers), because that is a detector.
package fleet
