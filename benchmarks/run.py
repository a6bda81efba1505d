#!/usr/bin/env python3
"""Measures Tinct beside the limit and beside other programs, in one run: `make bench` (TINCT_PEERS names the peers).

  record   tinct record on one core and on two, and with --dry-run, beside zstd -1 --single-thread, a libpcap loop, the C
           reassembler and tshark over the same captures
  max      tinct replay --rate max against the C epoll clients, same bytes (the tag included), server on core 1, client
           on core 0, taking turns
  rate     tinct replay --rate 20000 against nginx and Apache Thrift's TNonblockingServer, beside the C clients' open loop
  live     tinct record -i lo while the C client sends 50,000 requests/s for 20 s: what the server counted against what is
           on the tape, with a ring that holds everything and with one that forces the kernel to drop
  stub     tinct stub beside nginx and Apache Thrift's TNonblockingServer under the C clients: answers a second from one core,
           and CPU seconds of the server per million
  soak     tinct replay at 20,000/s for --minutes (30) against a stub that resets, closes, half-closes, stalls, cuts and garbles
           at random: every due request in one outcome class, the classes against what the stub injected, memory and
           descriptors of both over the time
  memory   peak memory of tinct record over a pipe that carries a capture once and 17 times (5 GB)

Runs during which other processes used more than a tenth of a core are discarded and done again; when the machine does
not come to rest, they are kept and the results say so.

Usage: run.py TINCT PEERS PEERS_BUILD [record] [max] [rate] [live] [memory] [stub] [soak [--minutes N]]. PEERS has the peers' sources, PEERS_BUILD is what the peers' Makefile built, with its
captures for `record`. Raw numbers go to benchmarks/results/DATE-NAME.json with the commands that gave them.
"""
import datetime
import json
import os
import platform
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

RUNS = 5
SOAK_MINUTES = 30
FLOWS = 64
HERE = os.path.dirname(os.path.abspath(__file__))


def ticks():
    """Clock ticks that all processes have used so far, those of this one's dead children, and of living servers."""
    with open("/proc/stat") as f:
        fields = [int(field) for field in f.readline().split()[1:]]
    # Idle, waiting for disks, and guests (already counted as user) are not use.
    return sum(fields[:3]) + sum(fields[5:8])


def own_seconds():
    times = os.times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in SERVERS:
        pids = [child.pid]
        try:
            with open(f"/proc/{child.pid}/task/{child.pid}/children") as f:
                pids += [int(pid) for pid in f.read().split()]
            for pid in pids:
                with open(f"/proc/{pid}/stat") as f:
                    fields = f.read().rpartition(")")[2].split()
                total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            pass
    return total


SERVERS = []
FOREIGN = []


def undisturbed(measure):
    """What `measure` returns, from a run that others left alone as far as that can be had within three attempts."""
    for attempt in range(3):
        begin, used, own = time.monotonic(), ticks(), own_seconds()
        result = measure()
        busy = (ticks() - used) / os.sysconf("SC_CLK_TCK") - (own_seconds() - own)
        foreign = max(0.0, busy / (time.monotonic() - begin))
        if foreign <= 0.1 or attempt == 2:
            FOREIGN.append(round(foreign, 2))
            return result


def run(command, stdout=subprocess.DEVNULL):
    """Runs a command to its end: wall and CPU seconds, peak memory in MB, status."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "wall": time.monotonic() - begin, "cpu": usage.ru_utime + usage.ru_stime,
        "rssMB": usage.ru_maxrss / 1024, "status": child.returncode}


def summary(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def save(name, commands, data):
    date = datetime.date.today().isoformat()
    path = os.path.join(HERE, "results", f"{date}-{name}.json")
    with open("/proc/cpuinfo") as f:
        model = re.search(r"model name\s*: (.*)", f.read())
    document = {
        "date": date, "cpu": model.group(1) if model else "", "cores": os.cpu_count(), "kernel": platform.release(),
        "nice": os.nice(0),
        **({"foreignCores": summary(FOREIGN), "disturbed": max(FOREIGN) > 0.1} if FOREIGN else {}),
        "commands": commands, **data}
    FOREIGN.clear()
    with open(path, "w") as f:
        json.dump(document, f, indent=1)
        f.write("\n")
    print(json.dumps(data, indent=1))


def bench_record(tinct, sources, peers):
    rows = {}
    commands = {
        "record": "taskset -c 0 tinct record {0}.pcap -o {0}.mcap --json",
        "recordTwoCores": "tinct record {0}.pcap -o {0}.mcap --json",
        "dryRun": "taskset -c 0 tinct record --dry-run {0}.pcap --json",
        "zstd": "taskset -c 0 zstd -1 --single-thread -c {0}.pcap",
        "libpcap": "taskset -c 0 pcapcount {0}.pcap",
        "reassembler": "taskset -c 0 pcapreasm {0}.pcap {1} {0}",
        "tshark": "taskset -c 0 tshark -n -r {0}.pcap -q -z io,stat,0 -d tcp.port=={1},{2}"}
    for name, port, dissector in (("http", "18080", "http"), ("thrift", "19090", "thrift")):
        capture = os.path.join(peers, name + ".pcap")
        size = os.path.getsize(capture)
        with open(capture, "rb") as f:
            while f.read(1 << 24):
                pass
        places = {"tinct": tinct, "pcapcount": os.path.join(peers, "pcapcount"),
                  "pcapreasm": os.path.join(peers, "pcapreasm"), name + ".pcap": capture,
                  name + ".mcap": os.path.join(peers, name + ".mcap")}
        found = {key: [] for key in commands}
        for number in range(RUNS):
            for key, command in commands.items():
                if key == "tshark" and number > 0:
                    continue  # It takes half a minute, and a hundredth more or less does not matter.
                words = [places.get(word, word) for word in command.format(name, port, dissector).split()]
                result = undisturbed(lambda: run(words))
                assert result["status"] == 0, words
                found[key].append(result)
        pairs = list(zip(found["record"], found["zstd"]))
        rows[name] = {
            "captureMB": size / 1e6, "tapeMB": os.path.getsize(os.path.join(peers, name + ".mcap")) / 1e6,
            "MBPerCPUSecond": {key: summary([size / 1e6 / one["cpu"] for one in all]) for key, all in found.items()},
            "dryRunMBPerSecond": summary([size / 1e6 / one["wall"] for one in found["dryRun"]]),
            "speedRatioCPU": summary([b["cpu"] / a["cpu"] for a, b in pairs]),
            "speedRatioWall": summary([b["wall"] / a["wall"] for a, b in pairs]),
            "speedRatioWallTwoCores": summary(
                [b["wall"] / a["wall"] for a, b in zip(found["recordTwoCores"], found["zstd"])]),
            "peakMB": max(one["rssMB"] for one in found["record"] + found["recordTwoCores"])}
    save("record", sorted(commands.values()), rows)


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
    found = tapes(tinct, peers)
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
                    result, line = client(peers, clientWords + [port], "-d", "3")
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


def bench_soak(tinct, sources, peers):
    found = tapes(tinct, peers)
    rows, commands = {}, []
    for key in ("http", "thrift"):
        with tempfile.TemporaryDirectory() as folder:
            rules = os.path.join(folder, "rules.yaml")
            with open(rules, "w") as f:
                f.write(SOAK_RULES)
            stubWords = ["stub", found[key], "--rules", rules, "--listen", "127.0.0.1:18083", "--carrier", "didi:path=1.50", "--json"]
            server = Server([tinct] + stubWords, 18083, subprocess.PIPE)
            words = ["replay", found[key], "--to", f"{key}://127.0.0.1:18083", "--rate", "20000", "--duration",
                     f"{SOAK_MINUTES}m", "--timeout", "1s", "--carrier", "default" if key == "http" else "didi:path=1.50",
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
            "minutes": SOAK_MINUTES, "due": due, "outcomes": {k: v for k, v in outcomes.items() if v},
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


def write_capture(path, request, response, count):
    """A capture of as many connections as the clients open, in turn, so that a tape holds exactly these bytes."""
    def packet(t, sport, dport, seq, ack, payload, flags):
        tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 65535, 0, 0) + payload
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, 0x7F000001, 0x7F000001) + tcp
        return struct.pack("<IIII", t // 1000000, t % 1000000, len(ip), len(ip)) + ip
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 101))
        t = 1_700_000_000_000_000
        for flow in range(FLOWS):
            f.write(packet(t, 20000 + flow, 80, 0, 0, b"", 2) + packet(t, 80, 20000 + flow, 0, 1, b"", 18))
        for i in range(count):
            t += 100
            client, turn = 20000 + i % FLOWS, i // FLOWS
            a, b = 1 + turn * len(request), 1 + turn * len(response)
            f.write(packet(t, client, 80, a, b, request, 24))
            f.write(packet(t + 50, 80, client, b, a + len(request), response, 24))


def tapes(tinct, peers):
    """Tapes of the C clients' own requests."""
    body = b'{"requestId":"7f3c9a51-2d0e-4b6a-9a57-0c1d2e3f4a5b","userId":918273645,"amount":12999,"currency":"USD",'
    body += b'"merchant":"M-4410-993","device":"d41d8cd98f00b204e9800998ecf8427e","ip":"203.0.113.77","channel":"app",'
    body += b'"country":"US","ts":1732147200123,"pad":"'
    body += b"x" * (298 - len(body)) + b'"}'
    http = b"POST /v1/risk HTTP/1.1\r\nHost: 127.0.0.1:18080\r\nContent-Type: application/json\r\n"
    http += b"Content-Length: 300\r\n\r\n" + body
    with open(os.path.join(peers, "frame.bin"), "rb") as f:
        frame = f.read()
    name = b"decide"
    reply = struct.pack(">I", 4 + 4 + len(name) + 4 + 1) + b"\x80\x01\x00\x02" + struct.pack(">I", len(name)) + name
    reply += frame[12 + len(name):16 + len(name)] + b"\x00"
    found = {}
    for key, request, response in (
            ("http", http, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), ("thrift", frame, reply)):
        capture = os.path.join(peers, f"bench-{key}.pcap")
        write_capture(capture, request, response, 6_400)
        found[key] = os.path.join(peers, f"bench-{key}.mcap")
        subprocess.run([tinct, "record", capture, "-o", found[key], "--raw"], check=True, capture_output=True)
    tagged = bytearray(frame)
    at = tagged.rindex(bytes.fromhex("0a0005") + bytes(8))
    tagged[at + 10] = 1
    with open(os.path.join(peers, "frame-tagged.bin"), "wb") as f:
        f.write(tagged)
    return found


class Servers:
    def __init__(self, peers):
        conf = os.path.join(peers, "nginx.conf")
        SERVERS[:] = [
            subprocess.Popen(["taskset", "-c", "1", "nginx", "-c", conf, "-g", "daemon off;"], stderr=subprocess.DEVNULL),
            subprocess.Popen(["taskset", "-c", "1", os.path.join(peers, "tserver"), "19090", "nonblocking"],
                             stderr=subprocess.DEVNULL)]
        for port in (18080, 19090):
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in SERVERS:
            child.terminate()
            child.wait()
        SERVERS.clear()


def replay(tinct, tape, key, rate, seconds):
    """One run: Tinct's result, and the command without the folders of this machine."""
    target = {"http": "http://127.0.0.1:18080", "thrift": "thrift://127.0.0.1:19090"}[key]
    carrier = {"http": "default", "thrift": "didi:path=1.50"}[key]
    command = ["replay", tape, "--to", target, "--tag", TAG, "--carrier", carrier, "--rate", rate,
               "--duration", f"{seconds}s", "--connections", "64", "--threads", "1", "--allow-duplicates", "--json"]
    output = subprocess.run(["taskset", "-c", "0", tinct] + command, capture_output=True, check=False)
    line = " ".join(["taskset -c 0 tinct"] + command).replace(os.path.dirname(tape) + "/", "")
    return json.loads(output.stdout), line


TAG = "bench"


def tagged_client(sources, peers):
    """The C client with the tag's headers in its request, so that both send the same bytes."""
    with open(os.path.join(sources, "c", "hclient_epoll.c")) as f:
        text = f.read()
    plain = 'POST /v1/risk HTTP/1.1\\r\\nHost: 127.0.0.1:%d\\r\\n'
    place = 'Content-Type: application/json\\r\\nContent-Length: "'
    if plain not in text or place not in text:
        sys.exit("the C client's request is not where this program looks for it")
    text = text.replace(place, f'Content-Type: application/json\\r\\n%sContent-Length: "', 1)
    headers = f"\"x-stress-test: {TAG}\\r\\nbaggage: stress-test={TAG}\\r\\n\""
    text = text.replace("port, body);", f"port, {headers}, body);", 1)
    source = os.path.join(peers, "hclient_tagged.c")
    with open(source, "w") as f:
        f.write(text)
    program = os.path.join(peers, "hclient_tagged")
    subprocess.run(["gcc", "-O3", "-march=native", "-w", "-I", os.path.join(sources, "c"), "-o", program, source], check=True)
    return program


def clients(sources, peers):
    tagged_client(sources, peers)
    return {"http": ["hclient_tagged", "-p", "18080"],
            "thrift": ["tclient_epoll", "-p", "19090", "-D", "1", "-f", os.path.join(peers, "frame-tagged.bin")]}


def client(peers, command, *flags):
    words = command + ["-c", "64", *flags]
    output = subprocess.run(["taskset", "-c", "0", os.path.join(peers, words[0])] + words[1:], capture_output=True, check=True)
    return json.loads(output.stdout), "taskset -c 0 " + " ".join(words).replace(peers + "/", "")


def bench_max(tinct, sources, peers):
    found = tapes(tinct, peers)
    rows, commands = {}, []
    with Servers(peers):
        for key, command in clients(sources, peers).items():
            ours, theirs = [], []
            for _ in range(RUNS):
                result, line = undisturbed(lambda: replay(tinct, found[key], key, "max", 4))
                ours.append(result["cpuSeconds"] * 1e6 / result["totals"]["answered"])
                other, other_line = undisturbed(lambda: client(peers, command, "-d", "4"))
                assert other["errors"] == 0, "the C client's requests were refused"
                theirs.append(other["cpu_s_per_M"])
            commands += [line, other_line]
            rows[key] = {
                "tinctCPUSecondsPerMillion": summary(ours), "clientCPUSecondsPerMillion": summary(theirs),
                "ratio": summary([a / b for a, b in zip(ours, theirs)])}
    save("max", commands, rows)


def bench_rate(tinct, sources, peers):
    found = tapes(tinct, peers)
    rows, commands = {}, []
    with Servers(peers):
        for key, command in clients(sources, peers).items():
            results, others = [], []
            for _ in range(3):
                result, line = undisturbed(lambda: replay(tinct, found[key], key, "20000", 10))
                results.append(result)
                other, other_line = undisturbed(lambda: client(peers, command, "-d", "10", "-r", "20000", "-l"))
                others.append(other)
            commands += [line, other_line]
            rows[key] = {
                "due": [r["totals"]["due"] for r in results], "sent": [r["totals"]["sent"] for r in results],
                "unsent": [r["totals"]["unsent"] for r in results], "tagged": [r["totals"]["tagged"] for r in results],
                "latenessP99Micros": summary([r["lateness"]["p99Micros"] for r in results]),
                "correctedP50Micros": summary([r["latency"]["corrected"]["p50Micros"] for r in results]),
                "correctedP99Micros": summary([r["latency"]["corrected"]["p99Micros"] for r in results]),
                "clientP50Micros": summary([o["p50_us"] for o in others]),
                "clientP99Micros": summary([o["p99_us"] for o in others])}
    save("rate", commands, rows)


LIVE_PORT = "18081"


def live_once(tinct, peers, ring, seconds, commands):
    """One recording of the loopback: what the server counted, and what the balance says."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(["taskset", "-c", "1", os.path.join(peers, "hserver_epoll"), LIVE_PORT],
                                  stderr=subprocess.PIPE, text=True)
        words = ["record", "-i", "lo", "--filter", f"tcp port {LIVE_PORT}", "--ring", ring, "-o", "live.mcap", "--json"]
        recording = subprocess.Popen([tinct] + words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        SERVERS[:] = [server, recording]
        assert "recording lo" in recording.stderr.readline(), "the recording did not start"
        sent, line = client(peers, ["hclient_epoll", "-p", LIVE_PORT], "-d", str(seconds), "-r", "50000")
        end = time.time_ns()
        time.sleep(0.5)
        with open(f"/proc/{recording.pid}/status") as f:
            peak = int(re.search(r"VmHWM:\s*(\d+)", f.read())[1]) / 1024
        with open(f"/proc/{recording.pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        recording.send_signal(signal.SIGINT)
        balance = json.loads(recording.communicate()[0])
        server.terminate()
        served = int(re.search(r"reqs (\d+)", server.communicate()[1])[1])
        SERVERS.clear()
    assert recording.returncode == 0 and balance["closes"], "the balance does not close"
    commands.update(["tinct " + " ".join(words), line])
    requests, kernel = balance["bytes"]["clientToServer"], balance["kernel"]
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return {
        "sentPerSecond": sent["rps"], "served": served, "exchanges": balance["exchanges"]["count"],
        "paired": balance["exchanges"]["paired"], "kernelReceived": kernel["received"],
        "kernelDropped": kernel["dropped"], "dropWindows": len(kernel["drops"]),
        # What was dropped last of a flow has nothing behind it that shows the gap; the time of the drops is known.
        "droppedUntilTheEnd": any(window["untilNanos"] >= end - 2_500_000_000 for window in kernel["drops"]),
        # All requests have the same length, so bytes count them: those on the tape and those in gaps.
        "requestBytesCaptured": requests["captured"] - requests["duplicate"], "requestBytesInGaps": requests["missing"],
        "cpuSeconds": cpu, "peakMB": peak}


def bench_live(tinct, sources, peers):
    commands, rows = set(), {"wholeRing": [], "tinyRing": []}
    for _ in range(3):
        rows["wholeRing"].append(undisturbed(lambda: live_once(tinct, peers, "128MiB", 20, commands)))
        rows["tinyRing"].append(undisturbed(lambda: live_once(tinct, peers, "256KiB", 20, commands)))
    length = 0
    for row in rows["wholeRing"]:
        if row["kernelDropped"] == 0:
            assert row["paired"] == row["exchanges"] == row["served"], "exchanges are missing without a drop"
            length = row["requestBytesCaptured"] // row["served"]
    assert length > 0, "the kernel dropped packets in every run"
    for row in rows["tinyRing"]:
        assert row["kernelDropped"] > 0
        row["requestsInGaps"] = row["requestBytesInGaps"] / length
        # The end of a connection has a sequence number too: dropped behind other bytes it counts as one of them.
        rest = row["served"] - (row["requestBytesCaptured"] + row["requestBytesInGaps"]) / length
        row["requestsDroppedLast"] = round(rest)
        assert abs(rest - round(rest)) <= FLOWS / length and (round(rest) == 0 or (rest > 0 and row["droppedUntilTheEnd"]))
    save("live", sorted(commands), rows)


def repeated(path, rounds, output):
    """Writes a capture so many times over, each time with other addresses and later times."""
    with open(path, "rb") as f:
        data = bytearray(f.read())
    link = struct.unpack_from("<I", data, 20)[0]
    start = {1: 14, 101: 0, 113: 16, 276: 20}[link]
    packets, at = [], 24
    while at + 16 <= len(data):
        packets.append(at)
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
    span = struct.unpack_from("<I", data, packets[-1])[0] - struct.unpack_from("<I", data, 24)[0] + 1
    output.write(data[:24])
    for number in range(rounds):
        if number > 0:
            for at in packets:
                # The second byte of both IPv4 addresses.
                data[at + 16 + start + 13] = data[at + 16 + start + 17] = number
                struct.pack_into("<I", data, at, struct.unpack_from("<I", data, at)[0] + span)
        output.write(memoryview(data)[24:])


def bench_memory(tinct, sources, peers):
    rows = {}
    for name in ("http", "thrift"):
        capture = os.path.join(peers, name + ".pcap")
        rows[name] = []
        for rounds in (1, 17):
            with tempfile.TemporaryDirectory() as folder:
                words = [tinct, "record", "-", "-o", os.path.join(folder, "memory.mcap"), "--json"]
                child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                with child.stdin:
                    repeated(capture, rounds, child.stdin)
                balance = json.loads(child.stdout.read())
                _, status, usage = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                assert child.returncode == 0 and balance["closes"], "the balance does not close"
                rows[name].append({
                    "captureMB": os.path.getsize(capture) * rounds / 1e6, "packets": balance["packets"]["in"],
                    "exchanges": balance["exchanges"]["count"], "peakMB": usage.ru_maxrss / 1024,
                    "cpuSeconds": usage.ru_utime + usage.ru_stime})
    save("memory", ["CAPTURE, so many times over with other addresses | tinct record - -o memory.mcap --json"], rows)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    tinct, sources, peers = (os.path.abspath(argument) for argument in sys.argv[1:4])
    benches = {"record": bench_record, "max": bench_max, "rate": bench_rate, "live": bench_live, "memory": bench_memory,
               "stub": bench_stub, "soak": bench_soak}
    names = sys.argv[4:]
    if "--minutes" in names:
        at = names.index("--minutes")
        global SOAK_MINUTES
        SOAK_MINUTES = float(names[at + 1])
        del names[at:at + 2]
    for name in names or benches:
        benches[name](tinct, sources, peers)


main()
