#!/bin/sh
# Runs every fuzzer for SECONDS.  What is found lands in tests/fuzz/corpus/NAME; what only grows coverage stays in the build folder.
# usage: run.sh BUILDDIR SECONDS [NAME...]
set -u
B=$1 T=$2
shift 2
[ $# -gt 0 ] || set -- $(find tests/fuzz -name "fuzz_*.c" | sed "s,.*/fuzz_\(.*\)\.c$,\1," | sort)
failed=0
for name; do
	grown=$B/corpus/$name
	mkdir -p "$grown" "tests/fuzz/corpus/$name"
	if "$B/tests/fuzz/fuzz_$name" -max_total_time="$T" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 -artifact_prefix="tests/fuzz/corpus/$name/" \
	    "$grown" "tests/fuzz/corpus/$name" >"$B/$name.log" 2>&1; then verdict=clean; else verdict="FOUND SOMETHING: $B/$name.log"; failed=$((failed + 1)); fi
	printf '%-10s %6s s %12s runs  %s\n' "$name" "$T" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$B/$name.log")" "$verdict"
done
exit $failed
