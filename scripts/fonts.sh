#!/usr/bin/env bash
# Install the font that labels and browsers write Chinese names with, from Debian's packages.
# Without it all but the labels works, so that setup goes on where nobody may install packages.
set -euo pipefail
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
install() {
    as_root apt-get update -qq &&
        as_root apt-get install -y -qq --no-install-recommends fonts-noto-cjk fontconfig >/dev/null
}

if [[ "$(fc-match -f '%{family}' 'Noto Sans CJK TC' 2>/dev/null)" != *"Noto Sans CJK TC"* ]]; then
    install || echo "labels cannot be printed: install fonts-noto-cjk and fontconfig" >&2
fi
