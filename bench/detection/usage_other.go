//go:build !unix

package main

import "time"

var started = time.Now()

// processTime falls back to the time since the start.
func processTime() time.Duration { return time.Since(started) }
