package slo

import "testing"

func BenchmarkObserve(b *testing.B) {
	e := mustEvaluator(b, testObjective())
	b.ReportAllocs()
	now, v := int64(1_767_571_200_000), 0.0
	for b.Loop() {
		now += 15 * second
		v += 100
		e.ObserveGood(1, now, v)
		e.ObserveTotal(1, now, v)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	e, now := busy(b, testObjective(), 1, 20_000)
	b.ReportAllocs()
	for b.Loop() {
		e.Evaluate(now)
	}
}

func BenchmarkTrace(b *testing.B) {
	e, now := busy(b, testObjective(), 1, 20_000)
	s := e.Evaluate(now)
	b.ReportAllocs()
	for b.Loop() {
		s.Trace().Text()
	}
}

func BenchmarkCheckpoint(b *testing.B) {
	e, _ := busy(b, testObjective(), 1, 20_000)
	b.ReportAllocs()
	for b.Loop() {
		e.Checkpoint()
	}
}
