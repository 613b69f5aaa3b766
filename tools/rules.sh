#!/bin/sh
# One explicit rule per C file: GNU make and FreeBSD make have no pattern-rule syntax in common.
# usage: rules.sh BUILDDIR > BUILDDIR/rules.mk
set -eu
B=$1
for src in core/*.c convert/*.c store/*.c api/*.c server/*.c server/linux/*.c server/freebsd/*.c worker/*.c worker/linux/*.c worker/freebsd/*.c cli/*.c cli/*/*.c \
    tests/unit/*.c tests/unit/*/*.c tests/props/*.c tests/fake/*.c tests/kernel/*/*.c tests/bench/*.c tests/bench/freebsd/*.c tests/fault/*.c tests/fuzz/*.c \
    tests/fuzz/linux/*.c; do
    [ -f "$src" ] || continue
    obj=$B/${src%.c}.o
    mkdir -p "$(dirname "$obj")"
    printf '%s: %s\n\t$(CC) $(ALL_CFLAGS) -c -o $@ %s\n' "$obj" "$src" "$src"
    [ -f "${obj%.o}.d" ] && printf 'include %s\n' "${obj%.o}.d"
done
exit 0
