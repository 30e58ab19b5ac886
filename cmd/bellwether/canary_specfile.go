package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// A spec in a file: what POST /v1/canaries takes, as JSON or as YAML, kept
// beside the code it is about. Flags beside it replace its fields; metrics and
// gates are added to those it has.

// maxSpecFile bounds what is read of one.
const maxSpecFile = 1 << 20

// readSpecFile reads {"spec": {...}, "key": "..."} strictly.
func readSpecFile(path string) (*bellwetherv1.StartAnalysisRequest, error) {
	in := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("cannot read --spec: %w", err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxSpecFile+1))
	if err == nil && len(data) > maxSpecFile {
		err = fmt.Errorf("it is longer than %d bytes", maxSpecFile)
	}
	var tree map[string]any
	if err == nil {
		err = yaml.Unmarshal(data, &tree) // JSON is YAML.
	}
	if err == nil {
		data, err = json.Marshal(tree)
	}
	out := &bellwetherv1.StartAnalysisRequest{}
	if err == nil {
		err = protojson.Unmarshal(data, out)
	}
	if err == nil && out.Spec == nil {
		err = fmt.Errorf(`it has no "spec"`)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read --spec %s: %w; it is what POST /v1/canaries takes, {\"spec\": {\"baseline\", \"canary\", ...}}, see /openapi.json", path, err)
	}
	return out, nil
}

// withFile puts what the flags say over what the file says.
func (s *canarySpec) withFile(cmd *cobra.Command, flags *bellwetherv1.CanarySpec) (*bellwetherv1.CanarySpec, error) {
	file, err := readSpecFile(s.file)
	if err != nil {
		return nil, err
	}
	for name, reset := range map[string]func(){ // Their defaults must not replace what the file says.
		"max-duration": func() { flags.MaxDuration = nil },
		"look-every":   func() { flags.LookEvery = nil },
		"judge":        func() { flags.Policy.Judge = "" },
	} {
		if !cmd.Flags().Changed(name) {
			reset()
		}
	}
	s.fileKey = file.Key
	proto.Merge(file.Spec, flags)
	return file.Spec, nil
}
