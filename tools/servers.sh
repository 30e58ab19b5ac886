#!/bin/sh
# Installs the real servers that tests run against: Prometheus, its node
# exporter, Alertmanager, and Chromium for the page. For Debian and Ubuntu, as
# root or with sudo. Elsewhere put prometheus, node_exporter (or
# prometheus-node-exporter), alertmanager and chromium on PATH by other means.
#
# A package that is there is left alone, and nothing is started: tests start
# their own servers on ports of their own. Run again at any time.
set -eu

packages='prometheus prometheus-node-exporter prometheus-alertmanager chromium'

if ! command -v apt-get >/dev/null 2>&1; then
	echo "cannot install the test servers: no apt-get here; put these programs on PATH by other means: $packages" >&2
	exit 1
fi
missing=
for p in $packages; do
	if [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" != installed ]; then
		missing="$missing $p"
	fi
done
if [ -z "$missing" ]; then
	echo "test servers: all there ($packages)"
	exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "cannot install$missing: needs root; run this as root or install sudo" >&2
		exit 1
	fi
	as_root=sudo
fi

# Package mirrors fail now and then; the third failure is a real one.
retry() {
	for attempt in 1 2 3; do
		if "$@"; then
			return 0
		fi
		echo "attempt $attempt of 3 failed: $*" >&2
		sleep $((attempt * 5))
	done
	return 1
}

# A package would start its server at once and take its usual port; a policy
# that says no is the documented way to prevent that (invoke-rc.d), and it is
# removed again whatever happens.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
	$as_root chmod 755 "$policy"
	trap '$as_root rm -f "$policy"' EXIT
fi

echo "test servers: installing$missing"
retry $as_root apt-get update -q
retry $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
echo "test servers: ready"
