"""Measures tinct replay beside the limit and beside other load generators: see run.py."""
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

from common import FLOWS, HERE, RUNS, SERVERS, save, summary, undisturbed

TAG = "bench"
HTTP, HTTP_FAST, THREADED, FAST, MIXED = "18080", "18082", "19090", "19091", "19092"


# Tapes

def write_capture(path, messages, depth=1):
    """A capture of as many connections as the clients open, in turn, so that a tape holds exactly these bytes. Message i
    goes over connection i % FLOWS; each connection has `depth` requests in flight."""
    def packet(t, sport, dport, seq, ack, payload, flags):
        tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 65535, 0, 0) + payload
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, 0x7F000001, 0x7F000001) + tcp
        return struct.pack("<IIII", t // 1000000, t % 1000000, len(ip), len(ip)) + ip
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 101))
        t = 1_700_000_000_000_000
        for flow in range(FLOWS):
            f.write(packet(t, 20000 + flow, 80, 0, 0, b"", 2) + packet(t, 80, 20000 + flow, 0, 1, b"", 18))
        sent, received, open_replies = [1] * FLOWS, [1] * FLOWS, [[] for _ in range(FLOWS)]

        def reply(flow):
            response = open_replies[flow].pop(0)
            f.write(packet(t + 50, 80, 20000 + flow, received[flow], sent[flow], response, 24))
            received[flow] += len(response)
        for i, (request, response) in enumerate(messages):
            flow = i % FLOWS
            t += 100
            f.write(packet(t, 20000 + flow, 80, sent[flow], received[flow], request, 24))
            sent[flow] += len(request)
            open_replies[flow].append(response)
            if len(open_replies[flow]) == depth:
                reply(flow)
        for flow in range(FLOWS):
            t += 100
            while open_replies[flow]:
                reply(flow)


def tape(tinct, peers, name, messages, depth=1):
    capture, path = (os.path.join(peers, f"bench-{name}.{kind}") for kind in ("pcap", "mcap"))
    write_capture(capture, messages, depth)
    subprocess.run([tinct, "record", capture, "-o", path, "--raw"], check=True, capture_output=True)
    return path


def plain_messages(peers):
    """The C clients' own requests, with a reply each."""
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
    tagged = bytearray(frame)
    at = tagged.rindex(bytes.fromhex("0a0005") + bytes(8))
    tagged[at + 10] = 1
    with open(os.path.join(peers, "frame-tagged.bin"), "wb") as f:
        f.write(tagged)
    return {"http": (http, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), "thrift": (frame, reply)}


def plain_tapes(tinct, peers):
    return {key: tape(tinct, peers, key, [messages] * 2048) for key, messages in plain_messages(peers).items()}


def varint(number):
    text = bytearray()
    while number >= 0x80:
        text.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(text) + bytes([number])


def call(number, compact, pad):
    """A call of one of twenty methods: two ids, an event time, padding, and a Trace for the tag at 1.20."""
    name = b"decide%02d" % (number % 20)
    ids = (b"%08x-2d0e-4b6a-9a57-0c1d2e3f4a5b" % (number * 2654435761 % 2**32), b"%016x" % (number * 0x9E3779B97F4A7C15 % 2**64))
    millis = 1_732_147_200_000 + number

    def framed(message):
        return struct.pack(">I", len(message)) + message
    if compact:
        def text(value):
            return varint(len(value)) + value
        body = b"\x1c" + b"".join(b"\x18" + text(value) for value in ids) + b"\x16" + varint(millis * 2)
        body += b"\x18" + text(b"x" * pad) + b"\x0c\x28\x56\x00\x00\x00\x00"
        return framed(b"\x82\x21\x05" + text(name) + body), framed(b"\x82\x41\x05" + text(name) + b"\x00")
    def text(value):
        return struct.pack(">I", len(value)) + value
    body = b"\x0c\x00\x01" + b"".join(b"\x0b\x00" + bytes([i + 1]) + text(value) for i, value in enumerate(ids))
    body += b"\x0a\x00\x03" + struct.pack(">q", millis) + b"\x0b\x00\x04" + text(b"x" * pad)
    body += b"\x0c\x00\x14\x0a\x00\x05" + bytes(8) + b"\x00\x00\x00"
    head = text(name) + b"\x00\x00\x00\x05"
    return framed(b"\x80\x01\x00\x01" + head + body), framed(b"\x80\x01\x00\x02" + head + b"\x00")


def mixed_messages(count):
    """Half of the connections speak Compact, half Binary."""
    return [call(i, i % FLOWS % 2 == 1, 4096) for i in range(count)]


# Programs

def compiled(peers, source, flags=()):
    """A C program of this folder."""
    program = os.path.join(peers, os.path.splitext(os.path.basename(source))[0])
    subprocess.run(["gcc", "-O3", "-march=native", "-w", *flags, "-o", program, source], check=True)
    return program


def tagged_client(sources, peers):
    """The C client with the tag's headers in its request, so that both send the same bytes."""
    with open(os.path.join(sources, "c", "hclient_epoll.c")) as f:
        text = f.read()
    plain = 'POST /v1/risk HTTP/1.1\\r\\nHost: 127.0.0.1:%d\\r\\n'
    place = 'Content-Type: application/json\\r\\nContent-Length: "'
    if plain not in text or place not in text:
        raise SystemExit("the C client's request is not where this program looks for it")
    text = text.replace(place, 'Content-Type: application/json\\r\\n%sContent-Length: "', 1)
    headers = f"\"x-stress-test: {TAG}\\r\\nbaggage: stress-test={TAG}\\r\\n\""
    text = text.replace("port, body);", f"port, {headers}, body);", 1)
    source = os.path.join(peers, "hclient_tagged.c")
    with open(source, "w") as f:
        f.write(text)
    compiled(peers, source, ["-I", os.path.join(sources, "c")])


class Servers:
    """nginx, Apache Thrift's TNonblockingServer, the C servers of the peers and the one of the mixed load, on core 1."""

    def __init__(self, sources, peers):
        mixed = compiled(peers, os.path.join(HERE, "mixed_server.c"))
        commands = {
            HTTP: ["nginx", "-c", os.path.join(peers, "nginx.conf"), "-g", "daemon off;"],
            HTTP_FAST: [os.path.join(peers, "hserver_epoll"), HTTP_FAST],
            THREADED: [os.path.join(peers, "tserver"), THREADED, "nonblocking"],
            FAST: [os.path.join(peers, "tserver_epoll"), FAST, os.path.join(sources, "thrift", "reply.bin")],
            MIXED: [mixed, MIXED]}
        SERVERS[:] = [subprocess.Popen(["taskset", "-c", "1"] + c, stderr=subprocess.DEVNULL) for c in commands.values()]
        for port in commands:
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", int(port))).close()
                    break
                except OSError:
                    subprocess.run(["sleep", "0.05"], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in SERVERS:
            child.terminate()
            child.wait()
        SERVERS.clear()


def replay(tinct, path, port, *flags):
    """One run: Tinct's result, and the command without the folders of this machine."""
    scheme, carrier = ("http", "default") if port in (HTTP, HTTP_FAST) else ("thrift", "didi:path=" + ("1.20" if port == MIXED else "1.50"))
    command = ["replay", path, "--to", f"{scheme}://127.0.0.1:{port}", "--tag", TAG, "--carrier", carrier,
               "--connections", "64", "--threads", "1", *flags, "--json"]
    output = subprocess.run(["taskset", "-c", "0", tinct] + command, capture_output=True, check=False)
    line = " ".join(["taskset -c 0 tinct"] + command).replace(os.path.dirname(path) + "/", "")
    if not output.stdout:
        raise SystemExit(f"{line}: {output.stderr.decode()}")
    result = json.loads(output.stdout)
    answered, errors = result["totals"]["answered"], result["totals"]["due"] - result["outcomes"]["ok"]
    # The last replies of a run are not waited for.
    assert errors <= 64 * 16, f"{line}: {result['outcomes']}"
    result["perMillion"] = result["cpuSeconds"] * 1e6 / max(1, answered)
    return result, line


def client(peers, *words):
    words = [*words, "-c", "64"]
    output = subprocess.run(["taskset", "-c", "0", os.path.join(peers, words[0])] + words[1:], capture_output=True, check=True)
    result = json.loads(output.stdout)
    assert result["errors"] == 0, "the C client's requests were refused"
    return result, "taskset -c 0 " + " ".join(words).replace(peers + "/", "")


def alternating(measures, runs=RUNS):
    """Each measure in turn, so many times; a measure gives a number and its command."""
    values, commands = {name: [] for name in measures}, {}
    for _ in range(runs):
        for name, measure in measures.items():
            value, commands[name] = undisturbed(measure)
            values[name].append(value)
    return values, commands


def compared(values, limit):
    """Tinct's CPU seconds per million requests beside another client's."""
    ours, theirs = values["tinct"], values["client"]
    return {"tinctCPUSecondsPerMillion": summary(ours), "clientCPUSecondsPerMillion": summary(theirs),
            "ratio": summary([a / b for a, b in zip(ours, theirs)]), "bar": limit}


# Measurements

def permitted(tinct, path):
    """The ways to the sockets that this machine permits."""
    words = ["replay", path, "--to", f"http://127.0.0.1:{HTTP}", "--rate", "max", "--duration", "100ms", "--allow-duplicates",
             "--io", "io_uring", "--json"]
    tried = subprocess.run([tinct] + words, capture_output=True, check=False)
    return ["epoll", "io_uring"] if tried.returncode in (0, 4) else ["epoll"]


def bench_max(tinct, sources, peers):
    """Cost of a request, over epoll and over io_uring: one in flight on each of 64 connections, then 16."""
    tagged_client(sources, peers)
    frame = os.path.join(peers, "frame-tagged.bin")
    found = plain_tapes(tinct, peers)
    http, thrift = found["http"], found["thrift"]
    deep = tape(tinct, peers, "thrift-deep", [plain_messages(peers)["thrift"]] * 2048, depth=16)
    rows, lines = {}, []

    def case(name, path, port, bars, other, *flags, beside=None):
        def ours(way):
            result, line = replay(
                tinct, path, port, "--rate", "max", "--duration", "4s", "--allow-duplicates", "--io", way, *flags)
            assert result["run"]["io"] == way
            return result["perMillion"], line

        def theirs():
            result, line = client(peers, *other, "-p", port, "-d", "4")
            return result["cpu_s_per_M"], line
        measures = {way: lambda way=way: ours(way) for way in ways}
        values, commands = alternating({**measures, "client": theirs, **(beside or {})})
        rows[name] = {"CPUSecondsPerMillion": {key: summary(all) for key, all in values.items()}, "bars": bars}
        for key in ["client", *(beside or {})]:
            rows[name][f"ratioTo{key.capitalize()}"] = {
                way: summary([a / b for a, b in zip(values[way], values[key])]) for way in ways}
        lines.extend(commands.values())
    with Servers(sources, peers):
        ways = permitted(tinct, http)
        wrk = {"wrk": lambda: other_generator(*generators(sources, peers, 4)["wrk"])} if shutil.which("wrk") else {}
        case("http", http, HTTP, {"client": 1.10, "wrk": 0.95}, ["hclient_tagged"], beside=wrk)
        case("httpToC", http, HTTP_FAST, {"client with io_uring": 1.0}, ["hclient_tagged"])
        case("thrift", thrift, THREADED, {"client": 1.10}, ["tclient_epoll", "-D", "1", "-f", frame])
        case("thriftToC", thrift, FAST, {"client": 1.10}, ["tclient_epoll", "-D", "1", "-f", frame])
        case("thrift16InFlight", deep, FAST, {"client": 1.60}, ["tclient_epoll", "-D", "16", "-f", frame], "--in-flight", "16")
    save("max", lines, rows)


def bench_mixed(tinct, sources, peers):
    """The honest case beside the plain one: 20 operations, 4 KiB, Compact and Binary, two fresh ids, a time."""
    plain = tape(tinct, peers, "plain", [call(0, False, 200)] * 2048)
    mixed = tape(tinct, peers, "mixed", mixed_messages(2048))
    common = ["--rate", "max", "--duration", "4s"]
    fresh = ["--id", "1.1", "--id", "1.2", "--time", "1.3", "--event-time", "shift"]

    def ours(path, flags):
        result, line = replay(tinct, path, MIXED, *common, *flags)
        return result["perMillion"], line
    with Servers(sources, peers):
        values, commands = alternating({"tinct": lambda: ours(mixed, fresh), "client": lambda: ours(plain, ["--allow-duplicates"])})
    save("mixed", list(commands.values()), {
        "mixedCPUSecondsPerMillion": summary(values["tinct"]), "plainCPUSecondsPerMillion": summary(values["client"]),
        "ratio": summary([a / b for a, b in zip(values["tinct"], values["client"])]), "bar": 1.60})


SIGNED_RULES = """version: 1
secrets: {key: {env: TINCT_BENCH_KEY}}
rules:
  - fresh: {requestId: like, device: like}
    now: [ts]
    sign: {key: key}
"""


def bench_signed(tinct, sources, peers):
    """Two fresh ids, a time, a nonce and an HMAC-SHA256 over the default template, beside the plain send."""
    os.environ["TINCT_BENCH_KEY"] = "0123456789abcdef"
    rules = os.path.join(peers, "bench-signed.yaml")
    with open(rules, "w") as f:
        f.write(SIGNED_RULES)
    http = plain_tapes(tinct, peers)["http"]

    def ours(*flags):
        result, line = replay(
            tinct, http, HTTP, "--rate", "max", "--duration", "4s", "--allow-duplicates", *flags)
        return result["perMillion"], line.replace(peers + "/", "")
    with Servers(sources, peers):
        values, commands = alternating({"tinct": lambda: ours("--rules", rules), "client": ours})
    save("signed", list(commands.values()), {
        "rules": SIGNED_RULES, "signedCPUSecondsPerMillion": summary(values["tinct"]),
        "plainCPUSecondsPerMillion": summary(values["client"]),
        "ratio": summary([a / b for a, b in zip(values["tinct"], values["client"])]), "bar": 1.35})


def generators(sources, peers, seconds):
    """Other load generators, as who looks for one would run them: the words, and what counts their requests."""
    load = os.path.join(sources, "load")
    url, body = f"http://127.0.0.1:{HTTP}/v1/risk", os.path.join(load, "body.json")
    # k6 is written in JavaScript. It comes from PyPI, beside this interpreter.
    script = os.path.join(tempfile.gettempdir(), "tinct-bench-k6.js")
    with open(script, "w") as f:
        f.write("import http from 'k6/http';\n"
                f"const body = open('{body}');\n"
                "export const options = {discardResponseBodies: true};\n"
                "const headers = {headers: {'Content-Type': 'application/json'}};\n"
                f"export default function () {{ http.post('{url}', body, headers); }}\n")
    k6 = os.path.join(os.path.dirname(sys.executable), "k6")
    return {
        "wrk": (["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", os.path.join(load, "post.lua"), url], r"(\d+) requests in"),
        "h2load": (["h2load", "--h1", "-t1", "-c64", "-m1", "-D", str(seconds), "-d", body, "-H",
                    "content-type: application/json", url], r"requests: (\d+) total"),
        "ab": (["ab", "-q", "-k", "-c", "64", "-t", str(seconds), "-n", "100000000", "-p", body, "-T", "application/json",
                url], r"Complete requests:\s+(\d+)"),
        "hey": (["hey", "-z", f"{seconds}s", "-c", "64", "-m", "POST", "-T", "application/json", "-D", body, url],
                r"\[200\]\s+(\d+) responses"),
        "k6": ([k6, "run", "-q", "--no-color", "--vus", "64", "--duration", f"{seconds}s", script],
               r"http_reqs\.*:\s+(\d+)")}


def other_generator(words, pattern):
    """CPU seconds per million requests of another load generator, and its command."""
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(["taskset", "-c", "0"] + words, stdout=output, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        output.seek(0)
        count = int(re.search(pattern, output.read())[1])
    return (usage.ru_utime + usage.ru_stime) * 1e6 / count, "taskset -c 0 " + " ".join(
        w if w.startswith("http://") else os.path.basename(w) for w in words)


def bench_generators(tinct, sources, peers):
    """HTTP against nginx, beside the generators that are installed."""
    http = plain_tapes(tinct, peers)["http"]
    measures = {"tinct": lambda: (lambda r: (r[0]["perMillion"], r[1]))(
        replay(tinct, http, HTTP, "--rate", "max", "--duration", "4s", "--allow-duplicates"))}

    missing = []
    for name, (words, pattern) in generators(sources, peers, 4).items():
        if shutil.which(words[0]):
            measures[name] = lambda words=words, pattern=pattern: other_generator(words, pattern)
        else:
            missing.append(name)
    with Servers(sources, peers):
        values, commands = alternating(measures, 3)
    rows = {name: {"CPUSecondsPerMillion": summary(numbers), "tinctRatio": summary(
        [a / b for a, b in zip(values["tinct"], numbers)])} for name, numbers in values.items()}
    save("generators", list(commands.values()), {**rows, "bar": {"wrk": 0.95}, "notInstalled": missing})


def h2load_rate(peers, rate, seconds):
    """Its percentiles at a rate, from the log of every request."""
    log = os.path.join(peers, "h2load.log")
    if os.path.exists(log):
        os.remove(log)
    body = os.path.join(peers, "body300.json")
    with open(body, "w") as f:
        f.write('{"pad":"' + "x" * 290 + '"}')
    words = ["h2load", "--h1", "-t1", "-c64", "-m1", f"--rps={rate / 64}", "-D", str(seconds), "-d", body,
             f"--log-file={log}", f"http://127.0.0.1:{HTTP}/v1/risk"]
    subprocess.run(["taskset", "-c", "0"] + words, check=True, capture_output=True)
    with open(log) as f:
        times = sorted(int(line.split()[2]) for line in f)
    return {"p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100], "count": len(times)}


def bench_rate(tinct, sources, peers, seconds=30):
    """On time: lateness beside a bare sleeping loop, latencies beside the C client's open loop and h2load."""
    found = plain_tapes(tinct, peers)
    tagged_client(sources, peers)
    sleeper = compiled(peers, os.path.join(HERE, "sleeper.c"))
    frame = os.path.join(peers, "frame-tagged.bin")
    cases = {
        "http": (found["http"], HTTP, ["hclient_tagged"]),
        "thrift": (found["thrift"], THREADED, ["tclient_epoll", "-D", "1", "-f", frame])}
    rows, lines = {}, set()
    with Servers(sources, peers):
        for rate in (5000, 20000):
            for key, (path, port, other) in cases.items():
                row = {name: [] for name in (
                    "due", "sent", "unsent", "sleeperP99Micros", "latenessP99Micros", "p50Micros", "p99Micros",
                    "clientP50Micros", "clientP99Micros", "h2loadP50Micros", "h2loadP99Micros")}
                for _ in range(min(3, RUNS)):
                    late = undisturbed(lambda: json.loads(subprocess.run(
                        ["taskset", "-c", "0", sleeper, str(rate), "5"], check=True, capture_output=True).stdout))
                    words = [tinct, path, port, "--rate", str(rate), "--duration", f"{seconds}s", "--allow-duplicates"]
                    result, line = undisturbed(lambda: replay(*words))
                    theirs, other_line = undisturbed(lambda: client(
                        peers, *other, "-p", port, "-d", str(seconds), "-r", str(rate), "-l"))
                    lines |= {line, other_line}
                    for name in ("due", "sent", "unsent"):
                        row[name].append(result["totals"][name])
                    row["sleeperP99Micros"].append(late["p99_us"])
                    row["latenessP99Micros"].append(result["lateness"]["p99Micros"])
                    row["p50Micros"].append(result["latency"]["corrected"]["p50Micros"])
                    row["p99Micros"].append(result["latency"]["corrected"]["p99Micros"])
                    row["clientP50Micros"].append(theirs["p50_us"])
                    row["clientP99Micros"].append(theirs["p99_us"])
                    if key == "http" and shutil.which("h2load"):
                        reported = undisturbed(lambda: h2load_rate(peers, rate, min(seconds, 10)))
                        row["h2loadP50Micros"].append(reported["p50"])
                        row["h2loadP99Micros"].append(reported["p99"])
                rows[f"{key}{rate}"] = {
                    name: summary(values) if name.endswith("Micros") else values for name, values in row.items() if values}
    save("rate", sorted(lines), rows)
