#!/usr/bin/env python3
"""digests.py TINCT N [--update]: the same scenario, seed and N must give the same bytes however they are made.

Every shipped scenario is made whole as JSON Lines with one thread, as CSV with two, and as JSON Lines in 3 and in 64
shards, in three time zones and locales. One SHA-256 each of exchanges, JSON Lines, CSV and labels must come out, and must
be the one in fixtures/synthesis.digests.json. --update writes that file anew: a change of digest is a decision, which
CHANGELOG.md states.
"""
import hashlib
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMITTED = os.path.join(ROOT, "fixtures", "synthesis.digests.json")
PLACES = [("UTC", "C"), ("Asia/Shanghai", "zh_CN.UTF-8"), ("America/Sao_Paulo", "pt_BR.UTF-8")]


class Lines:
    """Digests of a stream of JSON Lines, and of the labels in it."""

    def __init__(self):
        self.all, self.labels = hashlib.sha256(), hashlib.sha256()

    def read(self, stream):
        for line in stream:
            self.all.update(line)
            self.labels.update(line[line.rindex(b',"labels":'):])


def synth(tinct, scenario, n, form, place, *flags, sink):
    zone, locale = PLACES[place % len(PLACES)]
    command = [tinct, "synth", f"{ROOT}/schemas/scenarios/{scenario}.yaml", "-n", str(n), "--seed", "1",
               "-o", "-", "--format", form, "--json", *flags]
    environment = dict(os.environ, TZ=zone, LC_ALL=locale, LANG=locale)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    sink(process.stdout)
    errors = process.stderr.read().decode()
    if process.wait() != 0:
        sys.exit(f"{scenario}: {errors}")
    return json.loads(errors[errors.index("{"):])["exchangesSha256"]


def measure(tinct, scenario, n):
    lines, csv = Lines(), hashlib.sha256()
    exchanges = synth(tinct, scenario, n, "jsonl", 0, "--threads", "1", sink=lines.read)

    def table(stream):
        while block := stream.read(1 << 20):
            csv.update(block)

    again = synth(tinct, scenario, n, "csv", 1, "--threads", "2", sink=table)
    if again != exchanges:
        sys.exit(f"{scenario}: two threads make other exchanges")
    for shards in 3, 64:
        joined = Lines()
        for i in range(shards):
            synth(tinct, scenario, n, "jsonl", i, "--threads", str(1 + i % 2), "--shard", f"{i}/{shards}",
                  sink=joined.read)
        if joined.all.digest() != lines.all.digest():
            sys.exit(f"{scenario}: {shards} shards joined are not the whole")
    return {"exchanges": exchanges, "jsonl": lines.all.hexdigest(), "csv": csv.hexdigest(),
            "labels": lines.labels.hexdigest()}


def main():
    tinct, n = sys.argv[1], sys.argv[2]
    names = sorted(f[:-5] for f in os.listdir(f"{ROOT}/schemas/scenarios") if f.endswith(".yaml"))
    made = {name: measure(tinct, name, n) for name in names}
    committed = json.load(open(COMMITTED)) if os.path.exists(COMMITTED) else {}
    if "--update" in sys.argv:
        committed[n] = made
        with open(COMMITTED, "w") as file:
            json.dump(dict(sorted(committed.items(), key=lambda item: int(item[0]))), file, indent=1)
            file.write("\n")
    elif n not in committed:
        sys.exit(f"{COMMITTED} has no digests of {n} exchanges: --update writes them")
    elif committed[n] != made:
        for name in names:
            if committed[n].get(name) != made[name]:
                print(f"{name}: digests differ from fixtures/synthesis.digests.json", file=sys.stderr)
        sys.exit(1)
    print(f"digests: {len(names)} scenarios of {n} exchanges, each the same in every way of making it")


main()
