#!/bin/bash
# .ci/fuzz.sh SECONDS [TARGET...]: fuzzes each target (default: all) for so long, under AddressSanitizer, as many at a
# time as there are CPUs (or FUZZ_JOBS).
#
# First come the seeds and the cases that were ever found (Tests/Fuzz/Seeds/TARGET), then the corpus of earlier runs,
# which stays in .build/fuzz-corpus. A finding fails the run: its input is then in Tests/Fuzz/Seeds/TARGET, to be kept
# with the repair.
set -euo pipefail
cd "$(dirname "$0")/.."
export FUZZ_SECONDS=${1:?how many seconds for each target?}
shift
export TINCT_FUZZ=1
"${SWIFT:-swift}" build -c release --product tinct-fuzz --scratch-path .build/fuzz -Xswiftc -sanitize=fuzzer,address
# A crash is to end the program, not to be explained to nobody.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0
export HARNESS=.build/fuzz/release/tinct-fuzz

fuzz() {
    local target=$1 length=$2 log=.build/fuzz-corpus/$1.log corpus=.build/fuzz-corpus/$1 seeds=Tests/Fuzz/Seeds/$1
    mkdir -p "$corpus" "$seeds"
    # One input may take 5 s (more with FUZZ_TIMEOUT, on a machine that has other things to do) and the whole 1 GiB (AddressSanitizer's own share is most of it), or it is a finding.
    if ! "$HARNESS" "$target" -max_total_time="$FUZZ_SECONDS" -max_len="$length" -timeout="${FUZZ_TIMEOUT:-5}" -rss_limit_mb=1024 \
        -malloc_limit_mb=256 -artifact_prefix="$seeds/" -print_final_stats=1 "$corpus" "$seeds" >"$log" 2>&1; then
        tail -40 "$log" >&2
        echo "$target: a finding; its input is in $seeds" >&2
        return 1
    fi
    echo "$target: $(awk '/number_of_executed_units/ {units = $2} /peak_rss_mb/ {peak = $2} END {
        print units " inputs, peak " peak " MB"}' "$log")"
}
export -f fuzz

"$HARNESS" | while read -r target length; do
    if [ $# -gt 0 ] && [[ " $* " != *" $target "* ]]; then continue; fi
    echo "$target $length"
done | xargs -P "${FUZZ_JOBS:-$(nproc)}" -L 1 bash -c 'fuzz "$@"' fuzz
