#!/bin/sh
# Lints the document with redocly (npm, lock file).  usage: lint.sh BUILDDIR
set -eu
dir=$1/contract-lint
mkdir -p "$dir"
if ! cmp -s tests/contract/package-lock.json "$dir/package-lock.json"; then
	cp tests/contract/package.json tests/contract/package-lock.json "$dir/"
	(cd "$dir" && npm ci --silent --no-audit --no-fund --ignore-scripts)
fi
REDOCLY_TELEMETRY=off "$dir/node_modules/.bin/redocly" lint --config tests/contract/redocly.yaml openapi/openapi.yaml
