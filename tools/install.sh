#!/bin/sh
# Builds .venv and installs requirements/$1.txt by hash, then Jett itself. Called by the Makefile; $1: runtime or dev.
# Finishes with a stamp, so that an interrupted install is done again.
set -eu

set_name=$1
venv=${VENV:-.venv}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

suits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        suits "$PYTHON" || fail "PYTHON=$PYTHON does not run or is too old, need Python 3.11 or newer; name another"
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
        if suits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer was found (python3 is $(python3 --version 2>&1 || echo missing)); install python3.11, \
or name one: make run PYTHON=/path/to/python"
}

fail() {
    echo "install: $1" >&2
    exit 1
}

make_venv() {
    python=$(find_python)
    echo "install: creating $venv with $("$python" --version)"
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        fail "$python has no venv module; on Debian or Ubuntu: apt-get install python$version-venv, then run make again"
    fi
    "$python" -m venv --clear "$venv" || fail "$venv could not be created; see the message above"
}

if ! "$venv/bin/python" -c 'import pip' >/dev/null 2>&1; then
    make_venv
fi
rm -f "$venv/.$set_name"
echo "install: installing requirements/$set_name.txt (once; about 150 MB)"
quiet=--quiet
[ -t 1 ] && quiet=
pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"
}
pip install --quiet --require-hashes -r requirements/pip.txt ||
    fail "pip could not be brought up to date; check the network, then run make again"
pip install $quiet --require-hashes -r "requirements/$set_name.txt" ||
    fail "the packages could not be installed; check the network and the free space, then run make again"
pip install --quiet --no-deps --no-build-isolation -e . || fail "Jett itself could not be installed; see above"
touch "$venv/.$set_name"
[ "$set_name" = dev ] && touch "$venv/.runtime"
exit 0
