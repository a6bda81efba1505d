#!/bin/bash
# .ci/fuzz.sh SECONDS [TARGET...]: fuzzes each target (default: all) for so long, under AddressSanitizer.
#
# First come the seeds and the cases that were ever found (Tests/Fuzz/Seeds/TARGET), then the corpus of earlier runs,
# which stays in .build/fuzz-corpus. A finding ends the run: its input is then in Tests/Fuzz/Seeds/TARGET, to be kept
# with the repair.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?how many seconds for each target?}
shift
export TINCT_FUZZ=1
"${SWIFT:-swift}" build -c release --product tinct-fuzz --scratch-path .build/fuzz -Xswiftc -sanitize=fuzzer,address
harness=.build/fuzz/release/tinct-fuzz
while read -r target length; do
    if [ $# -gt 0 ] && [[ " $* " != *" $target "* ]]; then continue; fi
    corpus=.build/fuzz-corpus/$target
    seeds=Tests/Fuzz/Seeds/$target
    mkdir -p "$corpus" "$seeds"
    echo "fuzzing $target for $seconds s"
    # One input may take 5 s and the whole 1 GiB (AddressSanitizer's own share is most of it), or it is a finding.
    if ! ASAN_OPTIONS=detect_leaks=0 "$harness" "$target" -max_total_time="$seconds" -max_len="$length" -timeout=5 \
        -rss_limit_mb=1024 -malloc_limit_mb=256 -artifact_prefix="$seeds/" -print_final_stats=1 "$corpus" "$seeds" \
        >".build/fuzz-corpus/$target.log" 2>&1; then
        tail -40 ".build/fuzz-corpus/$target.log" >&2
        echo "$target: a finding; its input is in $seeds" >&2
        exit 1
    fi
    grep -E '^(Done|stat::(number_of_executed_units|peak_rss_mb))' ".build/fuzz-corpus/$target.log"
done < <("$harness")
