#!/bin/sh
# make valgrind: the unit tests under memcheck; bad accesses and definite leaks fail.  Not those that valgrind cannot run: test_confine
# (Landlock and seccomp calls it does not know) and test_plan_text (measures time).
# usage: valgrind.sh BUILDDIR
set -u
B=$1 passed=0 failed=0
for t in $(cat "$B/unit.list"); do
    case $t in *test_confine | *test_plan_text | */props/*) continue ;; esac
    if valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite --child-silent-after-fork=yes "$t" >"$B/valgrind.out" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "${t##*/} FAILED"
        tail -40 "$B/valgrind.out"
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 30 ]
