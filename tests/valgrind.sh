#!/bin/sh
# make valgrind: the unit tests and those of faults under memcheck; bad accesses and definite leaks fail.  Not test_confine: valgrind does not
# know the calls of Landlock and seccomp.  test_nth_io with each fifth N: a database for each takes six minutes there.
# usage: valgrind.sh BUILDDIR
set -u
B=$1 passed=0 failed=0
export JAILNET_NTH_STEP="${JAILNET_NTH_STEP:-5}"
for t in $(cat "$B/unit.list"); do
    case $t in */unit/* | */fault/*) ;; *) continue ;; esac
    case $t in *test_confine) continue ;; esac
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
