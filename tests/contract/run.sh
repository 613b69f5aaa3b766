#!/bin/sh
# make check-contract: the virtual environment (pinned, with hashes), then run.py.  usage: run.sh BUILDDIR PYTHON [options of run.py]
set -eu
B=$1 PYTHON=$2
shift 2
stamp=$B/venv/.of-$(sha256sum tests/contract/requirements.txt | cut -c1-16)
if [ ! -f "$stamp" ]; then
	rm -rf "$B/venv"
	"$PYTHON" -m venv "$B/venv"
	"$B/venv/bin/pip" install -q --require-hashes -r tests/contract/requirements.txt
	touch "$stamp"
fi
JAILNET_BUILD_DIR=$B PYTHONPATH=tests/lib exec "$PYTHON" tests/contract/run.py "$@"
