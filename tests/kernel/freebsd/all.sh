#!/bin/sh
# make check-freebsd-kernel: every story of this folder and every C test beside it, one after the other; says which ran and how each ended.
# Each has a throw-away VNET jail for its host, with its own jails below it, which is gone afterwards.  What needs the machine itself says why in its header: "# host: ..." runs
# on the machine, "# last: ..." too, when all others have ended (it changes the machine for good); "# reboots: ..." wants reboots between its steps and is not run here.
# Root of a machine (or VM) with VIMAGE that may be played with.
# usage: all.sh DIR-WITH-PROGRAMS [NAME...]
set -u
here=$(realpath "$(dirname "$0")")
bin=$(realpath "$1")
shift
stories() { (cd "$here" && grep "$@" ./*.sh | grep -v -e '/lib.sh' -e '/one.sh' -e '/all.sh'); }
[ $# -gt 0 ] || set -- $(stories -L -e '^# last:' -e '^# reboots:') $(cd "$bin/tests/kernel/freebsd" && ls test_* | grep -v '\.[od]$') $(stories -l '^# last:')
passed=0 failed=0 n=0
out=$(mktemp /tmp/jnall.XXXXXX)
table=$(mktemp /tmp/jnall.XXXXXX)

# What is alive in the story's jail.  The jail itself stays while one below it is dying.
inhabitants() { jls name | grep "^$jail\\."; ps -o command= -J "$jail" 2>/dev/null; }

in_jail() { # name
	timeout 1200 jail -c name="$jail" path=/ host.hostname=story vnet children.max=1000 devfs_ruleset=5 allow.raw_sockets exec.clean=0 \
	    command=/bin/sh "$here/one.sh" "$bin" "$1"
	code=$?
	for _ in 1 2 3 4 5; do
		[ -n "$(inhabitants)" ] || return $code
		sleep 1
	done
	echo "FAIL $1: still in its jail:" $(inhabitants)
	jail -R "$jail"
	return 1
}

one() { # name
	if grep -q -s -e '^# host:' -e '^# last:' "$here/$1"; then
		timeout 1200 sh "$here/one.sh" "$bin" "$1"
	else
		in_jail "$1"
	fi
}

# Closed connections (TIME_WAIT) hold a jail for a minute.
jails_go() {
	for _ in $(jot 120); do
		jls -d name | grep -q '^jnstory' || return 0
		sleep 1
	done
	echo "FAIL still dying: $(jls -d name | grep '^jnstory')"
	return 1
}

# no module can be loaded from inside a jail
kldload -n if_epair if_bridge if_vlan netgraph ng_socket ng_ether ng_bridge ng_eiface
for name; do
	name=${name#./}
	case $name in *.sh | test_*) ;; *) name=$name.sh ;; esac
	n=$((n + 1))
	jail=jnstory$$_$n
	echo "=== $name"
	start=$(date +%s)
	grep -q -s '^# last:' "$here/$name" && { jails_go || failed=$((failed + 1)); }
	{ one "$name" 2>&1; echo "code $?"; } | tee "$out"
	code=$(sed -n 's/^code //p' "$out" | tail -1)
	p=$(grep -c '^ok  ' "$out")
	f=$(grep -c '^FAIL' "$out")
	[ "$code" -eq 0 ] || [ "$f" -gt 0 ] || f=1
	passed=$((passed + p))
	failed=$((failed + f))
	printf '%-20s %4d passed, %d failed %5d s\n' "$name" "$p" "$f" $(($(date +%s) - start)) >>"$table"
done
jails_go || failed=$((failed + 1))
left=$(ifconfig -g jailnet; ifconfig -g epair)
[ -z "$left" ] || { echo "FAIL left behind on the machine:" $left; failed=$((failed + 1)); }
echo "==="
cat "$table"
rm -f "$out" "$table"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
