package api

import (
	"google.golang.org/grpc"

	"github.com/bellwether-ts/bellwether/alerting/notify"
	"github.com/bellwether-ts/bellwether/correlate"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/tsdb/ingest"
)

// Options is what the services need of the running whole.
type Options struct {
	Pipeline  *pipeline.Pipeline
	Sink      *ingest.Sink
	Receivers func() []Receiver    // How delivery fares.
	Config    func() config.Config // The configuration in force, for backtests.
	Calls     []correlate.Edge     // Who calls whom, where it is known.
	Entity    string               // Label that names an entity; default service.
}

// Receiver is one receiver and how delivery to it fares.
type Receiver struct {
	Name, Type string
	Queued     int
	Delivered  uint64
	Dead       []notify.DeadLetter
}

// Register adds every service of the contract to a gRPC server.
func Register(s grpc.ServiceRegistrar, o Options) {
	if o.Entity == "" {
		o.Entity = "service"
	}
	pb.RegisterIngestServiceServer(s, &ingestService{p: o.Pipeline, sink: o.Sink})
	pb.RegisterQueryServiceServer(s, &queryService{p: o.Pipeline})
	pb.RegisterDetectServiceServer(s, &detectService{p: o.Pipeline})
	pb.RegisterCorrelateServiceServer(s, &correlateService{p: o.Pipeline, calls: o.Calls, entity: o.Entity})
	pb.RegisterCanaryServiceServer(s, &canaryService{p: o.Pipeline})
	pb.RegisterSLOServiceServer(s, &sloService{p: o.Pipeline})
	pb.RegisterAlertServiceServer(s, &alertService{p: o.Pipeline, receivers: o.Receivers})
	pb.RegisterBacktestServiceServer(s, &backtestService{p: o.Pipeline, config: o.Config})
}
