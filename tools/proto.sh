#!/bin/sh
# Generates the Go code, the REST gateway and the OpenAPI document from
# proto/bellwether, into the tree or, with an argument, below that folder
# (`make check-generated` compares such a copy with what is committed).
set -eu
cd "$(dirname "$0")/.."
out=${1:-.}

tools/install.sh proto
PATH="$PWD/bin:$PATH"
export PATH

if ! ls proto/bellwether/v1/*.proto >/dev/null 2>&1; then
	echo "cannot generate: there is no .proto file in proto/bellwether/v1" >&2
	exit 1
fi
mkdir -p "$out"
# Code of a .proto file that is gone must go with it.
rm -f "$out"/proto/bellwether/v1/*.pb.go "$out"/proto/bellwether/v1/*.gw.go
buf generate -o "$out"
mv "$out/proto/bellwether/v1/openapi.swagger.json" "$out/proto/bellwether/v1/openapi.json"
