#!/bin/sh
# Refuses a change of the API contract that breaks those who use it already
# (`buf breaking`), and says against which commit it compared:
#
#   1. the newest release tag v* reachable from HEAD: the contract users have;
#   2. before the first release, main, if HEAD is not main;
#   3. on main with local changes to proto/, HEAD itself;
#   4. on main, clean (a fresh clone in CI), the commit before HEAD.
#
# A shallow clone or a first commit leaves nothing to compare with: that is
# said, and is not a failure. Before the first release a deliberate break is
# allowed if the commit message owns it with a line "Proto-Break: why".
set -eu
cd "$(dirname "$0")/.."
tools/install.sh proto

commit() { git rev-parse -q --verify "$1^{commit}" 2>/dev/null; }

head=$(commit HEAD) || {
	echo "nothing to compare with: no commit yet"
	exit 0
}
main=$(commit refs/heads/main || commit refs/remotes/origin/main || true)
released=no
if base=$(git describe --tags --abbrev=0 --match 'v*' HEAD 2>/dev/null); then
	name="release $base"
	released=yes
elif [ -n "$main" ] && [ "$main" != "$head" ]; then
	base=$main name="main"
elif [ -n "$(git status --porcelain -- proto)" ]; then
	base=$head name="HEAD (proto/ has local changes)"
elif base=$(commit HEAD~1); then
	name="the commit before HEAD"
else
	echo "nothing to compare with: HEAD is the first commit of this clone (shallow clones need --depth 2)"
	exit 0
fi
base=$(commit "$base")
short=$(git rev-parse --short "$base")
if ! git ls-tree -r --name-only "$base" -- proto | grep -q '\.proto$'; then
	echo "nothing to compare with: $name ($short) has no .proto file"
	exit 0
fi

# An exported tree instead of buf's own .git reader: it also works in shallow
# clones and worktrees. Today's buf.yaml judges both sides.
against=build/_contract
rm -rf "$against"
mkdir -p "$against"
git archive "$base" -- proto third_party/proto 2>/dev/null | tar -x -C "$against" ||
	git archive "$base" -- proto | tar -x -C "$against"
mkdir -p "$against/third_party/proto"
cp buf.yaml "$against/"

echo "compared with $name ($short)"
if bin/buf breaking --against "$against"; then
	exit 0
fi
if [ "$released" = no ] && why=$(git log -1 --format=%B | grep '^Proto-Break: '); then
	echo "accepted before the first release, as the commit says: $why"
	exit 0
fi
exit 1
