#!/usr/bin/env bash
# Resolve the dependencies into requirements.lock, and the card agent's into a lock of its own with
# the same versions, since both may stand in one environment: hashes, no addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
.venv/bin/python -m venv "$tools"
"$tools/bin/pip" install -q --disable-pip-version-check uv
compile=("$tools/bin/uv" pip compile --universal --python-version 3.11
    --generate-hashes --no-emit-index-url --no-header --no-strip-extras --quiet)
"${compile[@]}" --group dev --output-file requirements.lock pyproject.toml
"${compile[@]}" --constraints requirements.lock --output-file agent/requirements.lock agent/pyproject.toml
