"""Puts messages into the transports and protocols of Apache's own library, and takes them out again.

stdin:  one message a line: FORMAT HEX; FORMAT `make` with an unframed Binary message, or the name of a format with
        bytes that are in it
stdout: for `make` one line FORMAT=HEX FORMAT=HEX … ; else NAME TYPE SEQID HEX-IN-BINARY, or ERROR
"""
import importlib.util
import pathlib
import sys

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.Thrift import TType
from thrift.transport.THeaderTransport import (
    THeaderClientType, THeaderSubprotocolID, THeaderTransformID, THeaderTransport)
from thrift.transport.TTransport import TFramedTransport, TMemoryBuffer

spec = importlib.util.spec_from_file_location("recode", pathlib.Path(__file__).with_name("recode.py"))
recode = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recode)

BYTES = recode.SCALARS[TType.STRING]
TEXT = (lambda p: p.readString().encode(), lambda p, v: p.writeString(v.decode()))
HEADERS = [(b"x-stress-test", b"t1"), (b"caller", "\u538b\u6d4b".encode())]


def header(buffer, protocol):
    return THeaderTransport(buffer, [THeaderClientType.HEADERS], protocol)


def opened(form, buffer):
    """A protocol, and what to flush at the end."""
    if form == "old":
        return TBinaryProtocol(buffer, strictRead=False, strictWrite=False), buffer
    if form == "json":
        return TJSONProtocol(buffer), buffer
    if form == "framed-json":
        framed = TFramedTransport(buffer)
        return TJSONProtocol(framed), framed
    if form == "framed-old":
        framed = TFramedTransport(buffer)
        return TBinaryProtocol(framed, strictRead=False, strictWrite=False), framed
    if form.startswith("theader"):
        isCompact = "compact" in form
        transport = header(buffer, THeaderSubprotocolID.COMPACT if isCompact else THeaderSubprotocolID.BINARY)
        if "zlib" in form:
            transport.add_transform(THeaderTransformID.ZLIB)
        for key, value in HEADERS:
            transport.set_header(key, value)
        return (TCompactProtocol if isCompact else TBinaryProtocol)(transport), transport
    raise ValueError(form)


FORMS = ["old", "json", "framed-json", "framed-old", "theader", "theader-compact", "theader-zlib",
         "theader-compact-zlib"]


def make(form, message):
    recode.SCALARS[TType.STRING] = TEXT if "json" in form else BYTES
    buffer = TMemoryBuffer()
    p, transport = opened(form, buffer)
    p.writeMessageBegin(*message[:3])
    recode.write(p, TType.STRUCT, message[3])
    p.writeMessageEnd()
    transport.flush()
    return buffer.getvalue().hex()


def take(form, data):
    recode.SCALARS[TType.STRING] = TEXT if "json" in form else BYTES
    p, _ = opened(form, TMemoryBuffer(data))
    name, mtype, seqid = p.readMessageBegin()
    if isinstance(name, bytes):  # as the library hands over the names of old Binary
        name = name.decode()
    body = recode.read(p, TType.STRUCT)
    p.readMessageEnd()
    return name, mtype, seqid, body


for line in sys.stdin:
    form, text = line.split()
    data = bytes.fromhex(text)
    try:
        if form == "make":
            recode.SCALARS[TType.STRING] = BYTES
            p = TBinaryProtocol(TMemoryBuffer(data))
            name, mtype, seqid = p.readMessageBegin()
            message = (name, mtype, seqid, recode.read(p, TType.STRUCT))
            print(" ".join(f"{form}={make(form, message)}" for form in FORMS))
        else:
            name, mtype, seqid, body = take(form, data)
            recode.SCALARS[TType.STRING] = BYTES
            print(name, mtype, seqid, recode.encode("binary", name, mtype, seqid, body))
    except Exception as error:  # the oracle's own refusal is an answer, too
        print("ERROR", type(error).__name__, error)
