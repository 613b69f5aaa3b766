#!/bin/sh
# arrows.sh is silent about this tree, and not about a tree that breaks each arrow.
set -eu
sh tests/arrows.sh .
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
n=0
breaks() { # file, line
    rm -rf "$t/x"; mkdir -p "$t/x/core" "$t/x/store" "$t/x/convert" "$t/x/api" "$t/x/server" "$t/x/worker/linux" "$t/x/cli"
    echo "$2" >"$t/x/$1"
    if sh tests/arrows.sh "$t/x" >/dev/null; then echo "not noticed: $1: $2"; exit 1; fi
    n=$((n + 1))
}
breaks core/a.c '#include "store/store.h"'
breaks store/a.c '#include "api/api.h"'
breaks api/a.c '#include "server/http.h"'
breaks worker/a.c '#include "store/store.h"'
breaks worker/linux/a.c '#include "worker/policy.h"'
breaks cli/a.c '#include "api/api.h"'
breaks server/a.c '#include "http.h"'
breaks server/recon.c '#include <microhttpd.h>'
breaks api/a.c '#include <sqlite3.h>'
breaks server/http_x.c '#include <jansson.h>'
breaks core/a.c '#include <libmnl/libmnl.h>'
echo "arrows: $n broken trees noticed"
