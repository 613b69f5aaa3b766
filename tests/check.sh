#!/bin/sh
# make check: everything that needs Debian packages only.  Prints what ran and ends with "N passed, N failed".  Without PYTHON (make check-c):
# the C programs alone.
# usage: check.sh MAKE BUILDDIR [PYTHON]
set -u
MAKE=$1 B=$2 PYTHON=${3:-}
passed=0 failed=0
log=$B/check.log
: >"$log"

run() { # name, command...
    name=$1; shift
    start=$(date +%s)
    if "$@" >"$B/out" 2>&1; then
        passed=$((passed + 1)); verdict=ok
    else
        failed=$((failed + 1)); verdict=FAILED
    fi
    printf '%-44s %s %ss\n' "$name" "$verdict" $(($(date +%s) - start))
    { echo "=== $name: $verdict"; cat "$B/out"; } >>"$log"
    [ $verdict = ok ] || tail -60 "$B/out"
}

# pytest counts its own tests; a skipped one is said aloud
pytest_run() { # name, args...
    name=$1; shift
    [ -n "$PYTHON" ] || { echo "left out, no Python: $name"; return; }
    start=$(date +%s)
    JAILNET_BUILD_DIR=$B "$PYTHON" -m pytest -q -p no:cacheprovider -rs "$@" >"$B/out" 2>&1
    rc=$?
    p=$(grep -aoE '[0-9]+ passed' "$B/out" | tail -1 | cut -d' ' -f1); f=$(grep -aoE '[0-9]+ (failed|error)' "$B/out" | awk '{ n += $1 } END { print n + 0 }')
    passed=$((passed + ${p:-0})); failed=$((failed + ${f:-0}))
    [ $rc -eq 0 ] || [ "${f:-0}" -gt 0 ] || failed=$((failed + 1))
    printf '%-44s %s passed, %s failed %ss\n' "$name" "${p:-0}" "${f:-0}" $(($(date +%s) - start))
    { echo "=== $name"; cat "$B/out"; } >>"$log"
    grep -aE '^SKIPPED' "$B/out"
    [ $rc -eq 0 ] || tail -80 "$B/out"
}

$MAKE -s all tests || exit 1
run "include arrows" sh tests/arrows_test.sh
run "libraries of the root program" sh tests/nolibs.sh "$B"
for t in $(cat "$B/unit.list"); do
    run "${t#"$B"/tests/}" "$t"
done
while read -r t; do echo "left out, for another system: $t"; done <"$B/elsewhere.list"
pytest_run "api and contract (fake kernel)" tests/api
pytest_run "stories (fake kernel, real store)" tests/scenario
pytest_run "real kernel in namespaces" tests/kernel
pytest_run "faults" tests/fault

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
