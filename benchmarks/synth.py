"""How fast tinct synth is beside Polars and beside a C program that writes the same fields with nothing behind them."""
import os
import subprocess
import sys

from common import RUNS, run, save, summary, undisturbed

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def bench_synth(tinct, sources, peers):
    """Exchanges a second to /dev/null, pinned to one core unless the name says two; runs alternate."""
    flat = os.path.join(ROOT, "benchmarks", "flat.yaml")
    wallet = os.path.join(ROOT, "schemas", "scenarios", "wallet_china.yaml")
    n = 2_000_000

    def synth(scenario, form, threads=1):
        pin = ["taskset", "-c", "0"] if threads == 1 else ["taskset", "-c", "0,1"]
        return pin + [tinct, "synth", scenario, "-n", str(n), "-o", "/dev/null", "--format", form,
                      "--threads", str(threads), "--json"]

    commands = {
        "c": (20_000_000, ["taskset", "-c", "0", os.path.join(peers, "gen"), "20000000"]),
        "flatJSONLines": (n, synth(flat, "jsonl")),
        "walletWire": (n, synth(wallet, "wire")),
        "walletJSONLines": (n, synth(wallet, "jsonl")),
        "walletWireTwoThreads": (n, synth(wallet, "wire", 2)),
    }
    probe = subprocess.run([sys.executable, "-c", "import polars"], capture_output=True)
    if probe.returncode == 0:
        commands["polars"] = (n, ["taskset", "-c", "0", sys.executable,
                                  os.path.join(sources, "load", "polars_gen.py"), str(n)])
    found = {key: [] for key in commands}
    for _ in range(RUNS):
        for key, (count, command) in commands.items():
            result = undisturbed(lambda: run(command))
            assert result["status"] == 0, command
            found[key].append(count / result["wall"])
    rows = {key: summary(values) for key, values in found.items()}
    save("synth", {key: " ".join(c) for key, (_, c) in commands.items()}, {"exchangesPerSecond": rows})
    return rows
