#!/bin/sh
# The exported configuration boots: rc.conf and jail.conf as jailnet exports them make the same network on a machine that boots without jailnet.
# Root of a machine (or VM) that may be played with.
# reboots: three steps with a reboot between each two,
#	export-boot.sh uplink				an uplink re0 at boot, half of a pair whose other half is the router of a LAN in a jail "lan"
#	export-boot.sh before DIR-WITH-PROGRAMS TOPOLOGY STATE	makes the network with jailnet, writes down what it is, takes it away and adds the
#							exports to /etc/rc.conf and /etc/jail.conf
#	export-boot.sh after STATE			is it the same network?  Nothing of jailnet may run.
set -u
usage() { echo "usage: export-boot.sh uplink | before DIR-WITH-PROGRAMS TOPOLOGY STATE | after STATE" >&2; exit 2; }

# The addresses that figures.sh gives its LAN; the router's MAC is a new one at each boot.
uplink() {
	cat >>/etc/rc.conf <<-T
	cloned_interfaces="epair99"
	ifconfig_epair99a_name="re0"
	ifconfig_re0="up"
	gateway_enable="YES"
	ipv6_gateway_enable="YES"
	jail_enable="YES"
	T
	cat >>/etc/jail.conf <<-T
	lan {
		vnet;
		vnet.interface = "epair99b";
		path = "/";
		persist;
		exec.start += "/sbin/ifconfig epair99b inet 192.0.2.1/24 up";
		exec.start += "/sbin/ifconfig epair99b inet6 2001:db8:0:1::1/64";
		exec.start += "/sbin/sysctl net.inet.ip.forwarding=1 net.inet6.ip6.forwarding=1";
		exec.start += "/sbin/route add 198.51.100.0/24 192.0.2.13";
		exec.start += "/sbin/route -6 add 2001:db8:0:2::/64 2001:db8:0:1::13";
	}
	T
}

# The host is "": a jail cannot be called so.
in_jail() { # jail, command...
	j=$1; shift
	if [ -n "$j" ]; then jexec "$j" "$@"; else "$@"; fi
}
jails() { jls name | sort; }
interfaces() { # jail
	in_jail "$1" ifconfig -l | tr ' ' '\n' | grep -v -e '^lo[0-9]' -e '^vtnet' | sort
}

# One line for each fact: interface, MAC, MTU, up, members, addresses; the kernel's own (link-local) and what is the LAN's are left out.
interface() { # jail, interface
	in_jail "$1" ifconfig -f inet:cidr,inet6:cidr "$2" | awk -v at="${1:-host} $2" '
		NR == 1 { print at, ($2 ~ /[<,]UP[,>]/ ? "up" : "down"), $0 ~ /mtu/ ? substr($0, match($0, /mtu [0-9]+/), RLENGTH) : "" }
		$1 == "ether" && at !~ /^lan | re0$/ { print at, $1, $2 }
		$1 ~ /^inet6?$/ && $2 !~ /^fe80/ { print at, $1, $2 }
		$1 == "member:" { print at, $1, $2, $3 }'
}
routes() { # jail
	in_jail "$1" netstat -rnW | awk -v at="${1:-host}" '$3 ~ /G.*S/ || $3 ~ /S.*G/ { print at, "route", $1, $2, $NF }'
	in_jail "$1" sysctl net.inet.ip.forwarding net.inet6.ip6.forwarding | sed "s/^/${1:-host} /"
}
addresses() { sed -nE 's/.* inet6? ([^ /]+)(\/.*)?$/\1/p' "$1" | sort -u; }
pings() { # file with addresses in it; from everywhere to all of them
	for to in $(addresses "$1"); do
		for j in "" $(jails); do
			(in_jail "$j" ping -o -c 4 -i 0.5 -t 4 "$to" >/dev/null 2>&1 && echo "${j:-host} reaches $to" || echo "${j:-host} does not reach $to") &
		done
		wait
	done | sort
}
network() { # file
	for j in "" $(jails); do
		for i in $(interfaces "$j"); do interface "$j" "$i"; done
		routes "$j"
	done | sort >"$1"
	pings "$1" >"$1.pings"
	cat "$1.pings" >>"$1"
	rm -f "$1.pings"
}

before() { # programs, topology, state
	mkdir -p "$3"
	printf 'state_dir = %s/db\nsocket = %s/api.sock\nlisten = none\nuplinks = re0\n' "$3" "$3" >"$3/conf"
	chmod 755 "$3"
	"$1/jailnetd" -f -c "$3/conf" >"$3/log" 2>&1 &
	daemon=$!
	J="$1/jailnet --socket $3/api.sock"
	tries=50
	until $J show daemon >/dev/null 2>&1 || [ $tries -eq 0 ]; do sleep 0.5; tries=$((tries - 1)); done
	$J apply "$2" >/dev/null 2>&1 && $J plan "$2" && $J drift || { tail -5 "$3/log"; exit 1; }
	sleep 3	# duplicate addresses are looked for
	network "$3/before"
	$J export rc-conf >"$3/rc.conf" && $J export jail-conf >"$3/jail.conf" || exit 1
	echo '{}' >"$3/none.json"
	$J apply "$3/none.json" >/dev/null 2>&1 || exit 1
	kill $daemon
	wait $daemon
	cat "$3/rc.conf" >>/etc/rc.conf
	cat "$3/jail.conf" >>/etc/jail.conf
	echo "$(grep -c ' reaches ' "$3/before") ways, $(grep -c 'does not reach' "$3/before") closed; reboot, then: export-boot.sh after $3"
}

after() { # state
	if pgrep -q jailnetd; then
		echo "FAIL jailnetd runs"
		exit 1
	fi
	sleep 3
	network "$1/after"
	diff "$1/before" "$1/after" >"$1/diff"
	sed -n 's/^</FAIL was:   /p; s/^>/FAIL is now:/p' "$1/diff"
	differ=$(grep -c '^[<>]' "$1/diff")
	echo "export-boot.sh: $(($(wc -l <"$1/before") - $(grep -c '^<' "$1/diff"))) passed, $differ failed"
	[ "$differ" -eq 0 ]
}

case ${1:-}:$# in
uplink:1) uplink ;;
before:4) before "$2" "$3" "$4" ;;
after:2) after "$2" ;;
*) usage ;;
esac
