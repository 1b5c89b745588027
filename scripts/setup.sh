#!/usr/bin/env bash
# Make .venv with the locked packages and emask itself, then build the front end.
# Does nothing when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=.venv

# Two that run at once would lay one environment over the other: the second one waits.
exec 9<pyproject.toml
flock 9

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "emask needs Python 3.11 or newer; PYTHON=/path/to/python3 chooses one" >&2
    exit 1
}

stamp=$(cat requirements.lock pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1)
if [ "$(cat $venv/.stamp 2>/dev/null)" != "$stamp" ]; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        as_root apt-get update -qq
        as_root apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    fi
    "$python" -m venv --clear $venv
    $venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
    $venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
    echo "$stamp" > $venv/.stamp
fi

frontend/build.sh
