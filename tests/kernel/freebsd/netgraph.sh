#!/bin/sh
# Bridges of backend "netgraph" on a FreeBSD kernel: built, seen, moved to and fro, and gone without a trace.
# usage: netgraph.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"

net() { # backend
	printf '{"bridges": {"lan0": {"backend": "%s", "addresses": ["192.0.2.1/24", "2001:db8::1/64"]}}, "jails": {' "$1"
	for i in 1 2 3; do printf '%s"j%d": {}' "$([ $i = 1 ] || echo ,)" $i; done
	printf '}, "epairs": {'
	for i in 1 2 3; do
		printf '%s"e%d": {"a": {"bridge": "lan0"}, "b": {"jail": "j%d", "addresses": ["192.0.2.1%d/24", "2001:db8::1%d/64"]}}' "$([ $i = 1 ] || echo ,)" $i $i $i $i
	done
	printf '}}'
}
node() { ngctl show "jailnet_lan0:" 2>/dev/null; }
hooks() { node | awk '$3 == "ether"' | wc -l | tr -d ' '; }
nodes() { ngctl list 2>/dev/null | grep -c -e bridge -e eiface; }
macs() { for i in 1 2 3; do mac_of j$i e${i}b; done; ifconfig lan0 | awk '$1 == "ether" { print $2 }'; }
reach() {
	for i in 1 2 3; do
		ok "j$i reaches the host" $J probe j$i 192.0.2.1 -c 2
		ok "j$i reaches the host, IPv6" $J probe j$i 2001:db8::1 -c 2
	done
	ok "j1 reaches j3" $J probe j1 192.0.2.13 -c 2
	ok "j3 reaches j2, IPv6" $J probe j3 2001:db8::12 -c 2
}
still() { ok "nothing left to do" $J plan "$dir/topology.json"; ok "no drift" $J drift; }

shape() { ifconfig re0 | grep -v -e groups -e nd6 -e description; }

modules if_epair if_bridge
jail -c name=lan vnet persist path=/
e=$(ifconfig epair create)
ifconfig "$e" name re0 >/dev/null
ifconfig "${e%a}b" vnet lan
ifconfig re0 inet 203.0.113.1/24 up
jexec lan ifconfig "${e%a}b" inet 192.0.2.254/24 up
jexec lan ifconfig "${e%a}b" inet 203.0.113.2/24 alias
start_daemon || exit 1
echo "== made"
net netgraph | ok "apply" apply
net netgraph >"$dir/topology.json"
ok "it is an ng_bridge" eventually 20 node
node
ok "with the three epairs" same "$(hooks)" 3
ok "and no if_bridge" not sh -c 'ifconfig -g bridge | grep -q .'
reach
still
before=$(macs)

echo "== the daemon is killed and starts again"
kill -9 "$daemon"; wait "$daemon" 2>/dev/null
ok "its server ends" eventually 50 not $J show daemon
start_daemon || exit 1
# a plan that is asked for before the first look knows of nothing
eventually 100 $J plan "$dir/topology.json" >/dev/null
still
ok "the same addresses" same "$before" "$(macs)"
reach

echo "== an epair more, one less, a port that is taken away by hand"
ok "one more" sh -c "printf '{\"name\": \"e4\", \"a\": {\"bridge\": \"lan0\"}, \"b\": {\"jail\": \"j1\", \"addresses\": [\"192.0.2.14/24\"]}}' | curl -sS --fail-with-body --unix-socket $dir/api.sock -H 'Content-Type: application/json' --data-binary @- http://localhost/v1/epairs"
ok "four ports" same "$(hooks)" 4
ok "one less" curl -sS --fail-with-body --unix-socket "$dir/api.sock" -X DELETE http://localhost/v1/epairs/e4
ok "three ports" same "$(hooks)" 3
link=$(node | awk '$2 == "e2a" { print $1 }')
ok "the hook of e2a ($link) is removed by hand" ngctl rmhook jailnet_lan0: "$link"
ok "it comes back" eventually 400 sh -c 'ngctl show jailnet_lan0: | grep -q " e2a "'
ok "j2 reaches the host" $J probe j2 192.0.2.1 -c 2

echo "== to if_bridge and back"
for backend in if_bridge netgraph if_bridge netgraph; do
	ok "PATCH backend $backend" curl -sS --fail-with-body --unix-socket "$dir/api.sock" -X PATCH -H 'Content-Type: application/merge-patch+json' --data "{\"backend\": \"$backend\"}" http://localhost/v1/bridges/lan0
	net $backend >"$dir/topology.json"
	reach
	still
	ok "the same addresses" same "$before" "$(macs)"
	if [ $backend = netgraph ]; then
		ok "three ports" same "$(hooks)" 3
	else
		ok "no node is left" same "$(nodes)" 0
	fi
done

echo "== an uplink with an address of its own"
before=$(shape)
ok "re0 is a member" curl -sS --fail-with-body --unix-socket "$dir/api.sock" -X PATCH -H 'Content-Type: application/merge-patch+json' --data '{"members": {"re0": {}}}' http://localhost/v1/bridges/lan0
ok "four ports, the host's side of re0 is a fifth" same "$(hooks)" 5
ok "a jail reaches what is beyond it" $J probe j1 192.0.2.254 -c 2
ok "and so does re0's own address" ping -c 2 -W 2000 -S 203.0.113.1 203.0.113.2
ok "nothing left to do" $J drift
ok "re0 leaves" curl -sS --fail-with-body --unix-socket "$dir/api.sock" -X PATCH -H 'Content-Type: application/merge-patch+json' --data '{"members": null}' http://localhost/v1/bridges/lan0
ok "three ports" same "$(hooks)" 3
ok "re0 is as it was" same "$before" "$(shape)"
ok "and its own address works" ping -c 2 -W 2000 -S 203.0.113.1 203.0.113.2

echo "== what it cannot"
ok "spanning tree is refused" refused "spanning tree" curl -sS --fail-with-body --unix-socket "$dir/api.sock" -X PATCH -H 'Content-Type: application/merge-patch+json' --data '{"stp": true}' http://localhost/v1/bridges/lan0
ok "VLANs are refused" refused "VLAN" curl -sS --fail-with-body --unix-socket "$dir/api.sock" -X PATCH -H 'Content-Type: application/merge-patch+json' --data '{"vlan_filter": true}' http://localhost/v1/bridges/lan0
still

echo "== nodes shut down by hand"
ok "the bridge" ngctl shutdown jailnet_lan0:
ok "all of it comes back" eventually 400 $J probe j1 192.0.2.13 -c 1
reach
still
ok "the bridge's interface" ngctl shutdown jailnet_lan0:link0
ok "it comes back" eventually 400 $J probe j1 192.0.2.1 -c 1
reach
still

echo "== gone"
echo '{}' | ok "an empty topology" apply
ok "no node is left" same "$(nodes)" 0
ok "no interface is left" not ifconfig lan0
jail -r lan
ifconfig re0 destroy
finish
