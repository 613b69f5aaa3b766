#!/bin/sh
# make demo: the three figures in a sandbox of its own, each proved with packets; Figure 3 stays up until make demo-stop.
# Touches nothing of this machine: bridges, jails and the uplink re0 live in the namespaces of "jailnetd --sandbox".
# usage: demo.sh [start|stop]
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
# Root's is where the daemon's own user gets to: a home of mode 0700 keeps it out of the tree.
if [ "$(id -u)" -eq 0 ]; then
	dir=${JAILNET_DEMO_DIR:-/var/lib/jailnet-demo}
else
	dir=${JAILNET_DEMO_DIR:-$top/build/demo}
fi
socket=$dir/api.sock
log=$dir/log
pidfile=$dir/pid
figures=openapi/examples
lan=/run/demo-lan	# the LAN router's network, a file in the sandbox
jailnet="$top/build/jailnet --socket $socket"

fail() {
	echo "demo: $*" >&2
	if [ -s "$log" ]; then
		echo "the last lines of $log:" >&2
		tail -n 15 "$log" >&2
	fi
	stop_daemon || true
	exit 1
}

title() {
	printf '\n== %s ==\n' "$*"
}

# --- the daemon ----------------------------------------------------------------------------------------------

# The pid, only while it is our daemon: pids are used again.
demo_pid() {
	[ -s "$pidfile" ] || return 1
	pid=$(cat "$pidfile")
	tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -e "jailnetd .*$dir/" || return 1
	echo "$pid"
}

stop_daemon() {
	pid=$(demo_pid) || {
		rm -f "$pidfile"
		return 1
	}
	kill "$pid"
	for _ in $(seq 100); do
		[ -d "/proc/$pid" ] || break
		sleep 0.1
	done
	if [ -d "/proc/$pid" ]; then
		kill -KILL "$pid"
	fi
	rm -f "$pidfile"
}

start_daemon() {
	rm -rf "$dir/state" "$socket"
	mkdir -p "$dir"
	# A session of its own: Ctrl-C at the demo must not reach it twice; and no child of this shell, which waits for all of them.
	(
		setsid build/jailnetd --sandbox -f --state-dir "$dir/state" --socket "$socket" --listen 127.0.0.1:0 \
		    >"$log" 2>&1 </dev/null &
		echo $! >"$pidfile"
	)
	for _ in $(seq 150); do
		if curl -sf -m 2 --unix-socket "$socket" http://localhost/readyz >/dev/null 2>&1; then
			return 0
		fi
		demo_pid >/dev/null || fail "jailnetd ended"
		sleep 0.1
	done
	fail "jailnetd is not ready after 15 s"
}

# --- the sandbox's uplink: a veth pair, re0 for the "host", the far end in the LAN router ----------------------

# Runs a command in the sandbox's namespaces (user namespace only when it is not ours).
in_sandbox() {
	if [ "$(readlink "/proc/$worker/ns/user")" = "$(readlink /proc/self/ns/user)" ]; then
		nsenter -t "$worker" -n -m -- "$@"
	else
		nsenter -t "$worker" -U --preserve-credentials -n -m -- "$@"
	fi
}

in_lan() {
	in_sandbox nsenter --net=$lan -- "$@"
}

make_uplink() {
	worker=$($jailnet --json show daemon | sed -n 's/.*"worker_pid": *\([0-9]*\).*/\1/p')
	[ -n "$worker" ] || fail "the daemon does not say where its worker is"
	in_sandbox touch $lan
	in_sandbox unshare --net=$lan ip link set lo up
	in_sandbox ip link add re0 type veth peer name lan0 netns $lan
	in_sandbox ip link set re0 up
	in_lan ip link set lan0 up
	in_lan ip address add 192.0.2.1/24 dev lan0
	in_lan ip address add 2001:db8:0:1::1/64 dev lan0 nodad
}

# The LAN router's way to the second subnet: host in Figure 2, guest3 in Figure 3.
lan_route() {
	in_lan ip route replace 198.51.100.0/24 via "$1"
	in_lan ip -6 route replace 2001:db8:0:2::/64 via "$2"
}

host_forwarding() {
	in_sandbox sh -c "echo $1 >/proc/sys/net/ipv4/ip_forward; echo $1 >/proc/sys/net/ipv6/conf/all/forwarding"
}

# --- probes ----------------------------------------------------------------------------------------------------

# One cell into a file: the round trip, or "blocked".  What must get through may be slow at first (neighbours, DAD).
probe_cell() {
	jail=$1 address=$2 want=$3 out=$4
	if [ "$want" = blocked ]; then
		tries=1
	else
		tries=5
	fi
	for _ in $(seq $tries); do
		if answer=$($jailnet probe "$jail" "$address" -c 2 2>&1); then
			break
		fi
	done
	rtt=$(echo "$answer" | sed -n 's|.* \([0-9.]*\)/[0-9.]*/[0-9.]* ms.*|\1 ms|p')
	case $want:$answer in
	reach:*" ms ("*) echo "ok $rtt" ;;
	blocked:*" 0 received"*) echo "ok blocked (expected)" ;;
	reach:*) echo "bad FAILED" ;;
	blocked:*" ms ("*) echo "bad REACHED (must not)" ;;
	*) echo "bad $answer" ;;
	esac >"$out"
}

# Reads lines "reach|blocked FROM IPV4 IPV6 NAME"; all probes run at once.
probe_table() {
	work=$dir/probes
	rm -rf "$work"
	mkdir -p "$work"
	n=0
	while read -r want from v4 v6 name; do
		n=$((n + 1))
		echo "$from;$name" >"$work/$n.row"
		probe_cell "$from" "$v4" "$want" "$work/$n.4" &
		probe_cell "$from" "$v6" "$want" "$work/$n.6" &
	done
	wait
	printf '%-8s %-34s %-20s %s\n' FROM TO IPv4 IPv6
	for i in $(seq $n); do
		IFS=';' read -r from name <"$work/$i.row"
		printf '%-8s %-34s %-20s %s\n' "$from" "$name" "$(cut -d ' ' -f 2- "$work/$i.4")" "$(cut -d ' ' -f 2- "$work/$i.6")"
	done
	if grep -q '^bad' "$work"/*.4 "$work"/*.6; then
		fail "a packet did not go where it should (see the table above)"
	fi
}

figure() {
	title "Figure $1: $2"
	rc=0
	$jailnet plan "$figures/figure-$1.json" || rc=$?
	[ $rc -eq 0 ] || [ $rc -eq 4 ] || fail "plan of figure $1"
	$jailnet apply "$figures/figure-$1.json" >"$dir/apply.out" || fail "apply of figure $1"
	tail -n 1 "$dir/apply.out"
	$jailnet plan "$figures/figure-$1.json" >"$dir/again.out" || fail "figure $1 is not what the kernel has"
	echo
	$jailnet graph
	echo
}

figure_1() {
	figure 1 "jails on the host's LAN through bridge0"
	probe_table <<-END
	reach guest1 192.0.2.12 2001:db8:0:1::12 guest2
	reach guest2 192.0.2.13 2001:db8:0:1::13 guest3
	reach guest3 192.0.2.2 2001:db8:0:1::2 host
	reach guest1 192.0.2.1 2001:db8:0:1::1 LAN router
	blocked guest1 198.51.100.14 2001:db8:0:2::14 second subnet (not in this figure)
	END
}

figure_2() {
	host_forwarding 0
	figure 2 "two subnets, the host routes"
	lan_route 192.0.2.2 2001:db8:0:1::2
	probe_table <<-END
	reach guest3 198.51.100.14 2001:db8:0:2::14 guest4
	blocked guest1 198.51.100.13 2001:db8:0:2::13 guest3 (host does not forward yet)
	END
	echo
	host_forwarding 1
	probe_table <<-END
	reach guest1 192.0.2.12 2001:db8:0:1::12 guest2
	reach guest1 198.51.100.13 2001:db8:0:2::13 guest3 (now it does)
	reach guest4 192.0.2.12 2001:db8:0:1::12 guest2
	reach guest3 192.0.2.1 2001:db8:0:1::1 LAN router
	END
	host_forwarding 0
}

figure_3_table() {
	probe_table <<-END
	reach guest1 192.0.2.12 2001:db8:0:1::12 guest2
	reach guest1 192.0.2.1 2001:db8:0:1::1 LAN router
	reach guest4 198.51.100.15 2001:db8:0:2::15 guest5
	reach guest4 192.0.2.11 2001:db8:0:1::11 guest1, through guest3
	reach guest5 192.0.2.1 2001:db8:0:1::1 LAN router, through guest3
	reach guest2 198.51.100.15 2001:db8:0:2::15 guest5, through guest3
	blocked guest4 192.0.2.2 2001:db8:0:1::2 host (it has no way back)
	END
}

figure_3() {
	figure 3 "guest3 is a virtual router, guest4 and guest5 are behind it"
	lan_route 192.0.2.13 2001:db8:0:1::13
	figure_3_table
	[ "${1:-}" = router-test ] || return 0
	echo
	$jailnet stop guest3
	probe_table <<-END
	reach guest4 198.51.100.15 2001:db8:0:2::15 guest5
	blocked guest4 192.0.2.11 2001:db8:0:1::11 guest1 (guest3 is stopped)
	blocked guest1 198.51.100.15 2001:db8:0:2::15 guest5 (guest3 is stopped)
	END
	echo
	$jailnet start guest3
	figure_3_table
}

# --- the two commands --------------------------------------------------------------------------------------------

say_how_to_go_on() {
	url=$(grep -o 'http://127.0.0.1:[0-9]*' "$log" | head -n 1) || true
	token=$dir/state/admin.token
	title "Figure 3 is up"
	code=$(curl -sf --unix-socket "$socket" -X POST -H 'Content-Type: application/json' -d '{"expires_in_seconds": 3600}' \
	    http://localhost/v1/session/code | sed -n 's|.*"path":"\([^"]*\)".*|\1|p') || true
	if [ -e build/www/manifest ] && [ -n "$code" ]; then
		echo "dashboard, signed in (the link works once, within an hour):"
		echo "  $url$code"
	fi
	echo "URL:    ${url:-see $log}"
	echo "socket: $socket"
	echo "token:  $token"
	cat <<-END

	Try:
	  curl --unix-socket $socket http://localhost/v1/jails
	  curl -H "Authorization: Bearer \$(cat $token)" $url/v1/topology
	  curl --unix-socket $socket -H 'Content-Type: application/json' -d '{"to": "192.0.2.11"}' http://localhost/v1/jails/guest4/probe
	  $jailnet show
	  $jailnet exec guest4 -- ip route

	make demo-stop ends it.
	END
}

check_namespaces() {
	[ "$(id -u)" -ne 0 ] || return 0
	unshare -Urmn true 2>/dev/null && return 0
	echo "demo: this kernel does not let ordinary users make namespaces. Run this once as root, then try again:" >&2
	if [ -e /proc/sys/kernel/apparmor_restrict_unprivileged_userns ]; then
		echo "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
	elif [ -e /proc/sys/kernel/unprivileged_userns_clone ]; then
		echo "sysctl -w kernel.unprivileged_userns_clone=1"
	else
		echo "sysctl -w user.max_user_namespaces=10000"
	fi
	exit 1
}

start() {
	sh tests/demo/deps.sh demo || exit 1
	check_namespaces
	${MAKE:-make} -s all
	stop_daemon || true
	trap 'stop_daemon || true' INT TERM
	start_daemon
	make_uplink
	figure_3
	figure_1
	figure_2
	figure_3 router-test
	trap - INT TERM
	say_how_to_go_on
}

case ${1:-start} in
start) start ;;
stop)
	if stop_daemon; then
		rm -rf "$dir"
		echo "The demo (process $pid) has ended."
	else
		echo "No demo is running."
	fi
	;;
*)
	echo "usage: demo.sh [start|stop]" >&2
	exit 2
	;;
esac
