package compat

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// marked keeps the deploys it is told.
type marked []string

func (m *marked) MarkDeploy(matcher string, _ int64, description string) (pipeline.Deploy, error) {
	*m = append(*m, matcher+" "+description)
	return pipeline.Deploy{Series: 3}, nil
}

// Of the events of a rollout, the first of the canary's traffic and the first
// of the promotion mark a deploy.
func TestFlaggerEventsMarkDeploys(t *testing.T) {
	var got marked
	f := &Flagger{Deploys: &got}
	for _, phase := range []string{"Waiting", "Progressing", "Progressing", "WaitingPromotion", "Promoting", "Promoting", "Finalising"} {
		if r := f.event(context.Background(), flaggerCall{Name: "cart", Namespace: "shop", Phase: phase, Checksum: "7b"}); r.status != 200 {
			t.Errorf("%s: %d %s", phase, r.status, r.text)
		}
	}
	f.event(context.Background(), flaggerCall{Name: "cart", Namespace: "shop", Phase: "Progressing", Checksum: "8c", Metadata: map[string]string{"service": "cart"}})
	pods := `namespace="shop",pod=~"cart(-primary)?-[0-9a-z]+(-[0-9a-z]+)?" Flagger: cart.shop `
	want := marked{pods + "Progressing, checksum 7b", pods + "Promoting, checksum 7b", `service="cart" Flagger: cart.shop Progressing, checksum 8c`}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
