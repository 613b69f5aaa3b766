#!/bin/sh
# The flags of members that are in their bridge already: one PATCH each, seen in the kernel, put back after somebody's ifconfig.
# usage: ports.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
modules if_epair if_bridge
nic=$(ifconfig epair create) || exit 1
ifconfig "$nic" name re0 up >/dev/null
start_daemon || finish

patch() { # body; the answer's status must be 200
	curl -s --unix-socket "$dir/api.sock" -X PATCH -H 'Content-Type: application/merge-patch+json' -d "$1" -w '\n%{http_code}\n' \
		http://localhost/v1/bridges/pbr0 | tee "$dir/answer" | tail -1 | grep -q '^200$' || { cat "$dir/answer"; return 1; }
}
shows() { # flag
	ifconfig pbr0 | grep -A 1 'member: re0 ' | grep -q -e "[<,]$1[,>]"
}

echo '{"bridges": {"pbr0": {"members": {"re0": {}}}}}' >"$dir/ports.json"
ok "apply" $J apply "$dir/ports.json"
ok "no STP" not shows STP
ok "stp and edge of a member" patch '{"members": {"re0": {"stp": true, "edge": true}}}'
ok "the kernel has STP" shows STP
ok "and EDGE" shows EDGE
ok "no drift" $J drift
ok "private, no edge" patch '{"members": {"re0": {"private": true, "edge": false}}}'
ok "the kernel has PRIVATE" shows PRIVATE
ok "STP as before" shows STP
ok "STP of the bridge" patch '{"stp": true}'
ok "and away" patch '{"stp": false}'
ok "the member's own stays" shows STP
ok "no drift" $J drift
ifconfig pbr0 -stp re0
ifconfig pbr0 -private re0
ok "put back after ifconfig: STP" eventually 450 shows STP
ok "put back after ifconfig: PRIVATE" eventually 50 shows PRIVATE
ok "all off" patch '{"members": {"re0": {"stp": false, "private": false}}}'
ok "no STP" not shows STP
ok "no PRIVATE" not shows PRIVATE
ok "no drift" $J drift
ok "away" sh -c "echo '{}' >$dir/none.json; $J apply $dir/none.json"
ifconfig re0 destroy
finish
