package api

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// ReadCanarySpec reads the JSON of a CanarySpec where it does not come as a
// request of ours, such as in the metadata of another tool's webhook. An
// unknown field is an error.
func ReadCanarySpec(text string) (pipeline.RunSpec, error) {
	var s pb.CanarySpec
	if err := protojson.Unmarshal([]byte(text), &s); err != nil {
		// protojson varies its spaces from build to build, lest anybody compare.
		why := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")
		return pipeline.RunSpec{}, fmt.Errorf("cannot read a canary spec: %s; the fields are those of CanarySpec in /openapi.json", why)
	}
	return specIn(&s), nil
}
