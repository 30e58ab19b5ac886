package api

import (
	"context"

	"github.com/bellwether-ts/bellwether/detect/custom"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// ListDetectors says how the detectors that users wrote do.
func (s *detectService) ListDetectors(context.Context, *pb.ListDetectorsRequest) (*pb.ListDetectorsResponse, error) {
	out := &pb.ListDetectorsResponse{}
	list, _ := s.p.Detectors()
	for _, st := range list {
		out.Detectors = append(out.Detectors, detectorOf(st))
	}
	return out, nil
}

func detectorOf(s custom.Status) *pb.CustomDetector {
	d, c := s.Detector, s.Counts
	out := &pb.CustomDetector{
		Name: d.Name(), Version: int32(d.Version()), Description: d.Description(), Match: d.Match(), Calibrated: d.Calibrated(),
		State: s.State, Disabled: s.Disabled, Series: int64(s.Series), Open: int64(s.Open),
		Judged: c.Judged, Undecided: c.Undecided, Failed: c.Failed, Refused: c.LeftOut,
		MeanCost: c.MeanCost(), MaxCost: c.MaxCost, CostLimit: custom.MaxCost,
		Bytes: int64(s.Bytes), Stopped: int64(s.Stopped), LeftOut: map[string]int64{},
	}
	for _, f := range s.Faults {
		out.Faults = append(out.Faults, &pb.DetectorFault{Series: f.Series, Why: f.Why})
	}
	for why, n := range s.LeftOut {
		out.LeftOut[why] = int64(n)
	}
	return out
}
