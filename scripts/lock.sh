#!/usr/bin/env bash
# Resolve the dependencies of pyproject.toml into requirements.lock: hashes, no addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
.venv/bin/python -m venv "$tools"
"$tools/bin/pip" install -q --disable-pip-version-check uv
"$tools/bin/uv" pip compile pyproject.toml --group dev --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock
