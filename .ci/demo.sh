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
# 4 says that the machine was too busy to send on time, which is no failure of what the demo shows.
replay() {
    local status=0
    run replay "$@" || status=$?
    if [ "$status" != 0 ] && [ "$status" != 4 ]; then exit "$status"; fi
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
    "$tinct" stub "$tape" --listen 127.0.0.1:0 "$@" >"$out/$name.stub.txt" 2>"$out/$name.stub.log" &
    stubs+=($!)
    for _ in $(seq 1200); do
        port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$out/$name.stub.log")
        if [ -n "$port" ]; then return; fi
        sleep 0.05
    done
    echo "demo: the stub did not start; see $out/$name.stub.log" >&2
    exit 1
}

say "1. Record: captures of real Thrift and HTTP traffic become a tape, and every packet is accounted for"
run record fixtures/thrift-binary.pcap fixtures/thrift-compact.pcapng fixtures/http-nginx.pcap -o "$out/recorded.mcap" \
    --idl schemas/risk_decision.thrift --idl schemas/risk_decision.openapi.yaml

say "2. Show: exchanges decoded by name"
run show "$out/recorded.mcap" --limit 5
run show "$out/recorded.mcap" --operation 'RiskDecision.evaluate' --limit 1 --payload

say "3. Synthesize: 100,000 labelled requests, 2 % of them anomalous"
run synth schemas/scenarios/risk_decision_thrift.yaml -n 100k --anomalies 2% --seed 1 -o "$out/synthesized.mcap"
run info "$out/synthesized.mcap"

carriers=(--carrier default --carrier didi:path=1.20)

say "4. Replay both, tagged, at 2,000 requests a second for 5 s, against an embedded target"
start_stub recorded "$out/recorded.mcap" "${carriers[@]}"
# Some recorded requests have no declared identity, so the demo allows them to be sent again in later rounds.
replay "$out/recorded.mcap" --to "http://127.0.0.1:$port" --to "thrift://127.0.0.1:$port" "${carriers[@]}" \
    --rate 2000 --duration 5s --allow-duplicates --result "$out/recorded.result.json" \
    --report "$out/recorded.html" -o "$out/recorded.run.mcap"
stop
start_stub synthesized "$out/synthesized.mcap" "${carriers[@]}"
replay "$out/synthesized.mcap" --to "thrift://127.0.0.1:$port" "${carriers[@]}" \
    --rate 2000 --duration 5s --result "$out/synthesized.result.json" \
    --report "$out/synthesized.html" -o "$out/synthesized.run.mcap"
stop

say "5. Diff: which decisions changed"
run diff "$out/recorded.mcap" "$out/recorded.run.mcap"
run diff "$out/synthesized.mcap" "$out/synthesized.run.mcap"

say "Summary"
for name in recorded synthesized; do
    printf '%s: what the target itself counted\n' "$name"
    sed -n 's/^  \(tagged \|untagged \)/    \1/p' "$out/$name.stub.txt"
    grep -q '^  untagged   0$' "$out/$name.stub.txt" || { echo "demo: an untagged request arrived" >&2; exit 1; }
    grep -q '^  tagged .*(100 %)$' "$out/$name.stub.txt" || { echo "demo: nothing tagged arrived" >&2; exit 1; }
done
printf 'reports: %s/recorded.html and %s/synthesized.html\n' "$PWD/$out" "$PWD/$out"
