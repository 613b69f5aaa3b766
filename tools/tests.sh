#!/bin/sh
# Link rules of the test programs, and their list.  usage: tests.sh BUILDDIR > BUILDDIR/tests.mk
set -eu
B=$1
all=
fuzzers=
: >"$B/unit.list"
for src in tests/unit/test_*.c tests/props/test_*.c tests/fault/test_*.c; do
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
for src in tests/kernel/test_*.c; do
    [ -f "$src" ] || continue
    t=$B/${src%.c}
    printf '%s: %s.o $(OBJ_driver) %s/libworker.a $(OBJ_core)\n\t$(LINK) -o $@ %s.o $(OBJ_driver) %s/libworker.a $(OBJ_core) $(LIBS_test)\n' "$t" "$t" "$B" "$t" "$B"
    all="$all $t"
    echo "$t" >>"$B/unit.list"
done
# Fuzzers: with replay.c they are tests; make fuzz-run builds them with libFuzzer's main.  The driver's take the driver, not the fake kernel.
for src in tests/fuzz/fuzz_*.c; do
    [ -f "$src" ] || continue
    t=$B/${src%.c}
    lib=$B/libtest.a
    if grep -q '"worker/linux/' "$src" && [ "$(uname -s)" != Linux ]; then continue; fi
    grep -q '"worker/linux/' "$src" && lib=$B/libdriver.a
    printf '%s: %s.o %s/tests/fuzz/replay.o %s\n\t$(LINK) $(FUZZ_LINK) -o $@ %s.o $(FUZZ_MAIN) %s $(LIBS_test)\n' "$t" "$t" "$B" "$lib" "$t" "$lib"
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
