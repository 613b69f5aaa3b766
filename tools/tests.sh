#!/bin/sh
# Link rules of the test programs, and their list.  What lies in a folder linux/ or freebsd/ is for that system only.
# usage: tests.sh BUILDDIR SYSTEM > BUILDDIR/tests.mk
set -eu
B=$1 OS=$2
all=
fuzzers=
: >"$B/unit.list"
find tests -path 'tests/*/linux/test_*.c' -o -path 'tests/*/freebsd/test_*.c' -o -path 'tests/*/linux/fuzz_*.c' | grep -v "/$OS/" | sort >"$B/elsewhere.list" || true
driver() { # target, source: a program over the real driver
    printf '%s: %s/%s.o $(OBJ_driver) %s/libworker.a $(OBJ_core)\n\t$(LINK) -o $@ %s/%s.o $(OBJ_driver) %s/libworker.a $(OBJ_core) $(LIBS_test)\n' \
        "$1" "$B" "${2%.c}" "$B" "$B" "${2%.c}" "$B"
    all="$all $1"
}
for src in tests/unit/test_*.c tests/unit/"$OS"/test_*.c tests/props/test_*.c tests/fault/test_*.c; do
    [ -f "$src" ] || continue
    t=$B/${src%.c}
    wrap=
    if grep -q 'nth_malloc\.h"' "$src"; then
        wrap=" -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup,--wrap=open_memstream,--wrap=json_loadb"
    fi
    printf '%s: %s.o %s/libtest.a\n\t$(LINK)%s -o $@ %s.o %s/libtest.a $(LIBS_test)\n' "$t" "$t" "$B" "$wrap" "$t" "$B"
    all="$all $t"
    echo "$t" >>"$B/unit.list"
done
# Linux: each in namespaces of its own.  FreeBSD: in throw-away jails that root makes, so that tests/kernel/freebsd/all.sh runs them, not make check.
for src in tests/kernel/"$OS"/test_*.c; do
    [ -f "$src" ] || continue
    driver "$B/${src%.c}" "$src"
    [ "$OS" = freebsd ] || echo "$B/${src%.c}" >>"$B/unit.list"
done
# Fuzzers: with replay.c they are tests; make fuzz-run builds them with libFuzzer's main.  A system's own take the driver, not the fake kernel.
for src in tests/fuzz/fuzz_*.c tests/fuzz/"$OS"/fuzz_*.c; do
    [ -f "$src" ] || continue
    base=${src##*/}
    t=$B/tests/fuzz/${base%.c}
    lib=$B/libtest.a
    case $src in tests/fuzz/"$OS"/*) lib=$B/libdriver.a ;; esac
    printf '%s: %s/%s.o %s/tests/fuzz/replay.o %s\n\t$(LINK) $(FUZZ_LINK) -o $@ %s/%s.o $(FUZZ_MAIN) %s $(LIBS_test)\n' \
        "$t" "$B" "${src%.c}" "$B" "$lib" "$B" "${src%.c}" "$lib"
    fuzzers="$fuzzers $t"
    echo "$t" >>"$B/unit.list"
done
for src in tests/fake/fake_server.c; do
    [ -f "$src" ] || continue
    t=$B/${src%.c}
    printf '%s: %s.o $(OBJ_core)\n\t$(LINK) -o $@ %s.o $(OBJ_core)\n' "$t" "$t" "$t"
    all="$all $t"
done
benches_linux="" benches_freebsd=""
for src in tests/bench/*.c tests/bench/freebsd/*.c; do
    [ -f "$src" ] || continue
    t=$B/${src%.c}
    case $src in
    tests/bench/freebsd/*) benches_freebsd="$benches_freebsd $t" ;;
    *) benches_linux="$benches_linux $t" ;;
    esac
    printf '%s: %s.o $(OBJ_driver) $(OBJ_sandbox) $(OBJ_core)\n\t$(LINK) -o $@ %s.o $(OBJ_driver) $(OBJ_sandbox) $(OBJ_core) $(LIBS_worker_$(OS)) $(LIBS_bench_$(OS))\n' "$t" "$t" "$t"
done
printf 'TESTS = %s\nBENCHES_linux = %s\nBENCHES_freebsd = %s\nFUZZERS = %s\n' "$all$fuzzers" "$benches_linux" "$benches_freebsd" "$fuzzers"
