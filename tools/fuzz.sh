#!/bin/sh
# Runs every fuzz target of the tree for a short time each, one line a target.
#
#   FUZZTIME   how long each runs (default 3s)
#   FUZZMAX    how long all run together at most (default 120s, at least 1s
#              each); building is not counted
#
# A target that fails leaves its input below testdata/fuzz of its package: it
# becomes a test by being committed. With arguments, only targets whose name
# contains one of them run.
set -eu
cd "$(dirname "$0")/.."

seconds() { echo "$1" | sed -n 's/^\([0-9][0-9]*\)s*$/\1/p'; }
each=$(seconds "${FUZZTIME:-3s}")
most=$(seconds "${FUZZMAX:-120s}")
if [ -z "$each" ] || [ -z "$most" ]; then
	echo "cannot read FUZZTIME=${FUZZTIME:-} or FUZZMAX=${FUZZMAX:-}: write whole seconds, as in 3s" >&2
	exit 2
fi

# "./package FuzzName", from the sources: asking `go test -list` would build
# every test binary first.
targets=$(git ls-files -co --exclude-standard '*_test.go' | sort -u | while read -r f; do
	[ -f "$f" ] || continue
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)([a-z]* \*testing\.F).*/\1/p' "$f" | while read -r name; do
		echo "./$(dirname "$f") $name"
	done
done)
if [ $# -gt 0 ]; then
	targets=$(echo "$targets" | grep -F "$(printf '%s\n' "$@")" || true)
fi
count=$(echo "$targets" | grep -c . || true)
if [ "$count" -eq 0 ]; then
	echo "no fuzz target found"
	exit 0
fi
if [ $((each * count)) -gt "$most" ]; then
	each=$((most / count))
	[ "$each" -ge 1 ] || each=1
fi

echo "$count fuzz targets, ${each}s each"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
while read -r package name; do
	start=$(date +%s)
	# Minimising is bounded in tries: by time it outlives the target's own.
	if go test "$package" -vet=off -run '^$' -fuzz "^$name\$" -fuzztime "${each}s" -fuzzminimizetime 10x -parallel 2 >"$log" 2>&1; then
		echo "ok   $package $name $(($(date +%s) - start))s"
	elif grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
		# The fuzzing engine reports its own end so when a worker is busy
		# (golang.org/issue/48591); no input failed.
		echo "ok   $package $name $(($(date +%s) - start))s, cut off while busy"
	else
		failed=$((failed + 1))
		echo "FAIL $package $name"
		sed 's/^/     /' "$log"
	fi
done <<END
$targets
END
[ "$failed" -eq 0 ]
