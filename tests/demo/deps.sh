#!/bin/sh
# Installs the missing packages of packages.debian as root; as anybody else prints the one line to run as root.
# usage: deps.sh [demo|check|ci|www]
set -eu

need=${1:-demo}
list=$(dirname "$0")/packages.debian

case $need in
demo | check | ci | www) ;;
*)
	echo "usage: deps.sh [demo|check|ci|www]" >&2
	exit 2
	;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "deps: this is not Debian or Ubuntu; make sure that what $list names is there" >&2
	exit 0
fi

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | head -n 1)" = installed ]
}

missing=
while read -r package what; do
	case $package in
	'' | '#'*) continue ;;
	esac
	case $need:$what in
	demo:check | demo:ci | check:ci | *:www | www:ci) [ "$need:$what" = www:www ] || continue ;;
	esac
	found=no
	for one in $(echo "$package" | tr '|' ' '); do
		if is_installed "$one"; then
			found=yes
		fi
	done
	[ $found = yes ] || missing="$missing ${package%%|*}"
done <"$list"

[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "Some packages are missing. Run this once as root, then try again:" >&2
	echo "apt-get update && apt-get install -y --no-install-recommends$missing"
	exit 1
fi

echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086
apt-get install -q -y --no-install-recommends $missing
