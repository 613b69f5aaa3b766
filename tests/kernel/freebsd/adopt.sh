#!/bin/sh
# Taking over what runs: a bridge, pairs (renamed, one half in a jail of jail(8), both on the host) become jailnet's without a lost packet.
# usage: adopt.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
modules if_epair if_bridge
conf='adopt = lan0 e0* h0* far* epair*'

pair() { # name of a, name of b
	e=$(ifconfig epair create) || exit 1
	ifconfig "$e" name "$1" >/dev/null
	ifconfig "${e%a}b" name "$2" >/dev/null
	echo "$2" >>"$dir/made"
}
br=$(ifconfig bridge create)
ifconfig "$br" name lan0 >/dev/null
ifconfig lan0 inet 10.77.0.1/24 up
for j in web db; do
	pair e0a_$j e0b_$j
	ifconfig lan0 addm e0a_$j
	ifconfig e0a_$j up
	jail -c name=$j vnet persist path=/ children.max=2 vnet.interface=e0b_$j
done
jexec web ifconfig e0b_web inet 10.77.0.2/24
jexec web ifconfig e0b_web inet6 fd77::2/64
jexec web route -q add default 10.77.0.1
jexec db ifconfig e0b_db inet 10.77.0.3/24
pair h0a h0b
ifconfig h0a inet 10.78.0.1/24
ifconfig h0b up
# not named by adopt; and one whose other half nobody can look at
pair mine0 mine1
ifconfig mine1 inet 10.79.0.1/24
pair fara farb
ifconfig farb vnet web
jexec web jail -c name=below vnet persist path=/ vnet.interface=farb

# All that a packet could notice, without the label.
looks() {
	for j in "" web db; do
		ifconfig ${j:+-j $j} -a | grep -v -e description: -e groups: -e 'member: ' -e 'ifmaxaddr' -e 'path cost' -e 'nd6 options'
		netstat ${j:+-j $j} -rn -f inet | awk '{ print $1, $2, $4 }'
	done
}
mac_list() { for i in e0a_web e0a_db h0a h0b; do ifconfig $i | awk '/ether/ { print $2 }'; done; mac_of web e0b_web; mac_of db e0b_db; }
says() { $J import host 2>&1 | grep -e "$1"; }
labelled() { # jail, interface, label
	ifconfig ${1:+-j $1} "$2" | grep -q "description: $3\$"
}

start_daemon || finish
eventually 100 sh -c "$J show interfaces | grep -q h0b"
tentative() { { ifconfig -a; ifconfig -j web -a; ifconfig -j db -a; } | grep -w tentative; }
ok "duplicate address detection has ended" eventually 100 not tentative
looks >"$dir/before"
macs=$(mac_list)
$J import --topology "$dir/running.json" host	# 4: there is something to do
ok "what would be taken" test -s "$dir/running.json"
has() { grep -q "\"$1\"" "$dir/running.json"; }
for i in lan0 e0a_web e0b_web e0a_db e0b_db h0a h0b; do ok "$i is in it" has $i; done
for i in mine0 mine1 fara farb; do ok "$i is not" not has $i; done
ok "a warning: policy" says 'mine0 stays foreign: adopt of jailnetd.conf does not name it'
ok "a warning: the other half cannot be looked at" says 'fara stays foreign: its other half is in a network that jailnet cannot look into'

ping -q -i 0.05 -c 2000 10.77.0.2 >"$dir/ping.host" 2>&1 &
p1=$!
jexec db ping -q -i 0.05 -c 2000 10.77.0.2 >"$dir/ping.db" 2>&1 &
p2=$!
sleep 1
ok "apply" $J apply "$dir/running.json"
sleep 1
kill -INT $p1 $p2
wait $p1 $p2
tail -3 "$dir/ping.host"; tail -3 "$dir/ping.db"
for p in host db; do
	ok "ping from $p: none lost" awk '/packets transmitted/ { n = $1; lost = $1 - $4 } END { exit !(n > 20 && lost <= 1) }' "$dir/ping.$p"
done
looks >"$dir/after"
ok "nothing but labels changed" diff "$dir/before" "$dir/after"
ok "the same MAC addresses" same "$macs" "$(mac_list)"
ok "label of a bridge" labelled "" lan0 jailnet:bridge/lan0
ok "label of a half on the host" labelled "" e0a_web 'jailnet:epair/e0a_web:a'
ok "label of a half in a jail" labelled web e0b_web 'jailnet:epair/e0a_web:b'
ok "nothing left to do" $J plan "$dir/running.json"
ok "nothing left to take" sh -c "$J import host | grep -q '^0 steps'"
ok "no drift" $J drift

echo "== another worker"
kill -9 "$daemon"; wait "$daemon" 2>/dev/null
sleep 2
start_daemon
ok "nothing to do" eventually 100 $J plan "$dir/running.json"
looks >"$dir/after"
ok "and nothing was done" diff "$dir/before" "$dir/after"

echo "== it is jailnet's"
answers() { $J probe web 10.77.0.1 -c 1; }
ok "a third jail beside them" $J apply - <<T
$(sed 's/"epairs": {/"epairs": { "new0": {"a": {"bridge": "lan0"}, "b": {"jail": "db", "addresses": ["10.77.0.99\/24"]}},/' "$dir/running.json")
T
ok "all answer" answers
ok "and away again" $J apply "$dir/running.json"
jail -r web below 2>/dev/null
ok "a jail that goes gives its half back" eventually 300 ifconfig e0b_web
ok "and its manager, who moves it, has it for the next one" jail -c name=web vnet persist path=/ vnet.interface=e0b_web
jexec web ifconfig e0b_web up	# as its rc would: with "moves": "manager" that is the jail's own business
ok "which has its address again" eventually 450 answers
ok "and the MAC address" same "$(echo "$macs" | sed -n 5p)" "$(mac_of web e0b_web)"
ok "all of it away" sh -c "echo '{}' >$dir/none.json; $J apply $dir/none.json"
for i in lan0 e0a_web e0a_db h0a h0b; do ok "$i is away" not ifconfig $i; done
for i in mine0 fara; do ok "$i is still there" ifconfig $i; done
jail -r web db below 2>/dev/null
ifconfig mine0 destroy
ifconfig fara destroy
finish
