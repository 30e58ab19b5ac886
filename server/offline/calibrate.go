package offline

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bellwether-ts/bellwether/canary"
)

// Before the deploy, on a file: PlanCanary says what a run could show,
// CalibrateCanary how often the judge would have failed a past without a
// deploy. The input is the request of JudgeCanary, whose metrics' history holds
// that past; the answers are those of a server with the same samples.

// ForecastOptions configures PlanCanary and CalibrateCanary.
type ForecastOptions struct {
	Output    Format
	Longest   time.Duration // Longest run; 1 h when 0.
	LookEvery time.Duration // Time between looks; 1 min when 0.
	Power     float64       // PlanCanary: wanted chance of the verdict; 0.9 when 0.
	Runs      int           // CalibrateCanary: past runs; 100 when 0.
	History   time.Duration // CalibrateCanary: history of every run; 24 h when 0.
	Notes     io.Writer     // Notes and warnings, one a line; nil discards them.

	// Progress is told the share of the runs done; nil when nobody watches.
	Progress func(share float64)
}

func (o ForecastOptions) schedule() canary.Schedule {
	return canary.Schedule{Longest: o.Longest, LookEvery: o.LookEvery}
}

// PlanCanary writes what a run of the request read from in could show; text or
// json.
func PlanCanary(_ context.Context, in Input, o ForecastOptions, out io.Writer) error {
	req, err := forecastRequest(in, o)
	if err != nil {
		return err
	}
	f, err := canary.Foresee(req, canary.ForesightOptions{Schedule: o.schedule(), Power: o.Power})
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	return writeForecast(out, o, f.Text(), f, f.Warnings)
}

// CalibrateCanary judges past runs cut from the history of the request read
// from in and writes the record; text or json. It stops with the context.
func CalibrateCanary(ctx context.Context, in Input, o ForecastOptions, out io.Writer) error {
	req, err := forecastRequest(in, o)
	if err != nil {
		return err
	}
	c, err := canary.NewCalibrator(req, canary.CalibrateOptions{Schedule: o.schedule(), Runs: o.Runs, History: o.History})
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	for done := 1; c.Next(); done++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("cannot finish the calibration after %d of %d runs: %w", done, c.Total(), err)
		}
		if o.Progress != nil {
			o.Progress(float64(done) / float64(c.Total()))
		}
	}
	if o.Progress != nil {
		o.Progress(1)
	}
	result := c.Result()
	return writeForecast(out, o, result.Text(), result, result.Warnings)
}

func forecastRequest(in Input, o ForecastOptions) (canary.Request, error) {
	if o.Output != "" && o.Output != Text && o.Output != JSON {
		return canary.Request{}, fmt.Errorf("cannot write %q: want text or json", o.Output)
	}
	data, err := readRequest(in)
	if err != nil {
		return canary.Request{}, err
	}
	req, err := canary.ParseRequest(data)
	if err != nil {
		return canary.Request{}, fmt.Errorf("%s: %w", in.Name, err)
	}
	return req, nil
}

// writeForecast writes the text, or doc as JSON with its warnings as notes.
func writeForecast(out io.Writer, o ForecastOptions, text string, doc json.Marshaler, warnings []string) error {
	w := bufio.NewWriter(out)
	var err error
	if o.Output == JSON {
		n := newNotes(o.Notes)
		for _, warning := range warnings { // The text has them.
			n.say("%s", warning)
		}
		err = writeJSON(w, doc)
	} else {
		_, err = w.WriteString(text)
	}
	return errors.Join(err, w.Flush())
}
