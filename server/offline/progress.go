package offline

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
)

// WithProgress returns the inputs with a progress bar on w, which should be a
// terminal, and a function that takes the bar away. The bar counts bytes as
// stored, so a compressed file is done when it is done.
func WithProgress(inputs []Input, w *os.File) ([]Input, func()) {
	var total int64
	for _, in := range inputs {
		if in.Size == 0 {
			total = -1 // One of unknown size: a spinner.
			break
		}
		total += in.Size
	}
	bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription("reading"), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	out := make([]Input, len(inputs))
	for i, in := range inputs {
		in.R = io.TeeReader(in.R, bar)
		out[i] = in
	}
	return out, func() { _ = bar.Finish() } // A bar that cannot be drawn is no reason to fail.
}

// ShareBar starts a progress bar on w for work whose done share, in [0,1], is
// told to the function it returns; at 1 the bar goes away.
func ShareBar(w *os.File, what string) func(share float64) {
	const parts = 1000
	bar := progressbar.NewOptions(parts, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	return func(share float64) { _ = bar.Set(int(min(max(share, 0), 1) * parts)) }
}
