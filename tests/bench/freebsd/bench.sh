#!/bin/sh
# make bench on FreeBSD: the driver beside a bare loop of the same requests, jib beside both, and a whole daemon's second look.
# Everything happens in a VNET jail of its own.  Root.  usage: bench.sh BUILDDIR [N] [ROUNDS]
set -u
B=$(realpath "$1") N=${2:-50} ROUNDS=${3:-5}
if [ "$(id -u)" -ne 0 ]; then
	echo "bench: the kernel makes interfaces for root only: run it as root" >&2
	exit 1
fi
if [ "${JN_INSIDE:-}" = "" ]; then
	here=$(realpath "$0")
	kldload -n if_epair if_bridge
	exec jail -c name=jnbench$$ path=/ vnet children.max=1000 host.hostname=bench devfs_ruleset=5 allow.raw_sockets exec.clean=0 \
	    command=/usr/bin/env JN_INSIDE=1 /bin/sh "$here" "$B" "$N" "$ROUNDS"
fi
uname -srvm
pairs=$(mktemp /tmp/jnpairs.XXXXXX)
"$B/tests/bench/freebsd/loops" "$N" "$ROUNDS" >"$pairs" || exit 1
cat "$pairs"

jib=/usr/share/examples/jails/jib
if [ -f $jib ]; then
	e=$(ifconfig epair create)
	ifconfig "$e" name up0 >/dev/null
	all=$(jot "$N" 1)
	/usr/bin/time -p sh -c "for i in $(echo $all); do sh $jib addm bench\$i up0; done" 2>&1 >/dev/null | awk -v n="$N" '
		FNR == NR { if (/^pairs created/) { bare = $3 / n; ours = $4 / n }; next }
		$1 == "real" { jib = $2 * 1000 / n
			printf "jib addm: %.0f ms a pair (%d runs), jailnet %.2f: %.0f times, bare loop %.2f: %.0f times\n", jib, n, ours, jib / ours, bare, jib / bare }' "$pairs" -
	for i in $all; do sh $jib destroy bench$i; done
	ifconfig up0bridge destroy
	ifconfig up0 destroy
fi

dir=$(mktemp -d /tmp/jnbench.XXXXXX)
chmod 755 "$dir"
J="$B/jailnet --socket $dir/api.sock"
printf 'state_dir = %s/state\nsocket = %s/api.sock\nlisten = none\n' "$dir" "$dir" >"$dir/conf"
"$B/jailnetd" -f -c "$dir/conf" >"$dir/log" 2>&1 &
daemon=$!
tries=100
until $J show daemon >/dev/null 2>&1 || [ $tries -eq 0 ]; do sleep 0.2; tries=$((tries - 1)); done
awk -v n="$N" 'BEGIN {
	printf "{\"bridges\":{\"br0\":{}},\"epairs\":{"
	for (i = 0; i < n; i++) printf "%s\"p%d\":{\"a\":{\"bridge\":\"br0\"},\"b\":{\"jail\":\"j%d\",\"addresses\":[\"10.8.0.%d/16\"]}}", i ? "," : "", i, i, i + 2
	printf "},\"jails\":{"
	for (i = 0; i < n; i++) printf "%s\"j%d\":{}", i ? "," : "", i
	printf "}}\n" }' >"$dir/t.json"
echo '{}' >"$dir/none.json"
seconds() { /usr/bin/time -p "$@" 2>&1 >/dev/null | awk '$1 == "real" { print $2 }'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
for what in made again gone; do : >"$dir/$what"; done
for _ in $(jot "$ROUNDS" 1); do
	seconds $J apply "$dir/t.json" >>"$dir/made"
	$J plan "$dir/t.json" >/dev/null || echo "bench: $N jails were not made: $($J drift | head -3)"
	seconds $J apply "$dir/t.json" >>"$dir/again"
	seconds $J apply "$dir/none.json" >>"$dir/gone"
done
kill $daemon
wait $daemon
echo "$(median <"$dir/made") $(median <"$dir/again") $(median <"$dir/gone")" | awk -v n="$N" '{ printf "daemon, %d jails with a pair and an address: made in %.2f s, the same again in %.2f s (%.1f %%), removed in %.2f s\n", n, $1, $2, $2 / $1 * 100, $3 }'
echo "the same again, each round: $(tr '\n' ' ' <"$dir/again")"
rm -rf "$dir" "$pairs"
