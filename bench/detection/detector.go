package main

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/detect"
)

// openBar is the opening bar of the offline csv: one false alarm a series-day.
const openBar = 1000

// detector scores a series row by row. next returns the score and the alarm of
// one row, having seen no later one.
type detector struct {
	name string
	new  func() func(t int64, v float64) (score, alarm float64)
	ours bool // Its alarm is not its score.
}

// bellwether returns a profile of our own.
func bellwether(p detect.Profile) detector {
	return configured("Bellwether "+p.String(), detect.Config{Profile: p, Open: openBar})
}

// withShape is the default profile with the member Config.Shape asks for.
var withShape = configured("Bellwether default with shape", detect.Config{Shape: true, Open: openBar})

func configured(name string, cfg detect.Config) detector {
	return detector{name: name, ours: true, new: func() func(int64, float64) (float64, float64) {
		s, err := detect.New(cfg, detect.Meta{})
		if err != nil {
			panic(err) // The configurations are constants.
		}
		return func(t int64, v float64) (float64, float64) {
			r := s.Step(t, v)
			return r.Score, r.Alarm
		}
	}}
}

// score runs the detector over the set and checks causality on the way: the
// first series is run again with its second half replaced, and no earlier
// score may change.
func (d detector) score(set []corpus.Series) (score, alarm [][]float64, err error) {
	score, alarm = make([][]float64, len(set)), make([][]float64, len(set))
	work := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range work {
				score[i], alarm[i] = d.one(&set[i], len(set[i].V))
			}
		})
	}
	for i := range set {
		work <- i
	}
	close(work)
	wg.Wait()
	return score, alarm, d.causal(&set[0], score[0])
}

// one scores a series; values from row garble on are replaced by others.
func (d detector) one(s *corpus.Series, garble int) (score, alarm []float64) {
	next := d.new()
	score, alarm = make([]float64, len(s.V)), make([]float64, len(s.V))
	for i, v := range s.V {
		if i >= garble {
			v = 1e3 * float64(i%17)
		}
		score[i], alarm[i] = next(s.T[i], v)
	}
	return score, alarm
}

// causal fails if another future gives another past.
func (d detector) causal(s *corpus.Series, want []float64) error {
	half := len(s.V) / 2
	got, _ := d.one(s, half)
	for i := range half {
		if got[i] != want[i] {
			return fmt.Errorf("%s is not causal: row %d of %s scores %v or %v depending on later rows", d.name, i, s.Name, want[i], got[i])
		}
	}
	return nil
}
