#!/bin/sh
# Bad luck and VLANs on a FreeBSD kernel, through the whole daemon.  Root of a machine (or VM) that may be played with.
# usage: badluck.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
J="$bin/jailnet --timeout 60 --socket $dir/api.sock"
has() { case $1 in *"$2"*) ;; *) echo "$1"; false ;; esac }
apply() { echo "$1" >"$dir/t.json"; $J apply "$dir/t.json"; }
# until the daemon has noticed and repaired; it looks by itself every 30 s where no notification tells it
settled() {
	left=50
	while [ $left -gt 0 ]; do
		"$@" >/dev/null 2>&1 && return 0
		left=$((left - 1))
		sleep 1
	done
	"$@"
}
mac_of() { ifconfig ${3:+-j $3} "$1" 2>/dev/null | awk '/ether/ { print $2 }'; }

modules if_epair if_bridge if_vlan
# an uplink with a router behind it
jail -c name=lan vnet persist path=/
e=$(ifconfig epair create)
u=${e%a}b
ifconfig "$e" name re0 >/dev/null
ifconfig "$u" vnet lan
ifconfig re0 up
jexec lan ifconfig "$u" inet 192.0.2.1/24 up
jexec lan ifconfig vlan10 create vlan 10 vlandev "$u"
jexec lan ifconfig vlan10 inet 10.10.0.1/24 up
jexec lan ifconfig vlan20 create vlan 20 vlandev "$u"
jexec lan ifconfig vlan20 inet 10.20.0.1/24 up

start_daemon || finish

base='"bridges":{"lan0":{"addresses":["10.0.0.1/24"]}},"epairs":{"web0":{"a":{"bridge":"lan0"},"b":{"jail":"web","addresses":["10.0.0.2/24"]}}},"jails":{"web":{}}'
echo "== an epair from outside sits in the unit the kernel would take"
x=$(ifconfig epair create)
ifconfig "$x" name outside_a >/dev/null
ifconfig "${x%a}b" name epair7b >/dev/null
taken=
for _ in 1 2 3 4 5 6 7; do taken="$taken $(ifconfig epair create 2>/dev/null)"; done
ok "apply" apply "{$base}"
ok "probe" $J probe web 10.0.0.1
a=$(mac_of web0a) b=$(jexec web ifconfig web0b | awk '/ether/ { print $2 }')

echo "== root of the jail destroys its half"
jexec web ifconfig web0b destroy
ok "both halves come back" settled $J probe web 10.0.0.1 -c 1
ok "a has its MAC again" same "$a" "$(mac_of web0a)"
ok "b has its MAC again" same "$b" "$(jexec web ifconfig web0b | awk '/ether/ { print $2 }')"

echo "== root of the jail renames it and changes its MAC"
jexec web ifconfig web0b name evil >/dev/null
ok "it gets its name back" settled jexec web ifconfig web0b
jexec web ifconfig web0b ether 02:99:99:99:99:99
ok "it gets its MAC back" settled sh -c "jexec web ifconfig web0b | grep -q $b"
ok "probe" settled $J probe web 10.0.0.1 -c 1

echo "== the host's interfaces are taken down by hand (service netif restart)"
ifconfig web0a down
ifconfig lan0 down
ok "up again" settled $J probe web 10.0.0.1 -c 1
ifconfig lan0 deletem web0a
ok "a member again" settled $J probe web 10.0.0.1 -c 1
echo "== flags of a member that is there already"
port() { ifconfig lan0 | awk -v m="$1" '$1 == "member:" && $2 == m'; }
member() { apply "{\"bridges\":{\"lan0\":{\"addresses\":[\"10.0.0.1/24\"],\"members\":{\"re0\":$1}}},${base#*,}}"; }
ok "a member" member '{}'
ok "no stp" not has "$(port re0)" STP
ok "with stp" member '{"stp":true,"edge":true}'
ok "stp is on" has "$(port re0)" STP
ok "nothing left to do" $J plan "$dir/t.json"
ok "without" member '{}'
ok "stp is off" not has "$(port re0)" STP
ok "nothing left to do" $J plan "$dir/t.json"
ok "apply" apply "{$base}"
echo "== the jail is removed by hand while a connection is in TIME_WAIT"
(nc -l 10.0.0.1 4000 >/dev/null </dev/null &)
sleep 1
(echo x | jexec web nc -N -w 1 10.0.0.1 4000 >/dev/null)
jail -r web
ok "it dies slowly" has "$(jls -d name dying)" "web"
ok "a new one has its interface" settled $J probe web 10.0.0.1 -c 1
ok "with the same MAC" same "$b" "$(jexec web ifconfig web0b | awk '/ether/ { print $2 }')"

echo "== an external jail with the script of the seed: -r, then -c at once"
ext='"bridges":{"lan0":{"addresses":["10.0.0.1/24"]}},"epairs":{"web0":{"a":{"bridge":"lan0"},"b":{"jail":"web","addresses":["10.0.0.2/24"]}},"ext0":{"a":{"bridge":"lan0"},"b":{"jail":"ext","addresses":["10.0.0.3/24"]}}},"jails":{"web":{},"ext":{"manager":"external"}}'
ok "apply" apply "{$ext}"
ok "its end waits on the host" ifconfig ext0b
jail -c name=ext vnet persist path=/
ok "it gets its interface" settled $J probe ext 10.0.0.1 -c 1
(nc -l 10.0.0.1 4001 >/dev/null </dev/null &)
sleep 1
(echo x | jexec ext nc -N -w 1 10.0.0.1 4001 >/dev/null)
jail -r ext
jail -c name=ext vnet persist path=/
ok "and again after a restart" settled $J probe ext 10.0.0.1 -c 1
jls -d name jid dying | sed 's/^/     /'

echo "== the interface is a member of another bridge"
br=$(ifconfig bridge create)
ifconfig "$br" addm re0 up
echo "{$base}" | sed 's/"lan0":{/"lan0":{"members":{"re0":{}},/' >"$dir/t.json"
$J apply "$dir/t.json" 2>&1 | tail -3 | sed 's/^/     /'
ok "moved from there or refused with its name" sh -c "ifconfig lan0 | grep -q 'member: re0' || ifconfig $br | grep -q 'member: re0'"
ok "back" apply "{$base}"
ifconfig "$br" destroy

echo "== an uplink with an address while member_ifaddrs=0"
sysctl -q net.link.bridge.member_ifaddrs=0 >/dev/null 2>&1
ifconfig re0 inet 192.0.2.9/24
echo "{$base}" | sed 's/"lan0":{/"lan0":{"members":{"re0":{}},/' >"$dir/t.json"
out=$($J apply "$dir/t.json" 2>&1)
echo "$out" | sed 's/^/     /'
ok "the kernel's words or taken off" sh -c "ifconfig lan0 | grep -q 'member: re0' || echo '$out' | grep -qi 'invalid argument'"
ok "back" apply "{$base}"
sysctl -q net.link.bridge.member_ifaddrs=1 >/dev/null 2>&1
ifconfig re0 inet 192.0.2.9/24 -alias 2>/dev/null

echo "== vlan(4) as a member of a bridge"
ifconfig vlan10 create vlan 10 vlandev re0
ifconfig vlan10 up
ok "apply" apply '{"bridges":{"lan0":{"members":{"vlan10":{}}}},"epairs":{"web0":{"a":{"bridge":"lan0"},"b":{"jail":"web","addresses":["10.10.0.2/24"]}}},"jails":{"web":{}}}'
ok "probe the router in VLAN 10" settled $J probe web 10.10.0.1 -c 1
echo "== vlan(4) moved into a jail"
ifconfig vlan20 create vlan 20 vlandev re0
ok "apply" apply '{"jails":{"web":{}},"attachments":{"vlan20":{"jail":"web","addresses":["10.20.0.2/24"]}}}'
ok "probe the router in VLAN 20" settled $J probe web 10.20.0.1 -c 1
jexec web ifconfig vlan20 | sed 's/^/     /'
ok "given back" apply '{}'
ok "is on the host again" ifconfig vlan20
ifconfig vlan20 | sed 's/^/     /'
echo "== VLAN filtering: one bridge, two VLANs over the uplink"
ifconfig vlan10 destroy
ifconfig vlan20 destroy
if feature vlan_filter; then
	ok "apply" apply '{"bridges":{"lan0":{"vlan_filter":true,"members":{"re0":{"tagged":[10,20]}}}},"epairs":{"w0":{"a":{"bridge":"lan0","untagged":10},"b":{"jail":"w","addresses":["10.10.0.5/24"]}},"d0":{"a":{"bridge":"lan0","untagged":20},"b":{"jail":"d","addresses":["10.20.0.5/24","10.10.0.6/24"]}}},"jails":{"w":{},"d":{}}}'
	ok "VLAN 10" settled $J probe w 10.10.0.1 -c 1
	ok "VLAN 20" settled $J probe d 10.20.0.1 -c 1
	ok "10 does not reach 20" not $J probe w 10.10.0.6 -c 1
else
	no_filter() { api POST /v1/bridges '{"name": "lan0", "vlan_filter": true}' | grep '^501 .*cannot filter VLANs'; }
	ok "before FreeBSD 15: 501, and why" no_filter
fi
ok "apply nothing" apply '{}'
stop_daemon
jail -r ext 2>/dev/null
jail -r lan
ifconfig re0 destroy
ifconfig outside_a destroy
for i in $taken; do ifconfig "$i" destroy; done
finish
