// Command generate writes the cases for votes.py to standard output.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"

	"github.com/bellwether-ts/bellwether/bench/detection/etsy"
)

func main() {
	first := flag.Int("first", 0, "first case to write")
	last := flag.Int("last", etsy.Cases, "case to stop before")
	flag.Parse()
	w := bufio.NewWriterSize(os.Stdout, 1<<20)
	err := etsy.Write(w, *first, *last)
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
