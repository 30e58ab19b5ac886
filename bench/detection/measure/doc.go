// Package measure turns scores and labels into the numbers the detection bench
// reports: the Numenta benchmark score, and recall at a fixed load of false
// alarms. It knows no detector.
//
// It refuses point-adjusted F1: a random score gets 0.68 on AIOPS with it.
package measure
