#!/usr/bin/env python3
"""Counts what one more request of tinct replay allocates, retains and releases: nothing. `make test` runs it.

Usage: allocations.py TINCT [FOLDER]. Each case is sent twice, a tape few and many times over, with a counter preloaded
(allocations.c); the difference over the requests between them is what a request costs, whatever the machine and the time.
Exit status 1: some case costs more than the blocks of a tape do, which come once in about a thousand requests.
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

from load import call, compiled, mixed_messages, tape
from common import HERE

REQUESTS, FEW, MANY = 1280, 10, 60
# Of a block's own bookkeeping, and of closing the books of each second.
LIMIT = 0.05
HTTP_REQUEST = (b"POST /v1/risk HTTP/1.1\r\nHost: risk\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n"
                b'{"requestId":"7f3c9a51-2d0e","userId":9182736}')
HTTP_REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
FRESH = ["--id", "1.1", "--id", "1.2", "--time", "1.3", "--event-time", "shift"]


def cases(tinct, folder):
    http = tape(tinct, folder, "http", [(HTTP_REQUEST, HTTP_REPLY)] * REQUESTS)
    plain = tape(tinct, folder, "plain", [call(0, False, 200)] * REQUESTS)
    deep = tape(tinct, folder, "deep", [call(0, False, 200)] * REQUESTS, depth=16)
    mixed = tape(tinct, folder, "mixed", mixed_messages(REQUESTS))
    same = ["--allow-duplicates"]
    return {
        "http": (http, same), "httpPaced": (http, same + ["--rate", "20000"]), "httpFresh": (http, ["--id", "requestId"]),
        "httpPipelined": (http, same + ["--in-flight", "4", "--pipeline"]), "thrift": (plain, same),
        "thrift16InFlight": (deep, same + ["--in-flight", "16"]), "mixed": (mixed, FRESH),
        "mixed16InFlight": (mixed, FRESH + ["--in-flight", "16"])}


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def counted(tinct, counter, path, is_http, port, rounds, flags):
    with tempfile.NamedTemporaryFile("r") as counts:
        words = [tinct, "replay", path, "--to", f"http://127.0.0.1:{port}" if is_http else f"thrift://127.0.0.1:{port}",
                 "--carrier", "default" if is_http else "didi:path=1.20", "--loop", str(rounds), "--connections", "64",
                 "--threads", "1", "--json"] + ([] if "--rate" in flags else ["--rate", "max"]) + flags
        output = subprocess.run(words, env={**os.environ, "LD_PRELOAD": counter, "TINCT_COUNTS": counts.name},
                                capture_output=True, check=False)
        if b"io_uring cannot be used here" in output.stderr:
            return None
        if output.returncode not in (0, 4):
            sys.exit(f"{' '.join(words)}: {output.stderr.decode()}")
        result = json.loads(output.stdout)
        assert result["outcomes"]["ok"] == REQUESTS * rounds, result["outcomes"]
        return json.load(counts)


def measure(tinct, folder):
    """What one more request of each case costs."""
    counter = os.path.join(folder, "allocations.so")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", counter, os.path.join(HERE, "allocations.c")], check=True)
    found = cases(tinct, folder)
    http_port, thrift_port = free_port(), free_port()
    servers = [subprocess.Popen([compiled(folder, os.path.join(HERE, "mixed_server.c")), thrift_port]),
               subprocess.Popen([tinct, "stub", found["http"][0], "--listen", f"127.0.0.1:{http_port}"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)]
    try:
        for port in (thrift_port, http_port):
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", int(port))).close()
                    break
                except OSError:
                    time.sleep(0.05)
        rows = {}
        for name, (path, flags) in found.items():
            is_http = name.startswith("http")
            port = http_port if is_http else thrift_port
            for way in ("epoll", "io_uring"):
                few, many = (counted(tinct, counter, path, is_http, port, rounds, flags + ["--io", way])
                             for rounds in (FEW, MANY))
                if few and many:
                    rows[f"{name} {way}"] = {kind + "PerRequest": round((many[kind] - few[kind]) / (REQUESTS * (MANY - FEW)), 4)
                                             for kind in few}
        return rows
    finally:
        for server in servers:
            server.terminate()
            server.wait()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    tinct = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(tinct, sys.argv[2] if len(sys.argv) > 2 else folder)
    print(json.dumps(rows, indent=1))
    over = [name for name, row in rows.items() if max(row.values()) > LIMIT]
    if over:
        sys.exit("allocations or reference counting on the way of a request: " + ", ".join(over))


if __name__ == "__main__":
    main()
