package tsdb_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/prometheus/prometheus/model/labels"
)

// A store in a temporary directory, a tap on what is new, and a question in
// PromQL.
func Example() {
	now := time.Unix(1_700_000_000, 0)
	store, err := tsdb.Open(tsdb.Options{Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	store.SetTap(func(b *metric.Batch) { fmt.Println("new samples:", b.Len()) })

	at := now.UnixMilli()
	result, err := store.Append(context.Background(), []tsdb.Series{{
		Labels:  labels.FromStrings("__name__", "requests_total", "service", "cart"),
		Samples: []metric.Sample{{T: at - 30_000, V: 10}, {T: at, V: 40}, {T: at + 3_600_000, V: 50}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("refused:", result.Refused)

	answer, err := store.Query(context.Background(), `increase(requests_total[30s])`, at)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("warnings:", len(answer.Warnings))
	_, err = store.Query(context.Background(), "sum(requests_total", at)
	fmt.Println(err)
	// Output:
	// new samples: 2
	// refused: 1 future (for example "requests_total{service=\"cart\"}" at 1700003600000: more than 10m0s ahead of the clock)
	// warnings: 0
	// cannot parse expression "sum(requests_total": line 1, column 19: unclosed left parenthesis
}
