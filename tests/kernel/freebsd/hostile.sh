#!/bin/sh
# Root of a jail stops and kills every process of ours that comes in: that jail is left alone, everything else goes on.
# usage: hostile.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
modules if_epair if_bridge

start_daemon || finish
cat >"$dir/net.json" <<T
{"bridges": {"br6": {"addresses": ["10.6.0.1/24"]}},
 "epairs": {"bad": {"a": {"bridge": "br6"}, "b": {"jail": "bad", "addresses": ["10.6.0.11/24"]}},
            "good": {"a": {"bridge": "br6"}, "b": {"jail": "good", "addresses": ["10.6.0.12/24"]}}},
 "jails": {"bad": {}, "good": {}}}
T
sed 's/"good": {}}/"good": {}, "new": {}}/' "$dir/net.json" >"$dir/more.json"
ok "apply" $J apply "$dir/net.json"
ok "nothing left to do" $J plan "$dir/net.json"
index() { ifconfig -f inet:cidr "$1" >/dev/null && netstat -I "$1" -bn | awk 'NR == 2 { print $3 }'; }
mac=$(mac_of bad badb)
before=$(index bada)
# an interface that comes and goes makes it look: each look is one child that has to be caught
reason() { ifconfig "$(ifconfig lo create)" destroy; $J --json show jails bad | grep -q 'left alone'; }

for sig in STOP KILL; do
	echo "== SIG$sig to all that come into the jail"
	# the shell's own kill: pkill, a process for each look, comes too late on a busy machine
	jexec bad /bin/sh -c "while :; do kill -$sig -1; done" 2>/dev/null &
	bad=$!
	sleep 1
	ok "its status says that it is left alone" eventually 600 reason
	ok "another jail is made meanwhile" $J apply "$dir/more.json"
	ok "it is there" jls -j new name
	ok "and goes again" $J apply "$dir/net.json"
	ok "the other jail is looked after" jexec good ifconfig goodb down
	ok "its interface is up again" eventually 600 sh -c 'jexec good ifconfig goodb | grep -q "<UP"'
	kill -KILL $bad
	wait $bad 2>/dev/null
	ok "the jail has its interface, with its MAC" same "$mac" "$(mac_of bad badb)"
	ok "it is the one it had" same "$before" "$(index bada)"
	ok "nothing left to do" eventually 600 $J plan "$dir/net.json"
done
finish
