package canary

// Judge judges a canary by the native judge.
func Judge(req Request) Verdict {
	return Verdict{Judge: "native", Verdict: NoData, Reasons: []string{"the native judge is not built yet"}, Policy: req.Policy}
}
