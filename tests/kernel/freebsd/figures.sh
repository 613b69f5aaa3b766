#!/bin/sh
# The three figures of the document everything starts from, on a FreeBSD kernel, proved with packets.  Root of a machine (or VM) that may be played
# with: it makes an interface re0, half of an epair whose other half is the router of a LAN in a jail of its own.
# usage: figures.sh DIR-WITH-PROGRAMS [DIR-WITH-EXAMPLES]
set -u
. "$(dirname "$0")/lib.sh"
examples=${2:-$(dirname "$0")/../../../openapi/examples}

probe() { ok "$1 reaches $2" $J probe "$1" "$2" -c 2; }
no_probe() { ok "$1 does not reach $2" not $J probe "$1" "$2" -c 1; }
shape() { ifconfig re0 | grep -v -e groups -e nd6 | sed 's/[0-9]* *description.*//'; }

# --- the LAN beyond the uplink ---
modules if_epair if_bridge
jail -c name=lan vnet persist path=/
e=$(ifconfig epair create)
ifconfig "$e" name re0 >/dev/null
ifconfig "${e%a}b" vnet lan
ifconfig re0 up
jexec lan ifconfig "${e%a}b" inet 192.0.2.1/24 up
jexec lan ifconfig "${e%a}b" inet6 2001:db8:0:1::1/64 no_dad
jexec lan sysctl -q net.inet.ip.forwarding=1 net.inet6.ip6.forwarding=1 >/dev/null

start_daemon || finish
before=$(shape)

for figure in 1 2 3 2 3; do
	echo "== figure $figure"
	ok "apply figure $figure" $J apply "$examples/figure-$figure.json"
	ok "nothing left to do" $J plan "$examples/figure-$figure.json"
	ok "no drift" $J drift
	case $figure in
	1)
		for g in guest1 guest2 guest3; do
			probe $g 192.0.2.1
			probe $g 2001:db8:0:1::1
			probe $g 192.0.2.2
		done
		probe guest1 192.0.2.12
		probe guest3 2001:db8:0:1::11
		;;
	2)
		# the host is the router between the two subnets
		sysctl -q net.inet.ip.forwarding=1 net.inet6.ip6.forwarding=1 >/dev/null
		probe guest1 198.51.100.13
		probe guest3 192.0.2.11
		probe guest4 2001:db8:0:1::12
		probe guest2 2001:db8:0:2::14
		probe guest3 198.51.100.14
		sysctl -q net.inet.ip.forwarding=0 net.inet6.ip6.forwarding=0 >/dev/null
		;;
	3)
		jexec lan route -q delete 198.51.100.0/24 >/dev/null 2>&1
		jexec lan route -q add 198.51.100.0/24 192.0.2.13 >/dev/null
		jexec lan route -q delete -inet6 2001:db8:0:2::/64 >/dev/null 2>&1
		jexec lan route -q add -inet6 2001:db8:0:2::/64 2001:db8:0:1::13 >/dev/null
		for g in guest1 guest2 guest3 guest4 guest5; do
			probe $g 192.0.2.1
			probe $g 2001:db8:0:1::1
		done
		probe guest4 198.51.100.15
		ok "stop guest3" $J stop guest3
		no_probe guest4 192.0.2.1
		no_probe guest5 2001:db8:0:1::1
		probe guest4 198.51.100.15
		probe guest1 192.0.2.1
		ok "start guest3" $J start guest3
		probe guest4 192.0.2.1
		probe guest5 2001:db8:0:1::1
		;;
	esac
done
mac=$(jexec guest4 ifconfig | grep ether)
ok "restart guest4" $J restart guest4
ok "with the same MACs" same "$mac" "$(jexec guest4 ifconfig | grep ether)"
probe guest4 192.0.2.1

echo "== everything away"
echo '{}' >"$dir/empty.json"
ok "apply nothing" $J apply "$dir/empty.json"
ok "the uplink is as it was found" same "$before" "$(shape)"
ok "no jail of ours is left" same "lan" "$(jls name | tr '\n' ' ' | sed 's/ $//')"
ok "no bridge is left" same "" "$(ifconfig -g bridge)"
# pairs that are out of sight go in the background
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ -z "$(ifconfig -g jailnet)" ] || sleep 1
done
ok "no mark is left" same "" "$(ifconfig -g jailnet)"
jail -r lan
ifconfig re0 destroy
finish
