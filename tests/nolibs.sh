#!/bin/sh
# The root program links libc and the system's network libraries, never a parser of network bytes or a database.
# usage: nolibs.sh BUILDDIR
set -eu
# a static build (cross-built for a VM) has nothing to list
command -v ldd >/dev/null && ldd "$1/jailnetd" >/dev/null 2>&1 || { echo "jailnetd is linked statically, or there is no ldd: not looked at"; exit 0; }
libs=$(ldd "$1/jailnetd" | awk '{ print $1 }')
echo "jailnetd links:" $libs
for l in $libs; do
    case $l in
    linux-vdso*|libc.so*|libmnl.so*|/lib*/ld-linux*|libpthread.so*|libasan.so*|libubsan.so*|libtsan.so*|libgcc_s.so*|libstdc++.so*|libm.so*|libdl.so*) ;;
    libjail.so*|libnetgraph.so*|libsys.so*) ;;
    *) echo "jailnetd must not link $l"; exit 1 ;;
    esac
done
# the check can fail: the server does link them
ldd "$1/jailnetd-server" | grep -q libsqlite3 || { echo "jailnetd-server does not link sqlite3: what was checked?"; exit 1; }
