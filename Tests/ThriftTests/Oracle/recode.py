"""Reads Thrift messages with Apache's own library and writes them again.

stdin:  one message a line: ENCODING HEX (unframed)
stdout: one line each: NAME TYPE SEQID HEX-IN-THE-SAME-ENCODING HEX-IN-THE-OTHER-ONE, or ERROR
"""
import sys

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.Thrift import TType
from thrift.transport.TTransport import TMemoryBuffer

PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol}


def read(p, ttype):
    if ttype == TType.STRUCT:
        fields = []
        p.readStructBegin()
        while True:
            _, ftype, fid = p.readFieldBegin()
            if ftype == TType.STOP:
                break
            fields.append((fid, ftype, read(p, ftype)))
            p.readFieldEnd()
        p.readStructEnd()
        return fields
    if ttype in (TType.LIST, TType.SET):
        etype, size = p.readListBegin() if ttype == TType.LIST else p.readSetBegin()
        values = [read(p, etype) for _ in range(size)]
        p.readListEnd() if ttype == TType.LIST else p.readSetEnd()
        return etype, values
    if ttype == TType.MAP:
        ktype, vtype, size = p.readMapBegin()
        pairs = [(read(p, ktype), read(p, vtype)) for _ in range(size)]
        p.readMapEnd()
        return ktype, vtype, pairs
    return SCALARS[ttype][0](p)


def write(p, ttype, value):
    if ttype == TType.STRUCT:
        p.writeStructBegin("")
        for fid, ftype, inner in value:
            p.writeFieldBegin("", ftype, fid)
            write(p, ftype, inner)
            p.writeFieldEnd()
        p.writeFieldStop()
        p.writeStructEnd()
    elif ttype in (TType.LIST, TType.SET):
        etype, values = value
        p.writeListBegin(etype, len(values)) if ttype == TType.LIST else p.writeSetBegin(etype, len(values))
        for inner in values:
            write(p, etype, inner)
        p.writeListEnd() if ttype == TType.LIST else p.writeSetEnd()
    elif ttype == TType.MAP:
        ktype, vtype, pairs = value
        p.writeMapBegin(ktype, vtype, len(pairs))
        for k, v in pairs:
            write(p, ktype, k)
            write(p, vtype, v)
        p.writeMapEnd()
    else:
        SCALARS[ttype][1](p, value)


SCALARS = {
    TType.BOOL: (lambda p: p.readBool(), lambda p, v: p.writeBool(v)),
    TType.BYTE: (lambda p: p.readByte(), lambda p, v: p.writeByte(v)),
    TType.I16: (lambda p: p.readI16(), lambda p, v: p.writeI16(v)),
    TType.I32: (lambda p: p.readI32(), lambda p, v: p.writeI32(v)),
    TType.I64: (lambda p: p.readI64(), lambda p, v: p.writeI64(v)),
    TType.DOUBLE: (lambda p: p.readDouble(), lambda p, v: p.writeDouble(v)),
    TType.STRING: (lambda p: p.readBinary(), lambda p, v: p.writeBinary(v)),
}


def encode(encoding, name, mtype, seqid, body):
    buffer = TMemoryBuffer()
    p = PROTOCOLS[encoding](buffer)
    p.writeMessageBegin(name, mtype, seqid)
    write(p, TType.STRUCT, body)
    p.writeMessageEnd()
    return buffer.getvalue().hex()


def main():
    for line in sys.stdin:
        encoding, text = line.split()
        try:
            data = bytes.fromhex(text)
            buffer = TMemoryBuffer(data)
            p = PROTOCOLS[encoding](buffer)
            name, mtype, seqid = p.readMessageBegin()
            body = read(p, TType.STRUCT)
            p.readMessageEnd()
            if buffer.cstringio_buf.tell() != len(data):
                raise ValueError("bytes left over")
            other = "compact" if encoding == "binary" else "binary"
            print(name, mtype, seqid, encode(encoding, name, mtype, seqid, body), encode(other, name, mtype, seqid, body))
        except Exception as error:  # the oracle's own refusal is an answer, too
            print("ERROR", type(error).__name__)


if __name__ == "__main__":
    main()
