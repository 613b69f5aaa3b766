#!/bin/sh
# Who may include whom (ARCHITECTURE.md).  Prints each include that breaks an arrow; exit 1 when there is one.
#   core <- store <- api <- server,  core <- worker,  core <- cli,  core <- convert <- api
# usage: arrows.sh [DIR]
set -eu
cd "${1:-.}"
bad=0
complain() { echo "arrows: $*"; bad=1; }

allowed() { # folder -> folders it may include from
    case $1 in
    core) echo core ;;
    store) echo core store ;;
    convert) echo core convert ;;
    api) echo core convert store api ;;
    server) echo core store api server ;;
    worker) echo core worker ;;
    cli) echo core cli ;;
    esac
}
for dir in core convert store api server worker cli; do
    ok=" $(allowed $dir) "
    for f in $(find $dir -name '*.[ch]'); do
        for inc in $(sed -n 's/^#[ \t]*include "\(.*\)"/\1/p' "$f"); do
            case $inc in
            */*) top=${inc%%/*} ;;
            *) complain "$f includes \"$inc\" without its folder"; continue ;;
            esac
            case $ok in *" $top "*) ;; *) complain "$f includes $inc" ;; esac
            case $f in
            worker/linux/*|worker/freebsd/*)
                case $inc in
                core/*|worker/driver.h|worker/sandbox.h|worker/probe.h|worker/command.h|worker/linux/*|worker/freebsd/*) ;;
                *) complain "$f includes $inc: a driver sees core/, driver.h, sandbox.h, probe.h and command.h only" ;;
                esac ;;
            esac
        done
    done
done
only() { # header regex, allowed path regex
    grep -rlE "^#[ 	]*include <$1" core convert store api server worker cli --include='*.[ch]' | grep -vE "$2" | while read -r f; do
        echo "arrows: $f includes <$1>"
    done
}
out=$(only 'microhttpd\.h' '^server/http'; only 'sqlite3\.h' '^store/'; only 'jansson\.h' '^(api|cli)/'
    only 'libmnl' '^worker/linux/'; only 'curl/' '^cli/'; only 'sodium\.h' '^(server|cli)/'; only 'gnutls/' '^server/http')
[ -z "$out" ] || { echo "$out"; bad=1; }
# basenames are unique, so that a file's name says where it is
dup=$(find core convert store api server worker cli -name '*.c' | sed 's|.*/||' | sort | uniq -d)
[ -z "$dup" ] || complain "two files named $dup"
exit $bad
