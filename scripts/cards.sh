#!/usr/bin/env bash
# Install the card agent into .venv, and what it and its tests need from Debian's packages: the
# PC/SC service with a virtual reader, OpenSC, SoftHSM, and what pyscard is built with.
# Does nothing when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv
exec 9<pyproject.toml # as scripts/setup.sh: one at a time
flock 9
packages=(
    pcscd vsmartcard-vpcd libpcsclite-dev swig gcc libc6-dev iproute2
    opensc opensc-pkcs11 softhsm2 openssl pinentry-curses pinentry-tty
)

# pyscard is built here, against the Python that .venv was made with.
headers=$($venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -e "$headers/Python.h" ] || packages+=(python3-dev)

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

if ! dpkg-query --show --showformat='${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
    awk -v wanted=${#packages[@]} '/^installed$/ { found++ } END { exit found != wanted }'; then
    as_root apt-get update -qq
    as_root apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# The virtual environment is made anew when the main lock changes; then this stamp is gone too.
stamp=$(cat agent/requirements.lock agent/pyproject.toml scripts/cards.sh | sha256sum | cut -d' ' -f1)
if [ "$(cat $venv/.cards-stamp 2>/dev/null)" != "$stamp" ]; then
    $venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r agent/requirements.lock
    $venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e agent
    echo "$stamp" > $venv/.cards-stamp
fi
