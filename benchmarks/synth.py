"""How fast tinct synth is beside Polars and beside a C program that writes the same fields with nothing behind them."""
import os
import shutil
import subprocess
import sys
import tempfile

from common import RUNS, run, save, summary, undisturbed

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def many_users(folder):
    """The wallet scenario with 100 million users and 180 million devices, beside the schema and packs that it names."""
    for name in "scenarios", "packs":
        os.mkdir(os.path.join(folder, name))
    shutil.copy(os.path.join(ROOT, "schemas", "risk_decision.thrift"), folder)
    shutil.copytree(os.path.join(ROOT, "schemas", "packs"), os.path.join(folder, "packs"), dirs_exist_ok=True)
    with open(os.path.join(ROOT, "schemas", "scenarios", "wallet_china.yaml")) as f:
        text = f.read()
    changed = text
    for old, new in ("count: 500000\n", "count: 100000000\n"), ("count: 900000\n", "count: 180000000\n"):
        assert changed.count(old) == 1, "the scenario has other counts"
        changed = changed.replace(old, new)
    path = os.path.join(folder, "scenarios", "wallet_china.yaml")
    with open(path, "w") as f:
        f.write(changed)
    return path


def bench_synth(tinct, sources, peers):
    """Exchanges a CPU second to /dev/null, pinned to one core; runs alternate. Two threads are compared by the clock."""
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
    walls = {key: [] for key in commands}
    for _ in range(RUNS):
        for key, (count, command) in commands.items():
            result = undisturbed(lambda: run(command))
            assert result["status"] == 0, command
            found[key].append(count / result["cpu"])
            walls[key].append(count / result["wall"])
    rows = {key: summary(values) for key, values in found.items()}
    of_c = {key: summary([a / b for a, b in zip(values, found["c"])]) for key, values in found.items()}
    data = {
        "exchangesPerCPUSecond": rows, "ratioToC": of_c,
        "exchangesPerSecond": {key: summary(values) for key, values in walls.items()}}
    if "polars" in found:
        data["flatToPolars"] = summary([a / b for a, b in zip(found["flatJSONLines"], found["polars"])])
    data["twoThreads"] = summary([a / b for a, b in zip(walls["walletWireTwoThreads"], walls["walletWire"])])
    with tempfile.TemporaryDirectory() as folder:
        command = [tinct, "synth", many_users(folder), "-n", "10000000", "-o", "/dev/null", "--format", "wire",
                   "--threads", "2", "--json"]
        result = run(command)
        assert result["status"] == 0, command
        data["hundredMillionUsers"] = {"exchanges": 10_000_000, "peakMB": result["rssMB"], "cpuSeconds": result["cpu"]}
    lines = {key: " ".join(c) for key, (_, c) in commands.items()}
    lines["hundredMillionUsers"] = " ".join(command)
    save("synth", lines, data)
    return rows
