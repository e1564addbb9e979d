#!/bin/sh
# Writes requirements/*.txt: every dependency, for every platform, by hash. Called by `make lock`; needs uv.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "lock: uv is missing; pip install uv" >&2; exit 1; }

export UV_CUSTOM_COMPILE_COMMAND="make lock"
compile() {
    uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml requirements/build.in "$@"
}
compile --output-file requirements/runtime.txt
compile --extra bench --extra dev --constraints requirements/runtime.txt --output-file requirements/dev.txt
compile --extra ray --constraints requirements/dev.txt --output-file requirements/ray.txt
compile --extra gpu --constraints requirements/runtime.txt --output-file requirements/gpu.txt
