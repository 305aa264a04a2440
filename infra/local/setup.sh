#!/bin/sh
# Make .venv as the lock says, with the `relance` command in it. Nothing is installed anywhere else.
# Everything that can be missing is told in one line.
set -eu
cd "$(dirname "$0")/../.."

VENV=.venv
LOG=.relance/setup.log
NEEDED_MB=700

fail() {
    echo "relance: $1" >&2
    exit 1
}

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if is_supported "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 was not found; install one, or name it: make PYTHON=/path/to/python3"
}

require_disk() {
    free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free_mb" -ge "$NEEDED_MB" ] ||
        fail "the disk is full: $free_mb MB are free here, the environment needs $NEEDED_MB MB"
}

run() {
    what=$1
    shift
    "$@" >>"$LOG" 2>&1 || fail "$what failed: $(why) (all of it: $LOG)"
}

why() {
    # pip says the cause before its closing lines.
    { grep -i 'error' "$LOG" || grep -v '^ *$' "$LOG" || echo "nothing was said"; } | tail -n 1
}

{ mkdir -p .relance && : >"$LOG"; } 2>/dev/null ||
    fail "cannot write to $(pwd)/.relance; is the disk full, or the folder not yours?"

if ! is_supported "$VENV/bin/python"; then
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        fail "$python lacks the venv module; install it (Debian: apt-get install python3-venv)"
    require_disk
    echo "setup: making $VENV with $("$python" --version)"
    rm -rf "$VENV"
    run "making $VENV" "$python" -m venv "$VENV"
fi
echo "setup: installing what requirements-dev.lock names (about a minute the first time)"
run "installing the packages" "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
run "installing the relance command" "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-deps --no-build-isolation --editable .
touch "$VENV/.ready"
echo "setup: done; the command is $VENV/bin/relance"
