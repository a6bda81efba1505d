#!/usr/bin/env python3
"""Measures Tinct beside the limit and beside other programs, in one run: `make bench` (TINCT_PEERS names the peers).

  record   tinct record, masking and --raw, on one core and on two, and with --dry-run, beside zstd -1
           --single-thread, a libpcap loop, the C
           reassembler and tshark over the same captures
  max      tinct replay --rate max over epoll and over io_uring beside the C epoll clients, same bytes (the tag included),
           and beside wrk; server on core 1, client on core 0, taking turns: one request in flight on each of 64
           connections, and 16
  mixed    the same with 20 operations, 4 KiB, Compact and Binary, fresh ids and times, beside the plain case
  signed   two fresh ids, a time, a nonce and an HMAC in each request, beside the plain send
  generators  beside wrk, h2load, ab, hey and k6, as far as they are installed, against nginx
  allocations  what one more request allocates, retains and releases, which `make test` asks to be nothing
  rate     tinct replay at 5,000 and 20,000/s for 30 s against nginx and Apache Thrift's TNonblockingServer, beside the C
           clients' open loop, h2load at that rate, and a bare loop of clock_nanosleep
  live     tinct record -i lo while the C client sends 50,000 requests/s for 20 s: what the server counted against what is
           on the tape, with a ring that holds everything and with one that forces the kernel to drop
  stub     tinct stub beside nginx and Apache Thrift's TNonblockingServer under the C clients: answers a second from one core,
           and CPU seconds of the server per million
  soak     tinct replay at 20,000/s for --minutes (30) against a stub that resets, closes, half-closes, stalls, cuts and garbles
           at random: every due request in one outcome class, the classes against what the stub injected, memory and
           descriptors of both over the time; only when it is named
  endurance  tinct replay at 1,000/s for --minutes (120) against such a stub, with a result and a run tape every ten minutes:
           memory, descriptors and disk over the time, the straight line through them drawn on to 72 h, and whether the
           parts add up; only when it is named
  memory   peak memory of tinct record over a pipe that carries a capture once and 17 times (5 GB)
  synth    tinct synth to /dev/null beside Polars (if it is there) and a C program that writes the same twelve fields: the flat
           record, and the wallet scenario as Thrift frames and as JSON Lines, on one core and on two
  truth, knee, recorded   see truth.py

Runs during which other processes used more than a tenth of a core are discarded and done again; when the machine does
not come to rest, they are kept and the results say so.

Usage: run.py TINCT PEERS PEERS_BUILD [record] [max] [mixed] [signed] [generators] [allocations] [rate] [live] [memory] [stub]
[synth] [soak [--minutes N]] [endurance [--minutes N]] [truth] [knee] [recorded]. PEERS has the peers' sources, PEERS_BUILD
is what the peers' Makefile built, with its captures for `record`. Raw numbers go to benchmarks/results/DATE-NAME.json with
the commands that gave them.
"""
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

import allocations
from common import FLOWS, RUNS, SERVERS, run, save, summary, undisturbed
from endurance import bench_endurance
from load import bench_generators, bench_max, bench_mixed, bench_rate, bench_signed, client
from stub import bench_soak, bench_stub
from synth import bench_synth
from truth import bench_knee, bench_recorded, bench_truth


def bench_record(tinct, sources, peers):
    rows = {}
    commands = {
        "record": "taskset -c 0 tinct record {0}.pcap -o {0}.mcap --json",
        "recordRaw": "taskset -c 0 tinct record {0}.pcap -o {0}.mcap --raw --json",
        "recordRawTwoCores": "taskset -c 0,1 tinct record {0}.pcap -o {0}.mcap --raw --json",
        "recordTwoCores": "taskset -c 0,1 tinct record {0}.pcap -o {0}.mcap --json",
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
        def ratios(of, to, figure):
            return summary([b[figure] / a[figure] for a, b in zip(found[of], found[to])])
        rows[name] = {
            "captureMB": size / 1e6, "tapeMB": os.path.getsize(os.path.join(peers, name + ".mcap")) / 1e6,
            "MBPerCPUSecond": {key: summary([size / 1e6 / one["cpu"] for one in all]) for key, all in found.items()},
            "dryRunMBPerSecond": summary([size / 1e6 / one["wall"] for one in found["dryRun"]]),
            # Against zstd, with what is masked and without.
            "speedRatioCPU": ratios("record", "zstd", "cpu"), "speedRatioWall": ratios("record", "zstd", "wall"),
            "speedRatioWallTwoCores": ratios("recordTwoCores", "zstd", "wall"),
            "rawSpeedRatioCPU": ratios("recordRaw", "zstd", "cpu"),
            "rawSpeedRatioWallTwoCores": ratios("recordRawTwoCores", "zstd", "wall"),
            "maskingCostCPU": ratios("recordRaw", "record", "cpu"),
            "peakMB": max(one["rssMB"] for one in found["record"] + found["recordTwoCores"])}
    save("record", sorted(commands.values()), rows)


LIVE_PORT = "18081"


def live_once(tinct, peers, ring, seconds, commands):
    """One recording of the loopback: what the server counted, and what the balance says."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(["taskset", "-c", "1", os.path.join(peers, "hserver_epoll"), LIVE_PORT],
                                  stderr=subprocess.PIPE, text=True)
        words = ["record", "-i", "lo", "--filter", f"tcp port {LIVE_PORT}", "--ring", ring, "-o", "live.mcap", "--json"]
        recording = subprocess.Popen([tinct] + words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        SERVERS[:] = [server, recording]
        assert any("recording lo" in line for line in recording.stderr), "the recording did not start"
        sent, line = client(peers, "hclient_epoll", "-p", LIVE_PORT, "-d", str(seconds), "-r", "50000")
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
                    # Not getrusage's maximum, which counts this process's own memory before it became the other.
                    with open(f"/proc/{child.pid}/status") as f:
                        peak = int(re.search(r"VmHWM:\s*(\d+)", f.read()).group(1)) / 1024
                balance = json.loads(child.stdout.read())
                _, status, usage = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                assert child.returncode == 0 and balance["closes"], "the balance does not close"
                rows[name].append({
                    "captureMB": os.path.getsize(capture) * rounds / 1e6, "packets": balance["packets"]["in"],
                    "exchanges": balance["exchanges"]["count"], "peakMB": peak,
                    "cpuSeconds": usage.ru_utime + usage.ru_stime})
    save("memory", ["CAPTURE, so many times over with other addresses | tinct record - -o memory.mcap --json"], rows)


def bench_allocations(tinct, sources, peers):
    save("allocations", ["allocations.py tinct"], allocations.measure(tinct, peers))


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    tinct, sources, peers = (os.path.abspath(argument) for argument in sys.argv[1:4])
    benches = {
        "record": bench_record, "max": bench_max, "mixed": bench_mixed, "signed": bench_signed, "generators": bench_generators, "rate": bench_rate,
        "allocations": bench_allocations, "live": bench_live, "memory": bench_memory, "stub": bench_stub, "soak": bench_soak,
        "endurance": bench_endurance,
        "synth": bench_synth,
        "truth": bench_truth, "knee": bench_knee, "recorded": bench_recorded}
    names = sys.argv[4:]
    options = {}
    if "--minutes" in names:
        at = names.index("--minutes")
        options["soak"] = options["endurance"] = [float(names[at + 1])]
        del names[at:at + 2]
    for name in names or [name for name in benches if name not in ("soak", "endurance")]:
        benches[name](tinct, sources, peers, *options.get(name, []))


main()
