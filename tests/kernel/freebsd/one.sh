#!/bin/sh
# One story or C test on the network it is started in (all.sh: that of a jail), which has to be afterwards as it was.
# usage: one.sh DIR-WITH-PROGRAMS NAME
set -u
here=$(dirname "$0") bin=$1 name=$2
network() { { ifconfig -l | tr ' ' '\n'; jls name; } | sort; }

[ "$(sysctl -n security.jail.jailed)" -eq 0 ] || ifconfig lo0 inet 127.0.0.1/8 up
before=$(network)
case $name in
test_*) "$bin/tests/kernel/freebsd/$name" ;;
*) sh "$here/$name" "$bin" ;;
esac
code=$?
# epairs go in the background
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	[ "$(network)" != "$before" ] || exit $code
	sleep 1
done
echo "FAIL $name changed the network: was" $before, is $(network)
exit 1
