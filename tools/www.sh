#!/bin/sh
# Builds the dashboard into BUILDDIR/www when Node.js, npm and its registry are there; else says so, and the rest of the build goes on.
# usage: www.sh BUILDDIR [must]
set -eu
B=$1 must=${2:-}
top=$(cd "$(dirname "$0")/.." && pwd)
case $B in
/*) out=$B ;;
*) out=$PWD/$B ;;
esac

without() {
	echo "dashboard: not built: $*; everything else works, \"make www\" tries again" >&2
	[ "$must" != must ] || exit 1
	: >"$out/www.stamp"
	exit 0
}

mkdir -p "$out"
command -v npm >/dev/null || without "there is no npm"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' || without "Node.js is older than 18"
cd "$top/www"
lock=$(cksum <package-lock.json)
if [ "$(cat node_modules/.lock-sum 2>/dev/null)" != "$lock" ]; then
	npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000 --loglevel=error >"$out/npm.log" 2>&1 ||
		without "npm ci failed, see $out/npm.log"
	echo "$lock" >node_modules/.lock-sum
fi
if ! { npx --no-install vite build --logLevel warn --emptyOutDir --outDir "$out/www.stage" && node pack.mjs "$out/www.stage" "$out/www"; } >"$out/vite.log" 2>&1; then
	cat "$out/vite.log" >&2
	exit 1
fi
tail -n 1 "$out/vite.log"
: >"$out/www.stamp"
