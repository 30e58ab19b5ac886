// Package bellwetherv1 is the API contract: the generated messages, gRPC
// clients and servers, and the REST gateway of bellwether.v1. The .proto files
// beside it are the documentation; this file is the only hand-written Go here.
//
// It refuses logic: what a service does lives in server/api.
package bellwetherv1

import _ "embed"

// OpenAPI is the generated OpenAPI 2 document of the REST gateway, as JSON.
//
//go:embed openapi.json
var OpenAPI []byte
