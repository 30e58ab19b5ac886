#!/bin/sh
# Builds the page from web/src into web/dist, or with an argument into that
# folder (`make check-generated` compares such a copy with what is committed).
# esbuild is the only tool; the libraries stand in third_party/web, so there is
# no Node and no network.
set -eu
cd "$(dirname "$0")/.."
out=${1:-.}/web/dist
lib=$PWD/third_party/web

tools/install.sh web
rm -rf "$out"
mkdir -p "$out"
bin/esbuild web/src/main.tsx --bundle --minify --charset=utf8 --log-level=warning \
	--target=es2022 --format=esm --jsx=automatic --jsx-import-source=preact \
	--alias:preact="$lib/preact/preact.mjs" \
	--alias:preact/hooks="$lib/preact/hooks.mjs" \
	--alias:preact/jsx-runtime="$lib/preact/jsxRuntime.mjs" \
	--alias:@preact/signals="$lib/signals/signals.mjs" \
	--alias:@preact/signals-core="$lib/signals/signals-core.mjs" \
	--alias:uplot="$lib/uplot/uPlot.esm.js" \
	--outfile="$out/app.js"
cat "$lib/uplot/uPlot.min.css" web/src/style.css >"$out/app.src.css"
bin/esbuild "$out/app.src.css" --minify --log-level=warning --outfile="$out/app.css"
rm "$out/app.src.css"
cp web/src/index.html web/src/icon.svg "$out/"
