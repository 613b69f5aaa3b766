# What the FreeBSD stories share; sourced.  Root of a machine (or VM) that may be played with.
# The caller was given: DIR-WITH-PROGRAMS.  It gets: $dir, $J (the command), ok/not/same/eventually, a daemon, and finish.
bin=$1
dir=$(mktemp -d /tmp/jnstory.XXXXXX)
chmod 755 "$dir"	# the server is another user
J="$bin/jailnet --socket $dir/api.sock"
fails=0 passes=0
daemon=

ok() { # description, command...
	what=$1; shift
	if out=$("$@" 2>&1); then
		echo "ok   $what"
		passes=$((passes + 1))
	else
		echo "FAIL $what: $* -> $?: $out"
		fails=$((fails + 1))
	fi
}

not() { ! "$@"; }

same() { [ "$1" = "$2" ] || { printf '%s\n---\n%s\n' "$1" "$2"; false; }; }

# The command must fail, and say these words.
refused() { # words, command...
	words=$1; shift
	if out=$("$@" 2>&1); then
		echo "was accepted: $out"
		return 1
	fi
	echo "$out"
	echo "$out" | grep -q -e "$words"
}

# Until the command succeeds, at most this many tenths of a second.
eventually() { # tenths, command...
	left=$1; shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || { "$@"; return 1; }
		sleep 0.1
	done
}

# None can be loaded from inside a jail: all.sh does that before.
modules() { [ "$(sysctl -n security.jail.jailed)" -eq 1 ] || kldload -n "$@"; }

mac_of() { # jail, interface
	jexec "$1" ifconfig "$2" 2>/dev/null | awk '$1 == "ether" { print $2 }'
}

apply() { # the topology comes from standard input
	cat >"$dir/topology.json"
	$J apply "$dir/topology.json"
}

api() { # method, path, body: the status, then the answer
	curl -sS --unix-socket "$dir/api.sock" -X "$1" -H 'Content-Type: application/json' -d "$3" -o "$dir/answer" -w '%{http_code} ' "http://localhost$2"
	cat "$dir/answer"
}

merge() { # path, merge patch: refused with the answer and not 0
	curl -sS --fail-with-body --unix-socket "$dir/api.sock" -X PATCH -H 'Content-Type: application/merge-patch+json' --data "$2" "http://localhost$1"
}

feature() { curl -sS --unix-socket "$dir/api.sock" http://localhost/v1 | grep -q "\"$1\""; }

event() { $J --json events | grep -q -e "$1"; }

start_daemon() { # $conf: lines more
	printf 'state_dir = %s/state\nsocket = %s/api.sock\nlisten = none\nuplinks = re0 vl* bridge*\nhost_routes = yes\n%s\n' "$dir" "$dir" "${conf:-}" >"$dir/conf"
	"$bin/jailnetd" -f -c "$dir/conf" >>"$dir/log" 2>&1 &
	daemon=$!
	eventually 100 $J show daemon || { echo "FAIL the daemon starts"; tail -5 "$dir/log"; fails=$((fails + 1)); return 1; }
}

stop_daemon() {
	kill "$daemon" && wait "$daemon" 2>/dev/null
	daemon=
}

finish() {
	[ -z "$daemon" ] || { echo '{}' | apply >/dev/null 2>&1; stop_daemon; }
	if [ $fails -gt 0 ]; then
		echo "--- the end of the daemon's log"
		grep -v level=info "$dir/log" | tail -25
	fi
	rm -rf "$dir"
	echo "$(basename "$0"): $passes passed, $fails failed"
	[ $fails -eq 0 ]
	exit
}
