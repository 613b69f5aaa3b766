#!/bin/sh
# Static checks: cppcheck, shellcheck, clang's analyzer, and habits no tool knows.  usage: lint.sh BUILDDIR
set -u
B=$1
bad=0
mkdir -p "$B"
say() { echo "lint: $*"; bad=1; }

echo "lint: cppcheck"
# ctunullpointer: sizeof(err->msg) is taken for a dereference; internalAstError: a compound literal in a conditional is beyond it
cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 -D__linux__ -I. \
    --suppress=ctunullpointer --suppress=internalAstError:api/api_apply.c --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches core convert store api server worker cli || say "cppcheck"
echo "lint: clang analyzer"
analyze='clang --analyze -Xclang -analyzer-werror -std=c11 -D_GNU_SOURCE -I. -o /dev/null "$0" || { echo "lint: $0"; exit 1; }'
printf '%s\n' core/*.c convert/*.c store/*.c api/*.c server/*.c worker/*.c worker/linux/*.c cli/*.c | xargs -P "$(nproc)" -n 1 sh -c "$analyze" || say "clang analyzer"
echo "lint: shellcheck"
shellcheck -s sh -e SC2016,SC2043,SC2044,SC2013,SC2012,SC3043 -S warning tests/*.sh tools/*.sh tests/demo/*.sh || say "shellcheck"
grep -rnE '\b(system|popen|strcpy|strcat|sprintf|gets|alloca)\(' --include='*.[ch]' core convert store api server worker cli && say "a function nobody should call"
grep -rnE 'TODO|FIXME|\bXXX\b' --include='*.[ch]' --include='*.py' --include='*.sh' core convert store api server worker cli tests tools | grep -v 'tests/lint.sh' && say "left open"
shellcheck -s sh -e SC1091,SC2034,SC2148,SC2154,SC3043 -S warning rc.d/jailnetd || say "rc.d/jailnetd"
sh tests/man.sh "$B" || say "manual pages"
long=$(find core convert store api server worker cli \( -name '*.c' -o -name '*.h' \) -exec wc -l {} + | awk '$2 != "total" && $1 > 600 { print $2 " has " $1 " lines" }')
[ -z "$long" ] || say "$long"
wide=$(git ls-files '*.c' '*.h' | xargs expand | awk 'length > 150' | wc -l)
[ "$wide" -eq 0 ] || say "$wide lines are wider than 150 columns"
[ $bad -eq 0 ] && echo "lint: clean"
exit $bad
