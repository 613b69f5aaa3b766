#!/bin/sh
# The network of this host without jailnet, for FreeBSD: as root.
set -eu
kldload -n if_bridge if_epair
n=$(ifconfig bridge create)
[ "$n" = bridge0 ] || ifconfig "$n" name bridge0 >/dev/null
ifconfig bridge0 ether MAC-OF-bridge0
ifconfig bridge0 addm re0
ifconfig re0 up
ifconfig bridge0 inet 192.0.2.2/24 alias
ifconfig bridge0 inet6 2001:db8:0:1::2/64 alias
ifconfig bridge0 up
n=$(ifconfig bridge create)
[ "$n" = bridge1 ] || ifconfig "$n" name bridge1 >/dev/null
ifconfig bridge1 ether MAC-OF-bridge1
ifconfig bridge1 up
jail -c vnet persist name=guest1 path='/' host.hostname=guest1
ifconfig -j guest1 lo0 inet 127.0.0.1/8 up
jail -c vnet persist name=guest2 path='/' host.hostname=guest2
ifconfig -j guest2 lo0 inet 127.0.0.1/8 up
jail -c vnet persist name=guest3 path='/' host.hostname=guest3
ifconfig -j guest3 lo0 inet 127.0.0.1/8 up
sysctl -j guest3 net.inet.ip.forwarding=1 net.inet6.ip6.forwarding=1
jail -c vnet persist name=guest4 path='/' host.hostname=guest4
ifconfig -j guest4 lo0 inet 127.0.0.1/8 up
jail -c vnet persist name=guest5 path='/' host.hostname=guest5
ifconfig -j guest5 lo0 inet 127.0.0.1/8 up
n=$(ifconfig epair create)
[ "${n%a}a" = epair1a ] || ifconfig "${n%a}a" name epair1a >/dev/null
ifconfig epair1a ether MAC-OF-epair1-a
ifconfig epair1a mtu 1500
ifconfig bridge0 addm epair1a
[ "${n%a}b" = epair1b ] || ifconfig "${n%a}b" name epair1b >/dev/null
ifconfig epair1b ether MAC-OF-epair1-b
ifconfig epair1b mtu 1500
ifconfig epair1a up
ifconfig epair1b vnet guest1
ifconfig -j guest1 epair1b inet 192.0.2.11/24 alias
ifconfig -j guest1 epair1b inet6 2001:db8:0:1::11/64 alias
ifconfig -j guest1 epair1b up
n=$(ifconfig epair create)
[ "${n%a}a" = epair2a ] || ifconfig "${n%a}a" name epair2a >/dev/null
ifconfig epair2a ether MAC-OF-epair2-a
ifconfig epair2a mtu 1500
ifconfig bridge0 addm epair2a
[ "${n%a}b" = epair2b ] || ifconfig "${n%a}b" name epair2b >/dev/null
ifconfig epair2b ether MAC-OF-epair2-b
ifconfig epair2b mtu 1500
ifconfig epair2a up
ifconfig epair2b vnet guest2
ifconfig -j guest2 epair2b inet 192.0.2.12/24 alias
ifconfig -j guest2 epair2b inet6 2001:db8:0:1::12/64 alias
ifconfig -j guest2 epair2b up
n=$(ifconfig epair create)
[ "${n%a}a" = epair3a ] || ifconfig "${n%a}a" name epair3a >/dev/null
ifconfig epair3a ether MAC-OF-epair3-a
ifconfig epair3a mtu 1500
ifconfig bridge0 addm epair3a
[ "${n%a}b" = epair3b ] || ifconfig "${n%a}b" name epair3b >/dev/null
ifconfig epair3b ether MAC-OF-epair3-b
ifconfig epair3b mtu 1500
ifconfig epair3a up
ifconfig epair3b vnet guest3
ifconfig -j guest3 epair3b inet 192.0.2.13/24 alias
ifconfig -j guest3 epair3b inet6 2001:db8:0:1::13/64 alias
ifconfig -j guest3 epair3b up
n=$(ifconfig epair create)
[ "${n%a}a" = epair4a ] || ifconfig "${n%a}a" name epair4a >/dev/null
ifconfig epair4a ether MAC-OF-epair4-a
ifconfig epair4a mtu 1500
ifconfig bridge1 addm epair4a
[ "${n%a}b" = epair4b ] || ifconfig "${n%a}b" name epair4b >/dev/null
ifconfig epair4b ether MAC-OF-epair4-b
ifconfig epair4b mtu 1500
ifconfig epair4a up
ifconfig epair4b vnet guest4
ifconfig -j guest4 epair4b inet 198.51.100.14/24 alias
ifconfig -j guest4 epair4b inet6 2001:db8:0:2::14/64 alias
ifconfig -j guest4 epair4b up
n=$(ifconfig epair create)
[ "${n%a}a" = epair5a ] || ifconfig "${n%a}a" name epair5a >/dev/null
ifconfig epair5a ether MAC-OF-epair5-a
ifconfig epair5a mtu 1500
ifconfig bridge1 addm epair5a
[ "${n%a}b" = epair5b ] || ifconfig "${n%a}b" name epair5b >/dev/null
ifconfig epair5b ether MAC-OF-epair5-b
ifconfig epair5b mtu 1500
ifconfig epair5a up
ifconfig epair5b vnet guest5
ifconfig -j guest5 epair5b inet 198.51.100.15/24 alias
ifconfig -j guest5 epair5b inet6 2001:db8:0:2::15/64 alias
ifconfig -j guest5 epair5b up
n=$(ifconfig epair create)
[ "${n%a}a" = epair6a ] || ifconfig "${n%a}a" name epair6a >/dev/null
ifconfig epair6a ether MAC-OF-epair6-a
ifconfig epair6a mtu 1500
ifconfig bridge1 addm epair6a
[ "${n%a}b" = epair6b ] || ifconfig "${n%a}b" name epair6b >/dev/null
ifconfig epair6b ether MAC-OF-epair6-b
ifconfig epair6b mtu 1500
ifconfig epair6a up
ifconfig epair6b vnet guest3
ifconfig -j guest3 epair6b inet 198.51.100.3/24 alias
ifconfig -j guest3 epair6b inet6 2001:db8:0:2::3/64 alias
ifconfig -j guest3 epair6b up
route -j guest1 add default 192.0.2.1
route -j guest1 add 198.51.100.0/24 192.0.2.13
route -j guest1 -6 add default 2001:db8:0:1::1
route -j guest1 -6 add 2001:db8:0:2::/64 2001:db8:0:1::13
route -j guest2 add default 192.0.2.1
route -j guest2 add 198.51.100.0/24 192.0.2.13
route -j guest2 -6 add default 2001:db8:0:1::1
route -j guest2 -6 add 2001:db8:0:2::/64 2001:db8:0:1::13
route -j guest3 add default 192.0.2.1
route -j guest3 -6 add default 2001:db8:0:1::1
route -j guest4 add default 198.51.100.3
route -j guest4 -6 add default 2001:db8:0:2::3
route -j guest5 add default 198.51.100.3
route -j guest5 -6 add default 2001:db8:0:2::3
