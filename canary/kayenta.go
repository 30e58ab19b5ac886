package canary

import "errors"

// KayentaOptions are the two constants of Kayenta's judge, for those who run a
// patched one.
type KayentaOptions struct {
	Tolerance  float64 // Share of the estimate the interval must clear; 0.25 when 0.
	Confidence float64 // Two-sided level of the interval; 0.98 when 0.
}

// JudgeKayenta takes a Kayenta RemoteJudge request (canaryConfig,
// scoreThresholds, metricSetPairList) and returns its CanaryJudgeResult, field
// for field.
func JudgeKayenta(data []byte, opt KayentaOptions) ([]byte, error) {
	return nil, errors.New("cannot judge: the Kayenta judge is not built yet")
}
