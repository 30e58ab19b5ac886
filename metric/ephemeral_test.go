package metric

import (
	"slices"
	"testing"
)

func TestLastingLeavesOutWhatNamesACopy(t *testing.T) {
	if !slices.IsSorted(ephemeral) {
		t.Fatal("the list is searched by halves and must be sorted")
	}
	f := func(in, want string) {
		t.Helper()
		ls, err := ParseSeries(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := FormatSeries(Lasting(ls)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	f(`up{job="cart",instance="10.0.0.7:80"}`, `up{job="cart"}`)
	f(`cpu{namespace="shop",pod="cart-7f9c-x2",container="app",node="n4"}`, `cpu{container="app",namespace="shop"}`)
	f(`q{"k8s.pod.name"="cart-1","service.name"="cart"}`, `q{"service.name"="cart"}`)
	f(`q{service="cart",region="eu"}`, `q{region="eu",service="cart"}`)
	f(`q`, `q`)
}
