"""Measures tinct stub beside other servers, and soaks replay and stub: see run.py."""
import json
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time

from common import RUNS, SERVERS, save, summary, undisturbed
from load import client, plain_tapes, tagged_client

class Server:
    """A server on one core, its CPU seconds so far (those of its workers too), and what /proc says of it."""
    def __init__(self, words, port, stdout=subprocess.DEVNULL, core=1):
        self.child = subprocess.Popen(["taskset", "-c", str(core)] + words, stdout=stdout, stderr=subprocess.DEVNULL)
        SERVERS.append(self.child)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        with open(f"/proc/{self.child.pid}/task/{self.child.pid}/children") as f:
            self.pids = [self.child.pid] + [int(pid) for pid in f.read().split()]

    def cpu(self):
        total = 0
        for pid in self.pids:
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.child.terminate()
        output = self.child.communicate()[0]
        SERVERS.remove(self.child)
        return output


def bench_stub(tinct, sources, peers):
    found = plain_tapes(tinct, peers)
    tagged_client(sources, peers)
    frame = os.path.join(peers, "frame-tagged.bin")
    http, thrift = ["hclient_tagged", "-p"], ["tclient_epoll", "-f", frame, "-D", "1", "-p"]
    stub = [tinct, "stub", "--carrier", "didi:path=1.50", "--listen"]
    servers = {
        "http": [("stub", stub + ["127.0.0.1:18083", found["http"]], http, "18083"),
                 ("nginx", ["nginx", "-c", os.path.join(peers, "nginx.conf"), "-g", "daemon off;"], http, "18080")],
        "thrift": [("stub", stub + ["127.0.0.1:18083", found["thrift"]], thrift, "18083"),
                   ("TNonblockingServer", [os.path.join(peers, "tserver"), "19090", "nonblocking"], thrift, "19090")]}
    rows, commands = {}, set()
    for key, pair in servers.items():
        rates, costs = {name: [] for name, *_ in pair}, {name: [] for name, *_ in pair}
        for _ in range(RUNS):
            for name, words, clientWords, port in pair:
                server = Server(words, int(port))

                def measure():
                    before = server.cpu()
                    result, line = client(peers, *clientWords, port, "-d", "3")
                    commands.update([line, "taskset -c 1 " + " ".join(words).replace(peers + "/", "").replace(tinct, "tinct")])
                    return result, server.cpu() - before
                result, cpu = undisturbed(measure)
                server.stop()
                assert result["errors"] == 0, "requests were refused"
                rates[name].append(result["rps"])
                costs[name].append(cpu / (result["rps"] * 3) * 1e6)
        rows[key] = {name: {"answersPerSecond": summary(rates[name]), "serverCPUSecondsPerMillion": summary(costs[name])}
                     for name in rates}
    save("stub", sorted(commands), rows)


SOAK_RULES = """version: 1
seed: 20
rules:
  - faults:
      reset: 0.2%
      close: 0.1%
      halfClose: 0.1%
      stall: 0.01%
      half: {share: 0.1%, of: 40%}
      garbage: 0.1%
      error: 0.5%
"""


def held(pid):
    """Resident memory in MB and open descriptors of a process; nothing when it has ended."""
    try:
        with open(f"/proc/{pid}/status") as f:
            memory = int(re.search(r"VmRSS:\s*(\d+)", f.read())[1]) / 1024
        return memory, len(os.listdir(f"/proc/{pid}/fd"))
    except (OSError, TypeError):
        return None


class Soak:
    """A replay and its stub while they run, each on a core of its own; `sample` looks at what both hold."""

    def __init__(self, tinct, key, tape, folder, minutes, cores, port):
        rules = os.path.join(folder, "rules.yaml")
        with open(rules, "w") as f:
            f.write(SOAK_RULES)
        stub = ["stub", tape, "--rules", rules, "--listen", f"127.0.0.1:{port}", "--carrier", "didi:path=1.50", "--json"]
        self.server = Server([tinct] + stub, port, subprocess.PIPE, core=cores[1])
        replay = ["replay", tape, "--to", f"{key}://127.0.0.1:{port}", "--rate", "20000", "--duration",
                  f"{minutes}m", "--timeout", "1s", "--carrier", "default" if key == "http" else "didi:path=1.50",
                  "--connections", "128", "--threads", "1", "--allow-duplicates", "--json"]
        self.words, self.minutes, self.samples = (stub, replay), minutes, []
        self.result = os.path.join(folder, key + ".json")
        with open(self.result, "w") as f:
            self.child = subprocess.Popen(["taskset", "-c", str(cores[0]), tinct] + replay, stdout=f, stderr=subprocess.DEVNULL)

    def sample(self):
        both = held(self.child.pid), held(self.server.child.pid)
        if None not in both:
            self.samples.append(both)

    def row(self):
        told = json.loads(self.server.stop())
        with open(self.result) as f:
            outcome = json.load(f)
        faults, outcomes, due = told["faults"], outcome["outcomes"], outcome["totals"]["due"]
        resets = sum(faults[name] for name in ("reset", "close", "halfClose", "half"))
        # After a tenth of the time for caches to fill: the first half of the rest against the second.
        rest = self.samples[len(self.samples) // 10:]
        halves = rest[:len(rest) // 2], rest[len(rest) // 2:]

        def both(of):
            return {name: of(at) for at, name in ((0, "replay"), (1, "stub"))}
        return {
            "minutes": self.minutes, "due": due, "outcomes": {k: v for k, v in outcomes.items() if v},
            "injected": faults, "sumCloses": sum(outcomes.values()) == due, "stubRequests": told["requests"],
            "differences": {
                "reset": outcomes["reset"] - resets, "noReply": outcomes["noReply"] - faults["stall"],
                "protocolError": outcomes["protocolError"] - faults["garbage"],
                "httpErrorOrException": outcomes["httpError"] + outcomes["exception"] - faults["error"]},
            "memoryMB": both(lambda at: {
                "firstHalfMedian": statistics.median(s[at][0] for s in halves[0]),
                "secondHalfMedian": statistics.median(s[at][0] for s in halves[1]),
                "max": max(s[at][0] for s in self.samples)}),
            "descriptors": both(lambda at: {
                "firstHalfMax": max(s[at][1] for s in halves[0]), "secondHalfMax": max(s[at][1] for s in halves[1])})}


def bench_soak(tinct, sources, peers, minutes=30):
    """Both protocols at once, each generator on the core of the other's stub: neither fills its core at this rate."""
    found = plain_tapes(tinct, peers)
    with tempfile.TemporaryDirectory() as folder:
        soaks = {key: Soak(tinct, key, found[key], folder, minutes, cores, port)
                 for key, cores, port in (("http", (0, 1), 18083), ("thrift", (1, 0), 18085))}
        while any(soak.child.poll() is None for soak in soaks.values()):
            for soak in soaks.values():
                soak.sample()
            time.sleep(1)
        rows = {key: soak.row() for key, soak in soaks.items()}
        commands = ["tinct " + " ".join(line).replace(peers + "/", "").replace(folder + "/", "")
                    for soak in soaks.values() for line in soak.words]
    save("soak", commands, rows)
    assert all(row["sumCloses"] for row in rows.values()), "the outcomes do not add up to what was due"
