"""Measures what a run of hours costs in memory, descriptors and disk, with result and run tape rotated: see run.py."""
import json
import os
import random
import signal
import statistics
import subprocess
import tempfile
import time

from common import save
from load import tape
from stub import SOAK_RULES, Server, held

RATE = 1000
EVERY = "10m"
SAMPLE_SECONDS = 10
ACCEPTANCE_HOURS = 72


def messages(count):
    """Decisions of five operations, each with values of its own, so that a tape compresses as traffic does."""
    draw = random.Random(20)
    operations = ("login", "register", "decision", "device", "profile")
    for _ in range(count):
        body = json.dumps({
            "requestId": "%032x" % draw.getrandbits(128), "userId": draw.randrange(10 ** 9),
            "amount": draw.randrange(10 ** 6), "currency": draw.choice(("USD", "MXN", "CNY")),
            "merchant": "M-%06d" % draw.randrange(10 ** 6), "device": "%032x" % draw.getrandbits(128),
            "channel": draw.choice(("app", "web")), "ts": 1_732_147_200_000 + draw.randrange(10 ** 7)}).encode()
        head = b"POST /v1/risk/%s HTTP/1.1\r\nHost: risk.example\r\nContent-Type: application/json\r\n" % (
            draw.choice(operations).encode())
        reply = b'{"decision":"%s","score":%d}' % (draw.choice((b"approve", b"review", b"decline")), draw.randrange(1000))
        yield (head + b"Content-Length: %d\r\n\r\n" % len(body) + body,
               b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply)


def line(points):
    """Least squares over (hours, value): the value at the end of the line, and what it grows in an hour, with the standard
    error of that."""
    hours, values = [p[0] for p in points], [p[1] for p in points]
    slope, start = statistics.linear_regression(hours, values)
    spread = sum((h - statistics.fmean(hours)) ** 2 for h in hours)
    rest = sum((v - start - slope * h) ** 2 for h, v in points)
    error = (rest / max(1, len(points) - 2) / spread) ** 0.5
    return {"atEnd": start + slope * hours[-1], "perHour": slope, "perHourStandardError": error}


def on_disk(folder, kind):
    """MB of the files of a kind, as the file system counts them."""
    total = 0
    for entry in os.scandir(folder):
        if entry.name.endswith(kind):
            try:
                total += entry.stat().st_blocks * 512
            except FileNotFoundError:  # It got its whole name meanwhile.
                pass
    return total / 1e6


def rows(samples, names):
    """Ten-minute steps of what was sampled: medians of memory, maxima of the rest."""
    steps = {}
    for sample in samples:
        steps.setdefault(int(sample["hours"] * 6), []).append(sample)
    return [
        {"minutes": 10 * (step + 1),
         **{name + "MB": round(statistics.median(s[name][0] for s in some), 2) for name in names},
         **{name + "Descriptors": max(s[name][1] for s in some) for name in names},
         "tapesMB": round(some[-1]["tapes"], 1), "resultsMB": round(some[-1]["results"], 3)}
        for step, some in sorted(steps.items())]


def extrapolation(samples, minutes):
    """What ACCEPTANCE_HOURS would take if it went on as in this run, after a tenth of it for caches to fill."""
    rest = [s for s in samples if s["hours"] >= minutes / 600]
    found = {}
    for name in ("replay", "stub"):
        found[name + "MB"] = line([(s["hours"], s[name][0]) for s in rest])
        found[name + "Descriptors"] = line([(s["hours"], s[name][1]) for s in rest])
    found["tapesMB"] = line([(s["hours"], s["tapes"]) for s in rest])
    found["resultsMB"] = line([(s["hours"], s["results"]) for s in rest])
    ran = samples[-1]["hours"]
    for each in found.values():
        each["after72Hours"] = each["atEnd"] + each["perHour"] * (ACCEPTANCE_HOURS - ran)
    text = (
        f"After {ACCEPTANCE_HOURS} h at this rate: replay {found['replayMB']['after72Hours']:.0f} MB resident and "
        f"{found['replayDescriptors']['after72Hours']:.0f} descriptors, stub {found['stubMB']['after72Hours']:.0f} MB and "
        f"{found['stubDescriptors']['after72Hours']:.0f}, {found['tapesMB']['after72Hours'] / 1000:.1f} GB of run tapes and "
        f"{found['resultsMB']['after72Hours']:.0f} MB of results. That is the straight line through {ran * 60:.0f} minutes "
        f"without their first tenth: replay's memory grows by {found['replayMB']['perHour']:.2f} MB an hour "
        f"(standard error {found['replayMB']['perHourStandardError']:.2f}), its descriptors by "
        f"{found['replayDescriptors']['perHour']:.2f}, the tapes by {found['tapesMB']['perHour']:.0f} MB, the results by "
        f"{found['resultsMB']['perHour']:.2f} MB. No {ACCEPTANCE_HOURS} h were run.")
    return {"lines": found, "text": text}


def account(tinct, folder, outcome, told):
    """Holds what was written in parts against the whole, and the whole against what the stub counted."""
    parts = []
    for name in sorted(os.listdir(folder)):
        if name.startswith("result-"):
            with open(os.path.join(folder, name)) as f:
                parts.append(json.load(f))
    tapes = sorted(name for name in os.listdir(folder) if name.startswith("run-"))
    exchanges = 0
    for name in tapes:
        checked = subprocess.run([tinct, "check", os.path.join(folder, name), "--json"], capture_output=True, check=True)
        exchanges += json.loads(checked.stdout)["exchanges"]
    totals, outcomes, faults = outcome["totals"], outcome["outcomes"], told["faults"]
    cuts = sum(faults[name] for name in ("reset", "close", "halfClose", "half"))
    return {
        "due": totals["due"], "sent": totals["sent"], "outcomes": {k: v for k, v in outcomes.items() if v},
        "sumCloses": sum(outcomes.values()) == totals["due"],
        "partsAddUp": all(sum(p["totals"][k] for p in parts) == v for k, v in totals.items())
        and all(sum(p["outcomes"][k] for p in parts) == v for k, v in outcomes.items()),
        "parts": len(parts), "secondsInParts": sum(len(p["series"]) for p in parts), "secondsInWhole": len(outcome["series"]),
        "tapes": len(tapes), "exchangesOnTapes": exchanges, "runTape": outcome["runTape"],
        "tapesHoldWhatWasSent": exchanges + outcome["totals"]["runTapeDropped"] == totals["sent"] - totals["retries"],
        "injected": faults, "stubRequests": told["requests"],
        "differences": {
            "reset": outcomes["reset"] - cuts, "noReply": outcomes["noReply"] - faults["stall"],
            "protocolError": outcomes["protocolError"] - faults["garbage"],
            "httpError": outcomes["httpError"] - faults["error"]},
        "latencyP99Micros": outcome["latency"]["corrected"]["p99Micros"],
        "latenessP99Micros": outcome["lateness"]["p99Micros"], "generatorBound": outcome["run"]["generatorBound"],
        "replayCPUSecondsPerHour": outcome["cpuSeconds"] / (outcome["run"]["durationNanos"] / 3.6e12)}


def bench_endurance(tinct, sources, peers, minutes=120):
    recorded = tape(tinct, peers, "endurance", list(messages(16384)))
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, "rules.yaml")
        with open(rules, "w") as f:
            f.write(SOAK_RULES)
        stubWords = ["stub", recorded, "--rules", rules, "--listen", "127.0.0.1:18084", "--json"]
        server = Server([tinct] + stubWords, 18084, subprocess.PIPE)
        out = os.path.join(folder, "out")
        os.mkdir(out)
        words = ["replay", recorded, "--to", "http://127.0.0.1:18084", "--rate", str(RATE), "--duration", f"{minutes:g}m",
                 "--timeout", "1s", "--connections", "64", "--threads", "1", "--allow-duplicates",
                 "-o", os.path.join(out, "run.mcap"), "--rotate", EVERY,
                 "--result", os.path.join(out, "result.json"), "--result-every", EVERY]
        child = subprocess.Popen(["taskset", "-c", "0", tinct] + words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begin, samples = time.monotonic(), []
        while child.poll() is None:
            both = held(child.pid), held(server.child.pid)
            if None not in both:
                samples.append({
                    "hours": (time.monotonic() - begin) / 3600, "replay": both[0], "stub": both[1],
                    "tapes": on_disk(out, ".mcap"), "results": on_disk(out, ".json")})
                if len(samples) % 60 == 0:
                    print(json.dumps(rows(samples, ("replay", "stub"))[-1]), flush=True)
            time.sleep(SAMPLE_SECONDS)
        server.child.send_signal(signal.SIGTERM)
        told = json.loads(server.stop())
        with open(os.path.join(out, "result.json")) as f:
            outcome = json.load(f)
        found = {
            "minutes": minutes, "status": child.returncode, "ratePerSecond": RATE,
            "account": account(tinct, out, outcome, told), "steps": rows(samples, ("replay", "stub")),
            "extrapolation": extrapolation(samples, minutes)}
    commands = ["tinct " + " ".join(each).replace(peers + "/", "").replace(out + "/", "").replace(folder + "/", "")
                for each in (stubWords, words)]
    save("endurance", commands, found)
    assert found["account"]["sumCloses"], "the outcomes do not add up to what was due"
    assert found["account"]["partsAddUp"], "the parts do not add up to the whole"
    assert found["account"]["tapesHoldWhatWasSent"], "the run tapes do not hold what was sent"
