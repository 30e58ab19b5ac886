#!/bin/sh
# Fails when what is generated is not what would be generated now: the code
# below proto/, and the built page in web/dist. Committed output is what users
# compile, so it must be the output of the committed source.
set -eu
cd "$(dirname "$0")/.."
status=0
# The underscore hides it from ./... of the go command.
fresh=build/_generated
rm -rf "$fresh"
mkdir -p "$fresh"

# compare NAME COMMITTED FRESH REPAIR: one sentence, then the files that differ.
compare() {
	if diff -rq "$2" "$3" >"$fresh/diff" 2>&1; then
		echo "$1: up to date"
		return
	fi
	echo "$1: not what its source gives; run \`$4\` and commit the result:"
	sed 's/^/  /' "$fresh/diff"
	status=1
}

tools/proto.sh "$fresh"
# Only generated files are compared; sources and hand-written ones are not.
mkdir -p "$fresh/committed"
for f in proto/bellwether/v1/*.pb.go proto/bellwether/v1/*.gw.go proto/bellwether/v1/openapi.json; do
	[ ! -e "$f" ] || cp "$f" "$fresh/committed/"
done
compare "generated API code" "$fresh/committed" "$fresh/proto/bellwether/v1" "make proto"

tools/web.sh "$fresh"
compare "built page" web/dist "$fresh/web/dist" "make web"
exit $status
