#!/bin/sh
# make check-freebsd: on Linux, compiles every source of the FreeBSD build with `zig cc` and the real FreeBSD headers it brings, and links
# all three programs and the C tests: FreeBSD's libc symbols are zig's lists of what each release exports, the other libraries are the machine's own.
# What zig lacks (headers of libjail and libnetgraph) is taken from FBSD_SYSROOT when that is set, else listed, with the files that
# could therefore not be compiled.  Nothing is stubbed.
# usage: check.sh MAKE BUILDDIR PYTHON
set -eu
MAKE=$1 B=$2 PYTHON=$3
here=tests/freebsd
venv=$B/zig
dir=$B/freebsd
lacking="jail.h netgraph.h"
sysroot=${FBSD_SYSROOT:-}

if ! cmp -s $here/requirements.txt "$venv/requirements.txt"; then
    echo "check-freebsd: installing ziglang into $venv"
    rm -rf "$venv"
    "$PYTHON" -m venv "$venv"
    "$venv/bin/pip" install -q --require-hashes -r $here/requirements.txt
    cp $here/requirements.txt "$venv/"
fi
zig=$PWD/$venv/bin/python-zig
printf '#!/bin/sh\nexec "%s/bin/python" -m ziglang "$@"\n' "$PWD/$venv" >"$zig"
chmod +x "$zig"

# Headers of portable libraries, without anything of glibc beside them.
include=$PWD/$dir/include
rm -rf "$include"
mkdir -p "$include"
arch=$(gcc -print-multiarch)
for h in jansson.h jansson_config.h microhttpd.h gnutls sqlite3.h sodium.h sodium curl mit-krb5 cmocka.h; do
    for from in "/usr/include/$arch" /usr/include; do
        [ -e "$from/$h" ] && cp -rL "$from/$h" "$include/" && break
    done
done

missing_headers='' not_compiled=''
for h in $lacking; do
    if [ -n "$sysroot" ] && [ -f "$sysroot/usr/include/$h" ]; then
        cp "$sysroot/usr/include/$h" "$include/"
        continue
    fi
    missing_headers="$missing_headers $h"
    not_compiled="$not_compiled $(grep -lE "^#[ 	]*include <$h>" worker/*.c worker/freebsd/*.c cli/*.c cli/freebsd/*.c 2>/dev/null | tr '\n' ' ')"
done
[ -z "$missing_headers" ] || echo "check-freebsd: zig's headers lack:$missing_headers; not compiled: ${not_compiled:-nothing}"

without() { # files but those not compiled
    for f in "$@"; do
        case " $not_compiled " in *" $f "*) ;; *) printf '%s ' "$f" ;; esac
    done
}
# the sandbox's files are not the driver's
driver=$(without $(ls worker/freebsd/*.c | grep -vE "_($(sed -n 's/^SANDBOX_freebsd = //p' Makefile))\.c"))
cli=$(without cli/*.c cli/freebsd/*.c)
lib() { for l in "$@"; do printf '%s ' "$(gcc -print-file-name="lib$l.so")"; done; }
base=
for l in jail netgraph; do
    [ -n "$sysroot" ] && [ -e "$sysroot/usr/lib/lib$l.so" ] && base="$base $sysroot/usr/lib/lib$l.so"
done

cross() { # release, targets...
    release=$1; shift
    "$MAKE" -s --no-print-directory OS=freebsd B="$dir/$release" CC="$zig cc -target x86_64-freebsd.$release" OPT=-O1 DEFS_freebsd="-isystem $include" \
        LD_freebsd= SRC_driver="$driver" SRC_cli="$cli" LIBS_worker_freebsd="$base" LIBS_server="$(lib microhttpd jansson sqlite3 sodium gnutls)" \
        LIBS_cli="$(lib curl jansson sodium)" LIBS_test="$(lib microhttpd jansson sqlite3 sodium gnutls cmocka) $base" "$@"
}

# The symbols a link lacks may only be functions of the files that could not be compiled.
excused=$(for f in $not_compiled; do sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$f"; done)
link() { # release, what, targets...
    release=$1 what=$2
    shift 2
    if cross "$release" -k -j2 "$@" >"$dir/link.out" 2>&1; then
        return 0
    fi
    bad=
    for s in $(sed -n 's/.*undefined symbol: //p' "$dir/link.out" | sort -u); do
        case " $(echo $excused) " in *" $s "*) ;; *) bad="$bad $s" ;; esac
    done
    if [ -n "$bad" ] || ! grep -q 'undefined symbol' "$dir/link.out" || grep 'error:' "$dir/link.out" | grep -qvE 'undefined symbol|linker'; then
        cat "$dir/link.out"
        echo "check-freebsd: $what do not compile and link for FreeBSD $release:${bad:- see above}"
        return 1
    fi
}

n=0
for release in 15.0 14.3; do
    cross "$release" -k -j2 objects || { echo "check-freebsd: does not compile for FreeBSD $release"; exit 1; }
    link "$release" "the programs" "$dir/$release/jailnetd" "$dir/$release/jailnetd-server" "$dir/$release/jailnet" || exit 1
    link "$release" "the tests" tests || exit 1
    n=$(find "$dir/$release" -name '*.o' | wc -l)
    echo "check-freebsd: FreeBSD $release: $n files compiled, 3 programs and $(find "$dir/$release/tests" -type f -perm -100 | wc -l) tests linked"
done
