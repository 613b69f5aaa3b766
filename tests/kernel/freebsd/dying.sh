#!/bin/sh
# Jails that die slowly: a connection in TIME_WAIT keeps a jail's network, and the interfaces in it, for up to a minute after the jail was removed.
# usage: dying.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
modules if_epair if_bridge

# One TCP connection over the epair that the jail's side closes first (over lo0 TIME_WAIT is skipped).
time_wait() { # jail, its address
	(echo hello | timeout 10 jexec "$1" nc -N -l "$2" 7000 >/dev/null) &
	listener=$!
	sleep 1
	timeout 10 nc -d "$2" 7000 >/dev/null
	wait $listener
	jexec "$1" netstat -an -p tcp | grep -q TIME_WAIT
}
dying() { jls -d dying name | grep -q "^true $1\$"; }
now() { date +%s; }

echo "== without jailnet: what it is about"
e=$(ifconfig epair create)
ifconfig "$e" inet 10.9.8.1/24 up
jail -c name=plain vnet persist path=/ vnet.interface="${e%a}b"
jexec plain ifconfig "${e%a}b" inet 10.9.8.2/24 up
ok "a connection of the jail is in TIME_WAIT" time_wait plain 10.9.8.2
ok "jail -r" jail -r plain
ok "the jail is dying" dying plain
ok "its interface is lost" refused "does not exist" jail -c name=plain vnet persist path=/ vnet.interface="${e%a}b"
jail -r plain 2>/dev/null
ifconfig "$e" destroy

start_daemon || finish
echo "== a jail of jailnet"
cat >"$dir/d1.json" <<T
{"bridges": {"dbr0": {"addresses": ["10.9.9.1/24"]}},
 "epairs": {"t1": {"a": {"bridge": "dbr0"}, "b": {"jail": "d1", "addresses": ["10.9.9.2/24"]}}},
 "jails": {"d1": {"routes": {"default": "10.9.9.1"}}}}
T
ok "apply" $J apply "$dir/d1.json"
ok "probe" $J probe d1 10.9.9.1 -c 2
mac=$(mac_of d1 t1b)
ok "a connection of the jail is in TIME_WAIT" time_wait d1 10.9.9.2
t=$(now)
ok "restart" $J restart d1
ok "it took at most 5 s ($(($(now) - t)) s)" [ $(($(now) - t)) -le 5 ]
ok "the jail has its interface, with its MAC" same "$mac" "$(mac_of d1 t1b)"
ok "probe" $J probe d1 10.9.9.1 -c 2
ok "no drift" $J drift

echo "== jail(8) removes it behind our back"
ok "a connection of the jail is in TIME_WAIT" time_wait d1 10.9.9.2
old=$(jls -j d1 jid)
t=$(now)
ok "jail -r" jail -r d1
ok "the jail is there again" eventually 100 jls -j d1 jid
ok "it is another one than before" not same "$old" "$(jls -j d1 jid)"
ok "and answers within 10 s" eventually 100 $J probe d1 10.9.9.1 -c 1
echo "     after $(($(now) - t)) s; dying: $(jls -d dying name | grep ^true)"
ok "it has its interface, with its MAC" same "$mac" "$(mac_of d1 t1b)"
ok "no drift" eventually 50 $J drift

echo "== a jail of somebody else"
cat >"$dir/x1.json" <<T
{"bridges": {"dbr0": {"addresses": ["10.9.9.1/24"]}},
 "epairs": {"x1": {"a": {"bridge": "dbr0"}, "b": {"jail": "x1", "addresses": ["10.9.9.3/24"]}}},
 "jails": {"x1": {"manager": "external"}}}
T
ok "apply: it waits on the host" $J apply "$dir/x1.json"
ok "jail -c" jail -c name=x1 vnet persist path=/
ok "it was given its interface" eventually 50 jexec x1 ifconfig x1b
ok "probe" eventually 50 $J probe x1 10.9.9.1 -c 1
mac=$(mac_of x1 x1b)
ok "a connection of the jail is in TIME_WAIT" time_wait x1 10.9.9.3
t=$(now)
ok "jail -r" jail -r x1
ok "jail -c in the same second" jail -c name=x1 vnet persist path=/
ok "it has its interface" eventually 100 jexec x1 ifconfig x1b
ok "with its MAC" same "$mac" "$(mac_of x1 x1b)"
ok "probe" eventually 50 $J probe x1 10.9.9.1 -c 1
echo "     after $(($(now) - t)) s; dying: $(jls -d dying name | grep ^true)"
jail -r x1
finish
