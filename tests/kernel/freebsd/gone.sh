#!/bin/sh
# Many epairs deleted through the API: the answer does not wait for the kernel, nothing of them is seen, and they end behind it.
# usage: gone.sh DIR-WITH-PROGRAMS [N]
set -u
. "$(dirname "$0")/lib.sh"
n=${2:-50}
modules if_epair if_bridge
J="$J --timeout 120"
left() { ifconfig -l | tr ' ' '\n' | grep -c '^jngone'; }
none_left() { [ "$(left)" -eq 0 ]; }
some_left() { [ "$(left)" -gt 0 ]; }
seconds() { /usr/bin/time -p "$@" 2>&1 >/dev/null | awk '$1 == "real" { print $2 }'; }

awk -v n="$n" 'BEGIN {
	printf "{\"bridges\":{\"br0\":{\"addresses\":[\"10.8.0.1/16\"]}},\"jails\":{\"j\":{}},\"epairs\":{\"in\":{\"a\":{\"bridge\":\"br0\"},\"b\":{\"jail\":\"j\",\"addresses\":[\"10.8.0.2/16\"]}}"
	for (i = 0; i < n; i++) printf ",\"p%d\":{\"a\":{\"bridge\":\"br0\"},\"b\":{}}", i
	printf "}}\n" }' >"$dir/all.json"
echo '{"bridges":{"br0":{"addresses":["10.8.0.1/16"]}},"jails":{"j":{}}}' >"$dir/few.json"

start_daemon || finish
ok "$n pairs, and one with a half in a jail" $J apply "$dir/all.json"
eventually 50 $J probe j 10.8.0.1 -c 1
echo "== all of them deleted"
t=$(seconds $J apply "$dir/few.json")
rest=$(left)
echo "     answered in $t s, $rest halves left to destroy"
ok "the answer came before the end" some_left
ok "no drift" $J drift
ok "they are not seen" not sh -c "$J show interfaces | grep jngone"
ok "they are no leak" sh -c "curl -s --unix-socket $dir/api.sock http://localhost/metrics | grep '^jailnetd_leaked_objects 0'"
ok "nobody can take them over" not sh -c "$J import host 2>&1 | grep jngone"
echo "== the same again, while they go"
ok "apply" $J apply "$dir/all.json"
ok "the old ones are still going" some_left
ok "the jail answers over its new pair" eventually 50 $J probe j 10.8.0.1 -c 1
ok "no drift" $J drift
begin=$(date +%s)
ok "the old ones are gone" eventually 600 none_left
echo "     $(($(date +%s) - begin)) s later"
ok "no drift" $J drift
ok "nothing was repaired" not event drift
echo "== the daemon dies while they go"
ok "deleted" $J apply "$dir/few.json"
kill -9 "$daemon"; wait "$daemon" 2>/dev/null
ok "some are left" some_left
sleep 2
start_daemon
ok "and they go" eventually 900 none_left
ok "no drift" $J drift

echo "== the daemon is stopped right after"
ok "made" $J apply "$dir/all.json"
ok "deleted" $J apply "$dir/few.json"
stop_daemon
ok "they go all the same" eventually 900 none_left
start_daemon

echo "== a sandbox ends while they go"
"$bin/jailnetd" --sandbox -f --socket "$dir/s.sock" >"$dir/sandbox.log" 2>&1 &
sandbox=$!
S="$bin/jailnet --timeout 120 --socket $dir/s.sock"
ok "it starts" eventually 150 $S show daemon
ok "pairs in it" $S apply "$dir/all.json"
ok "deleted" $S apply "$dir/few.json"
kill $sandbox
wait $sandbox
ok "nothing of it stays" eventually 900 not sh -c "jls -d name | grep sandbox"
finish
