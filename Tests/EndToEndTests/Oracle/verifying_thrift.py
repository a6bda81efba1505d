#!/usr/bin/env python3
"""A framed Thrift server that believes nobody: verifying_thrift.py PORT binary|compact.

`decide` carries an order whose field 5 is the hexadecimal HMAC-SHA256, under "hmac-secret", of
OPERATION|ID|AMOUNT|TIME|NONCE; its time is in ms and at most 300 s off, ids and nonces are never seen twice. Read and written
by Apache Thrift's own protocols. Prints what it counted when it is stopped.
"""
import collections
import hashlib
import hmac
import json
import signal
import socket
import struct
import sys
import threading
import time

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.Thrift import TMessageType, TType
from thrift.transport.TTransport import TMemoryBuffer

protocol = {"binary": TBinaryProtocol, "compact": TCompactProtocol}[sys.argv[2]]
counts, lock = collections.Counter(), threading.Lock()
nonces, ids = set(), set()


def read_struct(reader):
    fields = {}
    reader.readStructBegin()
    while True:
        _, kind, number = reader.readFieldBegin()
        if kind == TType.STOP:
            break
        if kind == TType.STRUCT:
            fields[number] = read_struct(reader)
        elif kind == TType.I64:
            fields[number] = reader.readI64()
        else:
            fields[number] = reader.readString()
        reader.readFieldEnd()
    reader.readStructEnd()
    return fields


def judge(order):
    text = f"Signed.decide|{order[1]}|{order[2]}|{order[3]}|{order[4]}"
    if hmac.new(b"hmac-secret", text.encode(), hashlib.sha256).hexdigest() != order[5]:
        return "signature"
    if abs(order[3] / 1000 - time.time()) > 300:
        return "time"
    if order[4] in nonces:
        return "nonce seen"
    if order[1] in ids:
        return "id seen"
    nonces.add(order[4])
    ids.add(order[1])
    return "ok"


def serve(connection):
    with connection, connection.makefile("rb") as stream:
        while len(head := stream.read(4)) == 4:
            reader = protocol(TMemoryBuffer(stream.read(struct.unpack(">I", head)[0])))
            name, _, seqid = reader.readMessageBegin()
            order = read_struct(reader)[1]
            with lock:
                counts[judge(order)] += 1
                counts["tagged"] += order.get(20, {}).get(5, 0) & 1
            buffer = TMemoryBuffer()
            writer = protocol(buffer)
            writer.writeMessageBegin(name, TMessageType.REPLY, seqid)
            writer.writeStructBegin("result")
            writer.writeFieldBegin("success", TType.STRUCT, 0)
            writer.writeStructBegin("Answer")
            writer.writeFieldBegin("decision", TType.STRING, 1)
            writer.writeString("approve")
            writer.writeFieldEnd()
            writer.writeFieldStop()
            writer.writeStructEnd()
            writer.writeFieldEnd()
            writer.writeFieldStop()
            writer.writeStructEnd()
            writer.writeMessageEnd()
            reply = buffer.getvalue()
            connection.sendall(struct.pack(">I", len(reply)) + reply)


def stop(*_):
    print(json.dumps(counts))
    sys.stdout.flush()
    raise SystemExit(0)


signal.signal(signal.SIGTERM, stop)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
