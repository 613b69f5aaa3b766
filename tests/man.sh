#!/bin/sh
# The manual pages are clean, and know every key of jailnetd.conf, every command of jailnet and every option of both programs.
# usage: man.sh BUILDDIR
set -u
B=$1
bad=0
say() { echo "man: $*"; bad=1; }

for f in docs/man/*.[58]; do
    # pages of FreeBSD that a Linux machine does not have
    out=$(mandoc -Tlint "$f" 2>&1 | grep -v "referenced manual not found")
    [ -z "$out" ] || say "$out"
done
# STR_KEY("state_dir", ...), NUM_KEY, BOOL_KEY
for key in $(sed -nE 's/^[[:space:]]*[A-Z]+_KEY\("([a-z_]+)".*/\1/p' worker/options.c); do
    grep -q "^\.It Va $key\$" docs/man/jailnetd.conf.5 || say "jailnetd.conf.5 does not know $key"
done
for key in $(sed -n 's/^\.It Va //p' docs/man/jailnetd.conf.5); do
    grep -q "\"$key\"" worker/options.c || say "jailnetd.conf.5 tells of $key, which is no key"
done
usage=$("$B/jailnet" -h) || say "jailnet -h"
for command in $(echo "$usage" | sed -nE 's/^  ([a-z][a-z-]*) .*/\1/p'); do
    grep -q "^\.It Cm $command\( \|$\)" docs/man/jailnet.8 || say "jailnet.8 does not know $command"
done
options() { grep -oE -- '--[a-z-]+' | sort -u | sed 's/^-//'; }
for o in $(echo "$usage" | sed -n '/^options:/,$p' | options); do
    grep -q -- "Fl $o\( \|$\)" docs/man/jailnet.8 || say "jailnet.8 does not know -$o"
done
for o in $("$B/jailnetd" -h | options); do
    grep -q -- "Fl $o\( \|$\)" docs/man/jailnetd.8 || say "jailnetd.8 does not know -$o"
done
[ $bad -eq 0 ] && echo "man: clean"
exit $bad
