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
node() { ngctl show "lan0bridge:" 2>/dev/null; }
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
ok "the names are jng's" sh -c 'ngctl show lan0bridge: | grep -q "link0  *lan0  *eiface  *[0-9a-f]*  *ether"'
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
ok "the hook of e2a ($link) is removed by hand" ngctl rmhook lan0bridge: "$link"
ok "it comes back" eventually 400 sh -c 'ngctl show lan0bridge: | grep -q " e2a "'
ok "j2 reaches the host" $J probe j2 192.0.2.1 -c 2

echo "== to if_bridge and back"
for backend in if_bridge netgraph if_bridge netgraph; do
	ok "PATCH backend $backend" merge /v1/bridges/lan0 "{\"backend\": \"$backend\"}"
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
ok "re0 is a member" merge /v1/bridges/lan0 '{"members": {"re0": {}}}'
ok "four ports, the host's side of re0 is a fifth" same "$(hooks)" 5
ok "a jail reaches what is beyond it" $J probe j1 192.0.2.254 -c 2
ok "and so does re0's own address" ping -c 2 -W 2000 -S 203.0.113.1 203.0.113.2
ok "nothing left to do" $J drift
ok "re0 leaves" merge /v1/bridges/lan0 '{"members": null}'
ok "three ports" same "$(hooks)" 3
ok "re0 is as it was" same "$before" "$(shape)"
ok "and its own address works" ping -c 2 -W 2000 -S 203.0.113.1 203.0.113.2

echo "== what it cannot"
ok "spanning tree is refused" refused "spanning tree" merge /v1/bridges/lan0 '{"stp": true}'
ok "VLANs are refused" refused "VLAN" merge /v1/bridges/lan0 '{"vlan_filter": true}'
still

echo "== nodes shut down by hand"
ok "the bridge" ngctl shutdown lan0bridge:
ok "all of it comes back" eventually 400 $J probe j1 192.0.2.13 -c 1
reach
still
ok "the bridge's interface" ngctl shutdown lan0bridge:link0
ok "it comes back" eventually 400 $J probe j1 192.0.2.1 -c 1
reach
still

echo "== nodes of others"
ngctl mkpeer re0: bridge lower link0
ngctl name re0:lower oth0bridge
net netgraph | sed 's|"bridges": {|&"oth0": {"backend": "netgraph"}, |' >"$dir/oth.json"
ok "a bridge as jng makes it is not taken for ours" refused "oth0bridge, not made by jailnet" $J apply "$dir/oth.json"
ok "it is as it was" sh -c 'ngctl show oth0bridge: | grep -q "link0  *re0  *ether" && ngctl show oth0bridge: | grep -q "hooks: 1"'
ok "no interface is left of the attempt" not sh -c 'ifconfig -l | grep -q -e oth0 -e ngeth'
ok "what is ours works" $J probe j1 192.0.2.13 -c 1
ngctl shutdown oth0bridge:
ok "when it is gone, ours is made" $J apply "$dir/oth.json"
ok "under that name" sh -c 'ngctl show oth0bridge: | grep -q "link0  *oth0  *eiface"'
ok "and away again" $J apply "$dir/topology.json"
ok "without a trace" not ngctl show oth0bridge:
ngctl mkpeer eiface x ether
other=$(ifconfig -l | tr ' ' '\n' | grep ngeth)
ngctl mkpeer "$other:" bridge ether link0
ngctl name "$other:ether" mine0bridge
ok "somebody's own is no drift" $J drift
still
ok "and stays" sh -c "ngctl show mine0bridge: | grep -q 'link0 *$other *eiface'"
ngctl shutdown mine0bridge:
ngctl shutdown "$other:"

echo "== gone"
echo '{}' | ok "an empty topology" apply
ok "no node is left" same "$(nodes)" 0
ok "no interface is left" not ifconfig lan0
jail -r lan
ifconfig re0 destroy
finish
