"""What Tinct measures, against servers and recordings whose truth is known: modes of run.py.

  truth     a server that is stopped (SIGSTOP) for 1 s in every 10 s, at 1,000 requests/s: p95 and p99 from the due time are
            to be 500 ms and 900 ms
  knee      a server that answers every 500 us, and so has a capacity of 2,000/s: what --find-max finds, three times
  recorded  a recording of five minutes with bursts, replayed at 10x and at 1x: what tcpdump sees, against the recording
            and against a loop in C that only watches the clock (bursts.c)
"""
import json
import os
import random
import selectors
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

from common import HERE, save, undisturbed
from load import compiled, plain_tapes
from stub import Server

BODY = b"x" * 300
REQUEST = b"POST /v1/risk HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 300\r\n\r\n" + BODY
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
RECORDED_SECONDS = 300


def replay(tinct, words):
    output = subprocess.run(["taskset", "-c", "0", tinct, "replay"] + words + ["--json"], capture_output=True, check=False)
    return json.loads(output.stdout)


def bench_truth(tinct, sources, peers):
    tape = plain_tapes(tinct, peers)["http"]
    server = Server([os.path.join(peers, "hserver_epoll"), "18084"], 18084)
    stopped = threading.Event()

    def stall():
        due = time.monotonic() + 4.5
        while not stopped.wait(max(0, due - time.monotonic())):
            os.kill(server.child.pid, signal.SIGSTOP)
            time.sleep(max(0, due + 1 - time.monotonic()))
            os.kill(server.child.pid, signal.SIGCONT)
            due += 10
    thread = threading.Thread(target=stall)
    thread.start()
    words = [tape, "--to", "http://127.0.0.1:18084", "--rate", "1000", "--duration", "60s", "--connections", "64",
             "--threads", "1", "--allow-duplicates"]
    try:
        result = undisturbed(lambda: replay(tinct, words))
    finally:
        stopped.set()
        thread.join()
        server.stop()
    latency = result["latency"]
    rows = {
        "due": result["totals"]["due"], "ok": result["outcomes"]["ok"],
        "corrected": {key: latency["corrected"][key] / 1000 for key in ("p50Micros", "p90Micros", "p95Micros", "p99Micros")},
        "raw": {key: latency["raw"][key] / 1000 for key in ("p50Micros", "p90Micros", "p95Micros", "p99Micros")},
        "latenessP99Micros": result["lateness"]["p99Micros"],
        "p95OfAnalytic": latency["corrected"]["p95Micros"] / 500_000,
        "p99OfAnalytic": latency["corrected"]["p99Micros"] / 900_000}
    save("truth", ["SIGSTOP for 1 s in every 10 s to hserver_epoll 18084",
                         "taskset -c 0 tinct replay " + " ".join(words).replace(peers + "/", "")], rows)
    for key in ("p95OfAnalytic", "p99OfAnalytic"):
        assert abs(rows[key] - 1) <= 0.05, f"{key} is {rows[key]}"


def serve(port, interval):
    """Answers in order of arrival, one each `interval` seconds, whatever the machine does: up to 50 ms of what it fell behind
    by is made up for."""
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    listener.setblocking(False)
    watch = selectors.DefaultSelector()
    watch.register(listener, selectors.EVENT_READ)
    buffers, waiting, due = {}, [], 0.0
    size = None
    while True:
        now = time.monotonic()
        while waiting and due <= now:
            connection = waiting.pop(0)
            due = max(due, now - 0.05) + interval
            try:
                connection.send(ANSWER)
            except OSError:
                pass
        pause = max(0, due - time.monotonic()) if waiting else 1
        # epoll's pauses are whole milliseconds: the rest is waited for awake.
        for key, _ in watch.select(0 if waiting and pause < 0.001 else pause):
            if key.fileobj is listener:
                connection = listener.accept()[0]
                connection.setblocking(False)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                watch.register(connection, selectors.EVENT_READ)
                buffers[connection] = b""
                continue
            connection = key.fileobj
            try:
                data = connection.recv(65536)
            except OSError:
                data = b""
            if not data:
                watch.unregister(connection)
                connection.close()
                del buffers[connection]
                continue
            buffers[connection] += data
            while True:
                buffer = buffers[connection]
                if size is None and b"\r\n\r\n" in buffer:
                    size = buffer.index(b"\r\n\r\n") + 4 + 300
                if size is None or len(buffer) < size:
                    break
                buffers[connection] = buffer[size:]
                if not waiting:
                    due = max(due, time.monotonic() - 0.05)
                waiting.append(connection)


def bench_knee(tinct, sources, peers):
    tape = plain_tapes(tinct, peers)["http"]
    capacity = 2000
    words = [tape, "--to", "http://127.0.0.1:18085", "--find-max", "--slo", "p95<200ms,success>99.9%", "--rate", "500",
             "--hold", "3s", "--warm-up", "1s", "--connections", "64", "--threads", "1", "--allow-duplicates"]
    rows = []
    for _ in range(3):
        server = Server([sys.executable, os.path.abspath(__file__), "--serve", "18085", str(1 / capacity)], 18085)
        try:
            search = undisturbed(lambda: replay(tinct, words))["search"]
        finally:
            server.stop()
        rows.append({
            "found": search["rate"], "ofCapacity": (search["rate"] or 0) / capacity, "failed": search["failedRate"],
            "confirmed": search["confirmed"], "generatorBound": search["generatorBound"],
            "steps": [{k: step[k] for k in ("rate", "phase", "achievedShare", "p95Micros", "latenessP99Micros", "reason")}
                      for step in search["steps"]]})
    save("knee", ["a server that gives an answer every 500 us",
                        "taskset -c 0 tinct replay " + " ".join(words).replace(peers + "/", "")],
               {"capacity": capacity, "runs": rows})
    for row in rows:
        assert abs(row["ofCapacity"] - 1) <= 0.05, f"{row['found']}/s of {capacity}/s"


def write_bursts(path, seconds):
    """A capture with bursts of 1 to 40 requests, 150 us to 2 ms apart, at random times; the times of its requests in ns."""
    draw = random.Random(4)
    times, now = [], 0
    while now < seconds * 1_000_000_000:
        for _ in range(draw.randint(1, 40)):
            times.append(now)
            now += draw.randint(150_000, 2_000_000)
        now += draw.randint(5_000_000, 700_000_000)

    def packet(t, sport, dport, seq, ack, payload, flags):
        tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 65535, 0, 0) + payload
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, 0x7F000001, 0x7F000001) + tcp
        return struct.pack("<IIII", t // 1_000_000_000, t % 1_000_000_000, len(ip), len(ip)) + ip
    start = 1_700_000_000_000_000_000
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 101))
        for flow in range(64):
            f.write(packet(start - 1_000_000, 20000 + flow, 80, 0, 0, b"", 2))
            f.write(packet(start - 900_000, 80, 20000 + flow, 0, 1, b"", 18))
        for index, at in enumerate(times):
            client, turn = 20000 + index % 64, index // 64
            a, b = 1 + turn * len(REQUEST), 1 + turn * len(ANSWER)
            f.write(packet(start + at, client, 80, a, b, REQUEST, 24))
            f.write(packet(start + at + 50_000, 80, client, b, a + len(REQUEST), ANSWER, 24))
    return times


def arrivals(path):
    """When packets that begin a request passed, in ns, from a capture with nanoseconds of the loopback (Ethernet)."""
    with open(path, "rb") as f:
        data = f.read()
    assert struct.unpack_from("<I", data)[0] == 0xA1B23C4D, "no nanoseconds"
    times, at = [], 24
    while at + 16 <= len(data):
        seconds, nanos, length, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + length]
        tcp = 14 + (frame[14] & 15) * 4
        payload = frame[tcp + (frame[tcp + 12] >> 4) * 4:]
        if payload.startswith(b"POST "):
            times.append(seconds * 1_000_000_000 + nanos)
        at += 16 + length
    return sorted(times)


def bench_recorded(tinct, sources, peers):
    """Gaps between sends beside the recorded ones, and beside those of a loop that does nothing but watch the clock and send."""
    rows, commands = {}, []
    limit = compiled(peers, os.path.join(HERE, "bursts.c"))
    with tempfile.TemporaryDirectory() as folder:
        capture, tape = os.path.join(folder, "bursts.pcap"), os.path.join(folder, "bursts.mcap")
        request, due = os.path.join(folder, "request"), os.path.join(folder, "due")
        times = write_bursts(capture, RECORDED_SECONDS)
        subprocess.run([tinct, "record", capture, "-o", tape, "--raw"], check=True, capture_output=True)
        with open(request, "wb") as f:
            f.write(REQUEST)

        def sent(scale, run):
            """What tcpdump sees of a run, and what the run returns."""
            seen = os.path.join(folder, "seen.pcap")
            sniffer = subprocess.Popen(
                ["taskset", "-c", "1", "tcpdump", "-i", "lo", "-n", "--time-stamp-precision=nano", "-s", "128", "-B", "8192",
                 "-w", seen, "tcp dst port 18084 and greater 200"], stderr=subprocess.PIPE)
            sniffer.stderr.readline()
            result = undisturbed(run) if scale > 1 else run()
            time.sleep(1)
            sniffer.terminate()
            sniffer.wait()
            at = arrivals(seen)[-len(times):]
            assert len(at) == len(times), (len(at), len(times))
            gaps = sorted(abs((b - a) - (d - c) / scale) / 1000 for a, b, c, d in zip(at, at[1:], times, times[1:]))
            return result, {
                "requests": len(times), "seconds": (at[-1] - at[0]) / 1e9,
                "gapDifferenceMicros": {"median": statistics.median(gaps), "p90": gaps[len(gaps) * 90 // 100],
                                        "p99": gaps[len(gaps) * 99 // 100], "max": gaps[-1]},
                "driftMicros": ((at[-1] - at[0]) - (times[-1] - times[0]) / scale) / 1000}
        server = Server([os.path.join(peers, "hserver_epoll"), "18084"], 18084)
        try:
            for rate, scale in (("10x", 10), ("recorded", 1)):
                with open(due, "wb") as f:
                    f.write(struct.pack(f"<{len(times)}Q", *(int(at / scale) for at in times)))
                bare = ["taskset", "-c", "0", limit, "18084", due, request, "64"]
                rows[f"limit {rate}"] = sent(scale, lambda: subprocess.run(bare, check=True))[1]
                words = [tape, "--to", "http://127.0.0.1:18084", "--rate", rate, "--connections", "64", "--threads", "1"]
                result, rows[rate] = sent(scale, lambda: replay(tinct, words))
                assert len(times) == result["outcomes"]["ok"], result["outcomes"]
                rows[rate]["latenessP99Micros"] = result["lateness"]["p99Micros"]
                commands += ["taskset -c 0 bursts 18084 due request 64",
                             "taskset -c 0 tinct replay " + " ".join(words).replace(folder + "/", "")]
        finally:
            server.stop()
    save("recorded", ["a capture of five minutes with bursts (write_bursts in truth.py)"] + commands, rows)
    for rate in ("10x", "recorded"):
        row = rows[rate]
        assert row["gapDifferenceMicros"]["p99"] < 100 and abs(row["driftMicros"]) < 1000, f"{rate}: {row}"


if __name__ == "__main__" and sys.argv[1:2] == ["--serve"]:
    serve(int(sys.argv[2]), float(sys.argv[3]))
