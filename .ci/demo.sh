#!/bin/bash
# The main job from end to end, on the repository's own captures of real clients and servers: record, show, synthesize,
# replay with the tag against an embedded target, compare. Usage: demo.sh TINCT   (run by `make demo`)
set -euo pipefail
cd "$(dirname "$0")/.."
tinct=$1
out=.build/demo
rm -rf "$out" && mkdir -p "$out"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
    printf '$ tinct %s\n' "$*"
    "$tinct" "$@"
}
expect() { # expect STATUS COMMAND...: some steps are meant to find something, and say so with their status
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    if [ "$status" != "$wanted" ]; then
        echo "demo: '$*' ended with $status instead of $wanted" >&2
        exit 1
    fi
}

stubs=()
stop() {
    for pid in "${stubs[@]:-}"; do [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${stubs[@]:-}"; do [ -z "$pid" ] || wait "$pid" 2>/dev/null || true; done
    stubs=()
}
trap stop EXIT
start_stub() { # start_stub NAME TAPE FLAGS...: sets $port
    local name=$1 tape=$2
    shift 2
    "$tinct" stub "$tape" --listen 127.0.0.1:0 --json "$@" >"$out/$name.stub.json" 2>"$out/$name.stub.log" &
    stubs+=($!)
    for _ in $(seq 200); do
        port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$out/$name.stub.log" "$out/$name.stub.json")
        if [ -n "$port" ]; then return; fi
        sleep 0.05
    done
    echo "demo: the stub did not start; see $out/$name.stub.log" >&2
    exit 1
}
