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
    """A server on core 1, its CPU seconds so far (those of its workers too), and what /proc says of it."""
    def __init__(self, words, port, stdout=subprocess.DEVNULL):
        self.child = subprocess.Popen(["taskset", "-c", "1"] + words, stdout=stdout, stderr=subprocess.DEVNULL)
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


def bench_soak(tinct, sources, peers, minutes=30):
    found = plain_tapes(tinct, peers)
    rows, commands = {}, []
    for key in ("http", "thrift"):
        with tempfile.TemporaryDirectory() as folder:
            rules = os.path.join(folder, "rules.yaml")
            with open(rules, "w") as f:
                f.write(SOAK_RULES)
            stubWords = ["stub", found[key], "--rules", rules, "--listen", "127.0.0.1:18083", "--carrier", "didi:path=1.50", "--json"]
            server = Server([tinct] + stubWords, 18083, subprocess.PIPE)
            words = ["replay", found[key], "--to", f"{key}://127.0.0.1:18083", "--rate", "20000", "--duration",
                     f"{minutes}m", "--timeout", "1s", "--carrier", "default" if key == "http" else "didi:path=1.50",
                     "--connections", "128", "--threads", "1", "--allow-duplicates", "--json"]
            result = os.path.join(folder, "result.json")
            with open(result, "w") as f:
                child = subprocess.Popen(["taskset", "-c", "0", tinct] + words, stdout=f, stderr=subprocess.DEVNULL)
            samples = []
            while child.poll() is None:
                both = held(child.pid), held(server.child.pid)
                if None not in both:
                    samples.append(both)
                time.sleep(1)
            told = json.loads(server.stop())
            with open(result) as f:
                outcome = json.load(f)
        commands += ["tinct " + " ".join(line).replace(peers + "/", "").replace(folder + "/", "") for line in (stubWords, words)]
        faults, outcomes, due = told["faults"], outcome["outcomes"], outcome["totals"]["due"]
        resets = sum(faults[name] for name in ("reset", "close", "halfClose", "half"))
        rest = samples[len(samples) // 10:]
        middle = len(rest) // 2
        rows[key] = {
            "minutes": minutes, "due": due, "outcomes": {k: v for k, v in outcomes.items() if v},
            "injected": faults, "sumCloses": sum(outcomes.values()) == due, "stubRequests": told["requests"],
            "differences": {
                "reset": outcomes["reset"] - resets, "noReply": outcomes["noReply"] - faults["stall"],
                "protocolError": outcomes["protocolError"] - faults["garbage"],
                "httpErrorOrException": outcomes["httpError"] + outcomes["exception"] - faults["error"]},
            # After a tenth of the time for caches to fill: the first half of the rest against the second.
            "memoryMB": {
                name: {"firstHalfMedian": statistics.median(s[at][0] for s in rest[:middle]),
                       "secondHalfMedian": statistics.median(s[at][0] for s in rest[middle:]),
                       "max": max(s[at][0] for s in samples)}
                for at, name in ((0, "replay"), (1, "stub"))},
            "descriptors": {
                name: {"firstHalfMax": max(s[at][1] for s in rest[:middle]), "secondHalfMax": max(s[at][1] for s in rest[middle:])}
                for at, name in ((0, "replay"), (1, "stub"))}}
        assert rows[key]["sumCloses"], "the outcomes do not add up to what was due"
    save("soak", commands, rows)
