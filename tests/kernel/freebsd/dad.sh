#!/bin/sh
# An IPv6 address that another host has, too: the kernel finds out (on foreign interfaces, RFC 4862), and the status and an event say so.
# usage: dad.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
modules if_epair if_bridge
nic=$(ifconfig epair create) || exit 1
far=${nic%a}b
ifconfig "$nic" name re0 up >/dev/null
ifconfig "$far" inet6 no_dad up
ifconfig "$far" inet6 2001:db8:50::5/64
start_daemon || finish

status() { curl -s --unix-socket "$dir/api.sock" http://localhost/v1/interfaces/re0/jail; }
duplicates() { status | tr -d ' \n' | grep -q "\"duplicates\":\[\"$1\"\]"; }
unique() { ! status | grep -q '"duplicates"' && jexec web ifconfig re0 | grep -q '2001:db8:50::5 '; }
marked() {
	case $(jexec web ifconfig re0 | grep '2001:db8:50::5 ') in
	*duplicated*) return 0 ;;
	*tentative* | "") ;;
	*) jexec web ifconfig re0 inet6 2001:db8:50::5 -alias ;;
	esac
	return 1
}
says() { status | grep -q "$1"; }

ok "re0 into the jail" sh -c "echo '{\"jails\": {\"web\": {}}, \"attachments\": {\"re0\": {\"jail\": \"web\",
	\"addresses\": [\"2001:db8:50::5/64\", \"2001:db8:50::6/64\"]}}}' >$dir/net.json; $J apply $dir/net.json"
# the first probes are lost while the link comes up: what root of the jail takes away is put back, and looked for again
ok "the kernel marks it" eventually 450 marked
ok "the status says so, and of no other" eventually 400 duplicates 2001:db8:50::5/64
ok "with words" says 'another host'
ok "and an event" event address.duplicate
ok "no drift" $J drift
ifconfig "$far" inet6 2001:db8:50::5 -alias
jexec web ifconfig re0 inet6 2001:db8:50::5 -alias
ok "put back, and unique now" eventually 450 unique
ok "with an event" eventually 400 event address.unique
ok "away" sh -c "echo '{}' >$dir/none.json; $J apply $dir/none.json"
ifconfig re0 destroy
finish
