#!/bin/sh
# Bad luck: what root of a jail, other programs and the kernel do to us.
# usage: mishaps.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
modules if_epair if_bridge
e=$(ifconfig epair create)
ifconfig "$e" name re0 >/dev/null
ifconfig re0 up

start_daemon || finish
cat >"$dir/net.json" <<T
{"bridges": {"br7": {"addresses": ["10.7.0.1/24"]}},
 "epairs": {"w1": {"a": {"bridge": "br7"}, "b": {"jail": "web1", "addresses": ["10.7.0.11/24"]}},
            "w2": {"a": {"bridge": "br7"}, "b": {"jail": "web2", "addresses": ["10.7.0.12/24"]}}},
 "jails": {"web1": {"routes": {"default": "10.7.0.1"}}, "web2": {}}}
T
whole() { $J drift >/dev/null && $J probe web1 10.7.0.1 -c 1 >/dev/null && $J probe web1 10.7.0.12 -c 1; }
works() { # tenths of a second
	eventually "$1" whole && return
	$J drift
	$J events | tail -15
	ifconfig -a
	arp -an
	for j in web1 web2; do jexec $j ifconfig -a; jexec $j netstat -rn -f inet; jexec $j arp -an; done
	return 1
}
ok "apply" $J apply "$dir/net.json"
ok "all of it works" works 50
mac=$(mac_of web1 w1b)
same_mac() { same "$mac" "$(mac_of web1 w1b)"; }
maca=$(ifconfig w1a | awk '$1 == "ether" { print $2 }')

echo "== root of the jail"
ok "destroys its half" jexec web1 ifconfig w1b destroy
ok "both halves were gone and are back" works 150
ok "with the MAC it had" same "$mac" "$(mac_of web1 w1b)"
ok "the host's half too" same "$maca" "$(ifconfig w1a | awk '$1 == "ether" { print $2 }')"
ok "an event says who it was, likely" event 'root of jail web1'
$J events | grep -i drift | tail -3
ok "renames it" jexec web1 ifconfig w1b name mine0
ok "it has its name again" eventually 300 jexec web1 ifconfig w1b
ok "all of it works" works 300
ok "changes its MAC" jexec web1 ifconfig w1b ether 02:00:de:ad:be:ef
ok "it has its MAC again" eventually 300 same_mac
ok "all of it works" works 300

echo "== units that others took"
u1=$(ifconfig epair create)
ifconfig "$u1" name other0 >/dev/null
ok "a foreign interface is called epair9b" ifconfig "${u1%a}b" name epair9b
ten=$(for n in 1 2 3 4 5 6 7 8 9 10; do printf ', "o%d": {"a": {"bridge": "br7"}, "b": {"jail": "web2"}}' $n; done)
sed "s|\"10.7.0.12/24\"\\]}}}|\"10.7.0.12/24\"]}}$ten}|" "$dir/net.json" >"$dir/net10.json"
ok "ten more epairs" $J apply "$dir/net10.json"
ok "all ten are in the jail" same 10 "$(jexec web2 ifconfig -l | tr ' ' '\n' | grep -c '^o[0-9]*b$')"
ok "and away again" $J apply "$dir/net.json"
ifconfig other0 destroy

echo "== rc.d"
ok "service netif restart" service netif onerestart
ok "all of it works" works 300
ok "devd's quietstart" /etc/rc.d/netif quietstart re0
ok "all of it works" works 300

echo "== a jail removed by hand while interfaces move"
n=0
while [ $n -lt 5 ]; do
	jail -r web1 2>/dev/null &
	$J restart web1 >/dev/null 2>&1
	wait $!
	n=$((n + 1))
done
ok "all of it works" works 300
ok "with the MAC it had" same "$mac" "$(mac_of web1 w1b)"

echo "== uplinks"
with_uplink() { sed "s|\"addresses\": \\[\"10.7.0.1/24\"\\]|\"addresses\": [\"10.7.0.1/24\"], \"members\": {\"re0\": {}}|" "$dir/net.json"; }
with_uplink >"$dir/up.json"
b=$(ifconfig bridge create)
in_bridge() { ifconfig "$1" | grep -q 'member: re0'; }
ifconfig "$b" addm re0 2>/dev/null
ok "a member of another bridge is taken from there (the kernel says EBUSY otherwise)" $J apply "$dir/up.json"
ok "it is in ours" in_bridge br7
ok "and given back" $J apply "$dir/net.json"
ok "to the bridge it was in" in_bridge "$b"
ifconfig "$b" destroy
ifconfig re0 inet 10.6.0.1/24
if sysctl -q net.link.bridge.member_ifaddrs=0 >/dev/null 2>&1; then
	ok "one with an address is refused while member_ifaddrs=0" refused "member_ifaddrs=0 forbids" $J apply "$dir/up.json"
	$J apply "$dir/up.json" 2>&1 | head -4
else
	ok "one with an address is taken: this kernel has no member_ifaddrs" $J apply "$dir/up.json"
	ok "and given back" $J apply "$dir/net.json"
fi
ok "it kept its address" sh -c "ifconfig re0 | grep -q 10.6.0.1"
ok "what was there still works" works 100
ifconfig re0 inet 10.6.0.1 delete
sysctl -q net.link.bridge.member_ifaddrs=1 >/dev/null 2>&1
ok "and is taken when it is free" $J apply "$dir/up.json"
ok "all of it works" works 100
ok "and given back" $J apply "$dir/net.json"
ok "in no bridge" refused "" sh -c "ifconfig br7 | grep 'member: re0'"

echo "== the bridge's address is the host's first: members answer for it, too (in_arpinput), unless they do no ARP"
sysctl -q net.link.bridge.member_ifaddrs=0 >/dev/null 2>&1
for a in $(ifconfig -a | awk '$1 == "inet" && $2 !~ /^10\.7\./ { print $2 }'); do
	i=$(ifconfig -a | awk -v a="$a" '/^[a-z]/ { i = $1 } $2 == a { sub(":", "", i); print i }')
	ifconfig "$i" inet "$a" delete
	[ "$i" != lo0 ] || ifconfig lo0 inet "$a/8"
done
learns() { # the MAC of br7, three times
	for n in 1 2 3; do
		jexec web1 arp -d -a
		$J probe web1 10.7.0.1 -c 1 && same "$(ifconfig br7 | awk '$1 == "ether" { print $2 }')" "$(jexec web1 arp -n 10.7.0.1 | awk '{ print $4 }')" || return 1
	done
}
ok "the jail learns the bridge's MAC" learns
noarp() { ifconfig "$1" | grep -q NOARP; }
ok "the member does no ARP" noarp w1a
ok "it leaves" merge /v1/epairs/w1 '{"a": {"bridge": null}}'
ok "it does again when it has left" eventually 50 not noarp w1a
ok "and not when it is back" $J apply "$dir/net.json"
ok "does it not" noarp w1a
sysctl -q net.link.bridge.member_ifaddrs=1 >/dev/null 2>&1
ok "all of it works" works 100

echo '{}' | apply >/dev/null
ifconfig re0 destroy
finish
