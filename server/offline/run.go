package offline

import (
	"context"
	"errors"
	"io"
)

var errNotBuilt = errors.New("cannot run: not built yet")

// OpenInputs opens the named files; "-" is stdin. The returned function
// closes them.
func OpenInputs(paths []string, stdin io.Reader) ([]Input, func() error, error) {
	return nil, nil, errNotBuilt
}

// NewReader reads inputs one after the other, finding out what each is: gzip,
// wide or long CSV, query_range JSON, OpenMetrics text.
func NewReader(inputs []Input, o ReadOptions) Reader { return nil }

// Detect runs anomaly detection over the inputs and writes text, json or csv.
func Detect(ctx context.Context, inputs []Input, o DetectOptions, out io.Writer) error {
	return errNotBuilt
}

// Correlate writes which series moved with the target; text or json.
func Correlate(ctx context.Context, inputs []Input, o CorrelateOptions, out io.Writer) error {
	return errNotBuilt
}

// Incident ranks the entities in the inputs by how much the incident looks
// like theirs; text or json.
func Incident(ctx context.Context, inputs []Input, o IncidentOptions, out io.Writer) error {
	return errNotBuilt
}

// JudgeCanary judges the request read from in and writes the verdict; text or
// json. The exit code is 0 PASS, 10 INCONCLUSIVE, 20 FAIL, 30 NO_DATA; it is 1
// beside an error.
func JudgeCanary(ctx context.Context, in Input, o JudgeOptions, out io.Writer) (exit int, err error) {
	return 1, errNotBuilt
}
