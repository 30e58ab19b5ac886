// Command throughput pushes the same remote-write load into Bellwether, with
// every analysis on, and into a real Prometheus without us, in turn on the same
// machine, and reports samples per second and the CPU seconds each server
// process spent per million samples.
//
//	go run ./bench/throughput [-series 20000] [-rounds 6] [-o REPORT.md]
//
// It builds the bellwether binary itself; Prometheus is the `prometheus` on
// PATH (Debian package prometheus). CPU seconds are the figure to trust: wall
// time also holds the generator, which shares the processors.
//
// It refuses to run against anything but loopback, and stops by itself.
package main
