#!/bin/sh
# A kernel module that cannot be loaded.
# last: it unloads modules and raises securelevel
# usage: modules.sh DIR-WITH-PROGRAMS
set -u
. "$(dirname "$0")/lib.sh"
modules if_epair if_bridge
echo '{"bridges": {"br7": {"addresses": ["10.7.0.1/24"]}}}' >"$dir/net.json"
ok "the modules go" kldunload if_epair if_bridge
ok "securelevel 1" sysctl kern.securelevel=1
if start_daemon; then
	ok "a bridge is refused in words" refused "if_bridge" $J apply "$dir/net.json"
	$J apply "$dir/net.json" 2>&1 | head -5
	ok "the daemon lives" $J show daemon
else
	ok "a daemon that cannot work says why" grep -q "if_bridge\|if_epair" "$dir/log"
	daemon=
	tail -3 "$dir/log"
fi
finish
