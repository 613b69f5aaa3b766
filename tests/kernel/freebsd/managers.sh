#!/bin/sh
# Beside jail(8): an unchanged jail.conf with jib lines and vnet.interface, jib being jailnet; and one with the hook and without vnet.interface.
# usage: managers.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
bin=$(cd "$bin" && pwd)	# hooks run elsewhere
J="$bin/jailnet --socket $dir/api.sock"
modules if_epair if_bridge
# an uplink that is nobody's: half of a pair
e=$(ifconfig epair create)
ifconfig "$e" name re0 up >/dev/null
ifconfig "${e%a}b" up
ln -s "$bin/jailnet" "$dir/jib"
export JAILNET_SOCKET="$dir/api.sock"

cat >"$dir/jail.conf" <<T
persist;
path = /;
exec.clean = 0;
web {
	vnet;
	vnet.interface = "e0b_web";
	exec.prestart += "$dir/jib addm web re0";
	exec.start += "/sbin/ifconfig e0b_web inet 10.9.7.2/24";
	exec.start += "/sbin/ifconfig e0b_web inet 10.9.7.3/32 alias";
	exec.poststop += "$dir/jib destroy web";
}
other {
	vnet;
	vnet.interface = "e0b_site0";
	exec.prestart += "$dir/jib addm site0 re0";
	exec.start += "/sbin/ifconfig e0b_site0 inet 10.9.7.4/24";
	exec.poststop += "$dir/jib destroy site0";
}
hook {
	vnet;
	exec.prestart += "$J up hook";
	exec.created += "$J up -i hook";
	exec.poststop += "$J down hook";
}
T
jail8() { jail -q -f "$dir/jail.conf" "$@"; }
inside() { jexec "$1" ifconfig "$2" | grep -q "inet $3 "; }
no_drift_events() { ! $J events | grep drift; }

start_daemon || finish
echo "== jib and vnet.interface, ten times"
mac=
for i in 1 2 3 4 5 6 7 8 9 10; do
	ok "$i: jail -c" jail8 -c web
	ok "$i: inside" inside web e0b_web 10.9.7.2
	[ -n "$mac" ] || mac=$(mac_of web e0b_web)
	ok "$i: the same MAC" same "$mac" "$(mac_of web e0b_web)"
	sleep 2	# jailnetd has looked
	ok "$i: its own addresses are left alone" inside web e0b_web 10.9.7.3
	ok "$i: no drift" $J drift
	ok "$i: jail -r" jail8 -r web
	ok "$i: nothing is left of it" not ifconfig e0a_web
done
ok "nothing had to be repaired" no_drift_events

echo "== a name for jib that is not the jail's"
ok "jail -c" jail8 -c other
sleep 2
ok "it has its interface" inside other e0b_site0 10.9.7.4
ok "no drift" $J drift
ok "jail -r" jail8 -r other

echo "== the hook, ten times"
apply >/dev/null <<T
{"bridges": {"mbr0": {"addresses": ["10.9.6.1/24"]}}, "jails": {"hook": {"manager": "external"}},
 "epairs": {"m0": {"a": {"bridge": "mbr0"}, "b": {"jail": "hook", "addresses": ["10.9.6.2/24"]}}}}
T
for i in 1 2 3 4 5 6 7 8 9 10; do
	ok "$i: jail -c" jail8 -c hook
	ok "$i: inside" inside hook m0b 10.9.6.2
	ok "$i: probe" $J probe hook 10.9.6.1 -c 1
	ok "$i: jail -r" jail8 -r hook
done

jail8 -r web other hook 2>/dev/null
echo '{}' | apply >/dev/null 2>&1
ifconfig re0 destroy
finish
