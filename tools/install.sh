#!/bin/sh
# Installs the generators and linters of this project into bin/, at pinned
# versions, without touching the user's own Go tools.
#
#   tools/install.sh proto     buf and the four protoc plugins
#   tools/install.sh web       esbuild
#   tools/install.sh all       both
#
# A tool that is there at the right version is left alone, so a second run
# costs milliseconds. They are not in go.mod on purpose: buf needs a newer
# protobuf than we do, and a generator must not decide the version we ship.
set -eu
cd "$(dirname "$0")/.."

proto_tools='
github.com/bufbuild/buf/cmd/buf v1.75.0
google.golang.org/protobuf/cmd/protoc-gen-go v1.36.12
google.golang.org/grpc/cmd/protoc-gen-go-grpc v1.6.2
github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway v2.32.0
github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv2 v2.32.0
'
web_tools='
github.com/evanw/esbuild/cmd/esbuild v0.28.2
'

case "${1:-}" in
proto) tools=$proto_tools ;;
web) tools=$web_tools ;;
all) tools=$proto_tools$web_tools ;;
*)
	echo "usage: tools/install.sh proto|web|all" >&2
	exit 2
	;;
esac

mkdir -p bin
echo "$tools" | while read -r path version; do
	[ -n "$path" ] || continue
	name=${path##*/}
	if [ -x "bin/$name" ] && go version -m "bin/$name" | grep -q "	$version	"; then
		continue
	fi
	echo "install $name $version into bin/" >&2
	# CGO_ENABLED=0: no C compiler is needed and the tool runs anywhere.
	GOBIN="$PWD/bin" GOFLAGS= CGO_ENABLED=0 go install "$path@$version"
done
