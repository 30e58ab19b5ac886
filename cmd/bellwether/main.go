// Command bellwether is the one binary: it serves, and it runs the same
// analyses on files. Nothing lives here but flags and calls.
package main

func main() {}
