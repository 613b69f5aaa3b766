#!/bin/sh
# make check-freebsd-kernel: every story of this folder and every C test beside it, one after the other; says which ran and how each ended.
# Root of a machine (or VM) that may be played with.  A story that changes the machine for good says so ("# last: ...") and comes last; one that wants reboots between its
# steps ("# reboots: ...") is not run here.
# usage: all.sh DIR-WITH-PROGRAMS [NAME...]
set -u
here=$(dirname "$0")
bin=$1
shift
[ $# -gt 0 ] || set -- $(cd "$here" && grep -L -e '^# last:' -e '^# reboots:' ./*.sh | grep -v -e '/lib.sh' -e '/all.sh') $(cd "$bin/tests/kernel/freebsd" && ls test_* | grep -v '\.[od]$') \
	$(cd "$here" && grep -l '^# last:' ./*.sh | grep -v '/all.sh')
passed=0 failed=0
out=$(mktemp /tmp/jnall.XXXXXX)
table=$(mktemp /tmp/jnall.XXXXXX)

one() { # name
	case $1 in
	test_*) timeout 1200 "$bin/tests/kernel/freebsd/$1" ;;
	*) timeout 1200 sh "$here/$1" "$bin" ;;
	esac
}

for name; do
	name=${name#./}
	case $name in *.sh | test_*) ;; *) name=$name.sh ;; esac
	echo "=== $name"
	start=$(date +%s)
	{ one "$name" 2>&1; echo "code $?"; } | tee "$out"
	code=$(sed -n 's/^code //p' "$out" | tail -1)
	p=$(grep -c '^ok  ' "$out")
	f=$(grep -c '^FAIL' "$out")
	[ "$code" -eq 0 ] || [ "$f" -gt 0 ] || f=1
	# the next one starts on a machine as this one found it; epairs go in the background
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -z "$(ifconfig -g jailnet)" ] || sleep 1
	done
	left=$(ifconfig -g jailnet; ifconfig -g epair)
	[ -z "$left" ] || { echo "FAIL $name left behind:" $left; f=$((f + 1)); }
	passed=$((passed + p))
	failed=$((failed + f))
	printf '%-20s %4d passed, %d failed %5d s\n' "$name" "$p" "$f" $(($(date +%s) - start)) >>"$table"
done
echo "==="
cat "$table"
rm -f "$out" "$table"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
