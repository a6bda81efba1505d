#!/usr/bin/env python3
"""tables.py TINCT [SEEDS]: the published tables at full size must be what was published.

The Fraud Detection Handbook's over 20 seeds: transactions and each count of first labels within 3 deviations of the
expectation every time, the means within 3 standard errors. PaySim's shares within 0.1 point, AMLSim's typologies exactly,
the account fraud suite's monthly volume and prevalence within their bands.
"""
import csv
import io
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HANDBOOK = {"transactions": (1773686, 14543), "largeAmount": (1014, 53), "terminalTampered": (9151, 134),
            "cardDataLeaked": (4549, 116)}
failures = []


def synth(name, seed, out="/dev/null", form="wire"):
    command = [sys.argv[1], "synth", f"{ROOT}/schemas/scenarios/{name}.yaml", "--seed", str(seed), "-o", out,
               "--format", form, "--json"]
    return command


def manifest(name, seed):
    result = subprocess.run(synth(name, seed), capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stderr)
    return json.loads(result.stdout)


def rows(name, seed):
    process = subprocess.Popen(synth(name, seed, "-", "csv"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    yield from csv.DictReader(io.TextIOWrapper(process.stdout, "utf-8", newline=""))
    if process.wait():
        sys.exit(f"{name}: exit {process.returncode}")


def expect(holds, what):
    print(("  " if holds else "! ") + what)
    if not holds:
        failures.append(what)


def handbook(seeds):
    seen = {key: [] for key in HANDBOOK}
    for seed in range(1, seeds + 1):
        made = manifest("fraud_handbook", seed)
        counts = {rule["type"]: rule["exchanges"] for rule in made["stated"]}
        counts["transactions"] = made["exchanges"]
        for key, (centre, deviation) in HANDBOOK.items():
            seen[key].append(counts[key])
            if abs(counts[key] - centre) > 3 * deviation:
                expect(False, f"handbook seed {seed}: {counts[key]} {key}")
    for key, (centre, deviation) in HANDBOOK.items():
        average = sum(seen[key]) / seeds
        error = deviation / seeds ** 0.5
        expect(abs(average - centre) <= 3 * error,
               f"handbook {key}: mean {average:.0f} of {seeds} seeds, expected {centre} +- {3 * error:.0f}")


def paysim():
    counts, total, frauds = {}, 0, 0
    for row in rows("paysim", 1):
        counts[row["type"]] = counts.get(row["type"], 0) + 1
        frauds += row["labels"] != ""
        total += 1
    expect(total == 6362620, f"paysim: {total} rows")
    for kind, share in {"CASH_OUT": 35.17, "PAYMENT": 33.81, "CASH_IN": 21.99, "TRANSFER": 8.38, "DEBIT": 0.65}.items():
        made = 100 * counts.get(kind, 0) / total
        expect(abs(made - share) <= 0.1, f"paysim {kind}: {made:.3f} %, published {share} %")
    expect(abs(100 * frauds / total - 0.129) < 0.002, f"paysim frauds: {100 * frauds / total:.4f} %")


def amlsim():
    sizes = {}
    for row in rows("amlsim", 1):
        if row["labels"]:
            label = json.loads(row["labels"])[0]
            sizes.setdefault(label["type"], {}).setdefault(label["campaign"], []).append(row)
    for kind, count in {"fanIn": 30, "fanOut": 30, "cycle": 40}.items():
        members = [len(transfers) for transfers in sizes[kind].values()]
        expect(len(members) == count and all(5 <= m <= 10 for m in members), f"amlsim {kind}: {len(members)}")


def accounts():
    volume, fraud = {}, {}
    for row in rows("bank_account_fraud", 1):
        month = int(row["month"])
        volume[month] = volume.get(month, 0) + 1
        fraud[month] = fraud.get(month, 0) + (row["labels"] != "")
    total = sum(volume.values())
    for month in sorted(volume):
        share, prevalence = 100 * volume[month] / total, 100 * fraud[month] / volume[month]
        expect(9.5 <= share <= 15 and 0.85 <= prevalence <= 1.5,
               f"account fraud month {month}: {share:.2f} % of all, {prevalence:.3f} % fraud")
    expect(len(volume) == 8, "account fraud: eight months")


handbook(int(sys.argv[2]) if len(sys.argv) > 2 else 20)
paysim()
amlsim()
accounts()
sys.exit(1 if failures else 0)
