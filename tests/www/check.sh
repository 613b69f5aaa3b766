#!/bin/sh
# make check-www: types, lint and formatting of the dashboard, then the dashboard in Chromium against sandboxed daemons.
# Ends with "N passed, N failed"; screenshots land in BUILDDIR/screenshots.
# usage: check.sh BUILDDIR
set -u
cd "$(dirname "$0")/../.." || exit 1
B=$1 passed=0 failed=0

run() { # name, command...
	name=$1
	shift
	if "$@" >"$B/www.out" 2>&1; then
		passed=$((passed + 1))
		echo "$name ok"
	else
		failed=$((failed + 1))
		echo "$name FAILED"
		tail -60 "$B/www.out"
	fi
}

npx_www() {
	(cd www && npx --no-install "$@")
}

run "types of the API" sh -c 'cd www && npm run -s types'
run "tsc" npx_www tsc --noEmit
run "biome" npx_www biome check .

if ! cmp -s tests/www/requirements.txt "$B/www-venv/requirements.txt"; then
	/usr/bin/python3 -m venv --system-site-packages "$B/www-venv" &&
		"$B/www-venv/bin/pip" install -q --disable-pip-version-check -r tests/www/requirements.txt &&
		cp tests/www/requirements.txt "$B/www-venv/"
fi
JAILNET_BUILD_DIR=$B "$B/www-venv/bin/python" -m pytest -q -s -p no:cacheprovider tests/www >"$B/www.out" 2>&1
rc=$?
grep -aE '^(speed|SKIPPED)' "$B/www.out"
p=$(grep -aoE '[0-9]+ passed' "$B/www.out" | tail -1 | cut -d' ' -f1)
f=$(grep -aoE '[0-9]+ (failed|error)' "$B/www.out" | tail -1 | cut -d' ' -f1)
[ $rc -eq 0 ] || tail -60 "$B/www.out"
[ $rc -eq 0 ] || [ "${f:-0}" -gt 0 ] || f=1
passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
