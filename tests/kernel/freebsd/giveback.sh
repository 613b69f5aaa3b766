#!/bin/sh
# A foreign interface comes back from a jail as it was found: what root of the jail changed, and what a move between networks loses.
# usage: giveback.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
modules if_epair if_bridge if_vlan
nic=$(ifconfig epair create) || exit 1
ifconfig "$nic" name re0 up >/dev/null
ifconfig "${nic%a}b" up
vlan=$(ifconfig vlan create vlan 7 vlandev "${nic%a}b")
ifconfig "$vlan" name vl7 >/dev/null

# Flags, offloads, groups (which have no order), addresses but those that the kernel makes of the MAC, nd6.
sorted() { awk '$1 != "groups:" { print; next } { for (i = 2; i <= NF; i++) print "group " $i | "sort" }'; }
shape() { ifconfig "$1" | sorted | sed -e 's/scopeid 0x[0-9a-f]*//' -e '/inet6 fe80/d' -e '/status:/d' -e '/media:/d'; }
give() { printf '{"jails": {"web": {}}, "attachments": {"%s": {"jail": "web", "addresses": ["10.40.0.2/24"]}}}' "$1" | apply; }
jail_only() { echo '{"jails": {"web": {}}}' | apply; }

start_daemon || finish
ifconfig re0 inet 192.0.2.1/24
ifconfig re0 inet6 2001:db8:40::1/64
ifconfig re0 promisc link0 group wan group kanto
ifconfig re0 inet6 accept_rtadv no_radr -auto_linklocal
ifconfig re0 -txcsum
sleep 2
before=$(shape re0)
echo "$before"
ok "offloads can be switched here" sh -c "! ifconfig re0 | grep -q 'options=.*[<,]TXCSUM[,>]'"
ok "re0 into the jail" give re0
ok "it is there" eventually 50 jexec web ifconfig re0
ok "root of the jail changes it" jexec web sh -c 'ifconfig re0 -promisc -link0 txcsum group evil monitor && ifconfig re0 inet6 -accept_rtadv auto_linklocal ifdisabled'
ok "and back" jail_only
sleep 2
ok "as it was found" same "$before" "$(shape re0)"
ok "the plan is empty" sh -c "$J plan $dir/topology.json | grep -q 'Nothing to do'"
ok "no drift" $J drift

# The record is on disk: a daemon that was killed meanwhile gives back, too.
ok "again into the jail" give re0
ok "it is there" eventually 50 jexec web ifconfig re0
ok "root of the jail changes it" jexec web ifconfig re0 -promisc txcsum group evil
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
ok "its server ends" eventually 50 not $J show daemon
start_daemon || finish
ok "and back" jail_only
sleep 2
ok "as it was found" same "$before" "$(shape re0)"

# The jail ends behind our back, and the kernel gives it back bare.
ok "once more" give re0
ok "it is there" eventually 50 jexec web ifconfig re0
jexec web ifconfig re0 -promisc txcsum
ok "nobody wants it" sh -c "jail -r web; echo '{}' >$dir/none.json; $J apply $dir/none.json"
ok "as it was found" eventually 150 same "$before" "$(sleep 2; shape re0)"

# A member of our bridge: the bridge changes the offloads, and is not to leave them so.
ok "a member" sh -c "echo '{\"bridges\": {\"gbr0\": {\"members\": {\"re0\": {}}}}}' >$dir/m.json; $J apply $dir/m.json"
ok "and no member" $J apply "$dir/none.json"
sleep 2
ok "as it was found" same "$before" "$(shape re0)"

# vlan(4) is in a group of its cloner, which a move takes away.
ifconfig vl7 inet 198.51.100.1/24
before=$(shape vl7)
ok "vl7 into the jail" give vl7
ok "it is there" eventually 50 jexec web ifconfig vl7
ok "and back" $J apply "$dir/none.json"
sleep 1
ok "as it was found" same "$before" "$(shape vl7)"
ifconfig vl7 destroy
ifconfig re0 destroy
finish
