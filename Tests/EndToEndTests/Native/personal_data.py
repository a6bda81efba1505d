"""Traffic with invented personal data in every place where it may stand, and the search for it afterwards.

    personal_data.py make DIR COUNT      writes DIR/traffic.pcap and DIR/seeds.json
    personal_data.py check DIR TAPE...   reads the tapes with the mcap library; prints what of the seeds is on them
"""
import base64
import gzip
import json
import random
import re
import struct
import sys
import urllib.parse
import zlib

from stdnum.br import cpf as br_cpf, cnpj as br_cnpj
from stdnum.mx import curp as mx_curp

GIVEN = ["伟", "芳娜", "秀英", "建国", "文红", "玉梅", "志玲", "鑫波", "宇浩", "俊帆", "思雨", "晨辉", "佳颖", "慧莉", "国华"]
FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许邓韩冯曹彭"
FIRST = ["Maria", "João", "Ana", "Carlos", "Fernanda", "Guadalupe", "Alejandro", "Juan", "Beatriz", "Ricardo", "Sofia"]
LAST = ["Silva", "Souza", "Oliveira", "Fernández", "Hernández", "Ramírez", "Gonçalves", "Pereira", "Castillo", "Nuñez"]
COUNTIES = ["110105", "440305", "310104", "330106", "510104", "420106"]


def luhn(payload):
    total = 0
    for i, d in enumerate(reversed(payload)):
        d = int(d) * (2 if i % 2 == 0 else 1)
        total += d - 9 if d > 9 else d
    return str(-total % 10)


def make_values(r):
    """One invented person: a value of each class."""
    born = "%d%02d%02d" % (r.randint(1950, 2005), r.randint(1, 12), r.randint(1, 28))
    ric = r.choice(COUNTIES) + born + "%03d" % r.randint(0, 999)
    ric += "10X98765432"[sum(int(c) * w for c, w in zip(ric, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11]
    cpf = "%09d" % r.randint(1, 999999998)
    cpf += br_cpf._calc_check_digits(cpf) if hasattr(br_cpf, "_calc_check_digits") else ""
    root = "".join(r.choice("0123456789ABCDEFGHJKLMNP") for _ in range(8)) + "0001"
    cnpj = root + br_cnpj.calc_check_digits(root)
    curp = (r.choice("BCDFGHJLMPRSTV") + r.choice("AEIOU") + r.choice("BCDFGH") + r.choice("JLMNPRT") + born[2:]
            + r.choice("HM") + r.choice(["DF", "JC", "NL"]) + "".join(r.choice("BCDFGLMNPRST") for _ in range(3)))
    curp += "0" if born < "2000" else "A"
    curp += mx_curp.calc_check_digit(curp + "0")
    rfc = curp[:10] + "".join(r.choice("123456789ABCDEFG") for _ in range(2)) + r.choice("0123456789A")
    clabe = r.choice(["002", "012", "014", "021", "032", "072"]) + "180" + "%011d" % r.randint(0, 10**11 - 1)
    clabe += str(-sum(int(c) * w % 10 for c, w in zip(clabe, [3, 7, 1] * 6)) % 10)
    card = r.choice(["411111", "550000", "622202", "506699"]) + "%09d" % r.randint(0, 10**9 - 1)
    card += luhn(card)
    name = r.choice(FAMILY) + r.choice(GIVEN)
    latin = r.choice(FIRST) + " " + r.choice(LAST) + " " + r.choice(LAST)
    return {
        "residentId": ric, "cpf": cpf, "cpfDotted": "%s.%s.%s-%s" % (cpf[:3], cpf[3:6], cpf[6:9], cpf[9:]), "cnpj": cnpj,
        "curp": curp, "rfc": rfc, "clabe": clabe, "card": card,
        "cardSpaced": " ".join(card[i:i + 4] for i in range(0, 16, 4)),
        "phoneCN": "1" + r.choice("3589") + "%09d" % r.randint(0, 10**9 - 1),
        "phoneBR": "+55" + r.choice(["11", "21", "31"]) + "9" + "%08d" % r.randint(10**7, 10**8 - 1),
        "phoneMX": "+52 " + r.choice(["55", "33", "81"]) + " %04d %04d" % (r.randint(1000, 9999), r.randint(0, 9999)),
        "email": "%s.%s%d@%s" % (r.choice(["ana", "joao", "liwei", "carlos"]), r.choice(["silva", "wang", "perez"]),
                                r.randint(0, 10**6), r.choice(["gmail.com", "qq.com", "empresa.com.br", "163.com"])),
        "name": name, "nameLatin": latin,
        "address": "广东省深圳市南山区%s%s路%d号" % (r.choice(["科技", "文华", "宝安", "红花"]), r.choice("明福安"), r.randint(100, 9999)),
        "addressLatin": "Rua das %s, %d" % (r.choice(["Laranjeiras", "Flores", "Palmeiras"]), r.randint(100, 9999)),
        "coordinate": "%.6f,%.6f" % (r.uniform(-33, 40), r.uniform(-110, 120)),
        "ip": "%d.%d.%d.%d" % (r.randint(11, 99), r.randint(0, 255), r.randint(0, 255), r.randint(1, 254)),
        "ipv6": "2001:db8:%x:%x::%x:%x" % tuple(r.randint(0x1000, 0xFFFF) for _ in range(4)),
        "device": "%08x-%04x-4%03x-a%03x-%012x" % (r.getrandbits(32), r.getrandbits(16), r.getrandbits(12), r.getrandbits(12),
                                                  r.getrandbits(48)),
        "jwt": ".".join(base64.urlsafe_b64encode(t).decode().rstrip("=") for t in [
            b'{"alg":"HS256"}', json.dumps({"sub": latin, "n": r.getrandbits(64)}).encode(), r.randbytes(32)]),
    }


def secrets(r):
    return {"otp": "%06d" % r.randint(100000, 999999), "pin": "7%05d" % r.randint(0, 99999),
            "cvv": "9%03d" % r.randint(0, 999), "password": "pw-%016x" % r.getrandbits(64),
            "authorization": "tk-%032x" % r.getrandbits(128), "cookie": "ck-%032x" % r.getrandbits(128),
            "key": base64.b64encode(r.randbytes(48)).decode()}


# What the fields are called where they have names.
NAMES = {"residentId": "idCardNo", "cpf": "cpf", "cpfDotted": "userCpf", "cnpj": "cnpj", "curp": "curp", "rfc": "rfc",
         "clabe": "clabe", "card": "cardNumber", "cardSpaced": "pan", "phoneCN": "mobile", "phoneBR": "celular",
         "phoneMX": "telefono", "email": "email", "name": "xingming", "nameLatin": "fullName", "address": "dizhi",
         "addressLatin": "endereco", "coordinate": "gps", "ip": "clientIp", "ipv6": "remoteAddr", "device": "deviceId",
         "jwt": "accessToken", "otp": "smsCode", "pin": "pin", "cvv": "cvv", "password": "password"}


def bodies(values, hidden, r):
    """Pairs of HTTP messages and what they are."""
    def http(path, body, fields=(), trailers=None, method="POST"):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: shop", *fields]
        if trailers is not None:
            head = "\r\n".join(lines + ["Transfer-Encoding: chunked"]) + "\r\n\r\n"
            cut = len(body) // 2
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:cut], body[cut:]) if p)
            end = "0\r\n" + "".join("%s\r\n" % t for t in trailers) + "\r\n"
            return head.encode() + chunks + end.encode()
        lines.append("Content-Length: %d" % len(body))
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    everything = {**values, **{k: hidden[k] for k in ("otp", "pin", "cvv", "password")}}
    named = {NAMES[k]: v for k, v in everything.items()}
    plain = {"f%s" % "abcdefghijklmnopqrstuvwxyz"[i]: v for i, v in enumerate(values.values())}
    js = ("Content-Type: application/json",)
    quote = urllib.parse.quote
    yield http("/json", json.dumps(named, ensure_ascii=False).encode(), js)
    yield http("/escaped", json.dumps(named).encode(), js)
    yield http("/unnamed", json.dumps(plain, ensure_ascii=False, indent=1).encode(), js)
    yield http("/inner", json.dumps({"payload": json.dumps(named)}).encode(), js)
    yield http("/numbers", json.dumps({"cpf": int(values["cpf"]) or 1, "mobile": int(values["phoneCN"]), "otp": int(hidden["otp"]),
                                       "cardNumber": int(values["card"]), "x": int(values["card"])}).encode(), js)
    yield http("/form", urllib.parse.urlencode(named).encode(), ("Content-Type: application/x-www-form-urlencoded",))
    yield http("/query?" + urllib.parse.urlencode(plain), b"")
    for v in values.values():
        yield http("/users/%s/cards" % quote(v, safe=""), b"", method="GET")
    fields = ["X-Value-%s: %s" % (chr(65 + i), v) for i, v in enumerate(values.values()) if v.isascii()]
    fields += ["X-Forwarded-For: %s, %s" % (values["ip"], values["ipv6"]), "Authorization: Bearer " + hidden["authorization"],
               "Cookie: sid=%s; b=1" % hidden["cookie"], "X-OTP: " + hidden["otp"]]
    yield http("/headers", b"{}", fields + list(js))
    parts = b"".join(b'--bnd\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (k.encode(), v.encode())
                     for k, v in list(named.items()) + list(plain.items()))
    yield http("/multipart", parts + b"--bnd--\r\n", ("Content-Type: multipart/form-data; boundary=bnd",))
    yield http("/chunked", json.dumps(named, ensure_ascii=False).encode(), js,
               ["X-User-Phone: " + values["phoneCN"], "Authorization: Bearer " + hidden["authorization"]])
    yield http("/gzip", gzip.compress(json.dumps(named, ensure_ascii=False).encode()), js + ("Content-Encoding: gzip",))
    yield http("/deflate", zlib.compress(json.dumps(plain).encode()), js + ("Content-Encoding: deflate",))
    text = "Cliente %s, tel %s, cpf %s." % (values["email"], values["phoneBR"], values["cpfDotted"])
    pem = "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n" % hidden["key"]
    yield http("/text", (text + "\n" + pem).encode(), ("Content-Type: text/plain",))
    yield http("/pem", json.dumps({"data": pem}).encode(), js)


def binary(strings):
    body = b"".join(b"\x0b" + struct.pack(">hi", i + 1, len(s)) + s for i, s in enumerate(strings))
    return b"\x80\x01\x00\x01\x00\x00\x00\x03pay\x00\x00\x00\x07" + body + b"\x00"


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def compact(strings):
    body = b"".join(b"\x18" + varint(len(s)) + s for s in strings)
    return b"\x82\x21\x07\x03pay" + body + b"\x00"


def theader(payload, infos, transforms=b"\x00"):
    head = b"\x00" + transforms
    if infos:
        head += b"\x01" + varint(len(infos))
        for k, v in infos:
            head += varint(len(k)) + k + varint(len(v)) + v
    head += b"\0" * (-len(head) % 4)
    rest = struct.pack(">HHIH", 0x0FFF, 0, 1, len(head) // 4) + head + payload
    return struct.pack(">I", len(rest)) + rest


def thrift(values, hidden):
    """Each a connection's first message."""
    strings = [v.encode() for v in values.values()]
    message = binary(strings)
    yield struct.pack(">I", len(message)) + message
    message = compact(strings)
    yield struct.pack(">I", len(message)) + message
    infos = [(b"x-user-phone", values["phoneCN"].encode()), (b"k", values["card"].encode()),
             (b"user-token", hidden["authorization"].encode())]
    yield theader(binary(strings), infos)
    yield theader(zlib.compress(binary(strings)), [], b"\x01\x01")
    body = binary(strings)
    yield (b"POST /thrift HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-thrift\r\nContent-Length: %d\r\n\r\n" % len(body)
           + body)


class Pcap:
    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        self.port = 1024
        self.clock = 1_700_000_000_000_000

    def packet(self, src, dst, seq, ack, flags, data=b""):
        tcp = struct.pack(">HHIIBBHHH", src, dst, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0) + data
        a, b = (b"\xcb\x00\x71\x05", b"\x7f\x00\x00\x01") if src != 80 else (b"\x7f\x00\x00\x01", b"\xcb\x00\x71\x05")
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + a + b
        self.clock += 10
        self.file.write(struct.pack("<IIII", self.clock // 10**6, self.clock % 10**6, len(ip + tcp), len(ip + tcp)) + ip + tcp)

    def connection(self, requests, reply):
        self.port = self.port + 1 if self.port < 65000 else 1025
        p, cs, ss = self.port, 1000, 5000
        self.packet(p, 80, cs, 0, 2)
        self.packet(80, p, ss, cs + 1, 18)
        cs, ss = cs + 1, ss + 1
        for request in requests:
            for start in range(0, len(request), 1400):
                piece = request[start:start + 1400]
                self.packet(p, 80, cs, ss, 24, piece)
                cs += len(piece)
            if reply:
                self.packet(80, p, ss, cs, 24, reply)
                ss += len(reply)
        self.packet(p, 80, cs, ss, 17)
        self.packet(80, p, ss, cs + 1, 17)


def make(directory, count):
    r = random.Random(20260707)
    pcap = Pcap(directory + "/traffic.pcap")
    seeds = []
    reply = b"HTTP/1.1 204 No Content\r\n\r\n"
    for _ in range(count):
        values, hidden = make_values(r), secrets(r)
        seeds.append({**values, **hidden})
        pcap.connection(list(bodies(values, hidden, r)), reply)
        for message in thrift(values, hidden):
            pcap.connection([message], reply if message.startswith(b"POST") else b"")
    pcap.file.close()
    json.dump(seeds, open(directory + "/seeds.json", "w"))
    print(len(seeds), "persons,", sum(len(s) for s in seeds), "values")


def forms(value):
    yield "raw", value.encode()
    yield "url", urllib.parse.quote(value, safe="").encode()
    yield "form", urllib.parse.quote_plus(value).encode()
    yield "json", json.dumps(value)[1:-1].encode()
    yield "utf16", value.encode("utf-16-le")
    yield "utf16be", value.encode("utf-16-be")
    for pad in range(3):
        # The characters that belong to the value alone, wherever in a base64 text it stands.
        text = base64.b64encode(b"\0" * pad + value.encode()).decode()
        yield "base64", text[-(-pad * 8 // 6) if pad else 0:len(text) - 4].encode()


def expand(data):
    """The message, and what is compressed in it."""
    yield data
    for magic in (b"\x1f\x8b\x08", b"\x78\x9c", b"\x78\x01", b"\x78\x5e", b"\x78\xda"):
        start = data.find(magic)
        while start >= 0:
            try:
                yield zlib.decompressobj(47 if magic[0] == 0x1F else 15).decompress(data[start:])
            except zlib.error:
                pass
            start = data.find(magic, start + 1)


def search(blob, wanted):
    """The (name, form) of each text at each of its places in the blob."""
    for width, limit in ((6, 8), (8, 1 << 30)):
        yield from search_by(blob, [entry for entry in wanted if width <= len(entry[0]) < limit], width)


def search_by(blob, wanted, width):
    """By the first `width` bytes of all texts at once, then by the whole of each."""
    import numpy
    needles = {}
    for text, name, form in wanted:
        lengths = needles.setdefault(int.from_bytes(text[:width], "little"), {})
        lengths.setdefault(len(text), {}).setdefault(text, []).append((name, form))
    octets = numpy.frombuffer(blob, numpy.uint8)
    starts = numpy.fromiter(needles, numpy.uint64, len(needles))
    # Most places are none by a table of hashes; only the rest is sought among the texts.
    place = lambda keys: (keys * numpy.uint64(0x9E3779B97F4A7C15)) >> numpy.uint64(38)
    table = numpy.zeros(1 << 26, bool)
    table[place(starts)] = True
    for first in range(0, max(0, len(blob) - width + 1), 1 << 22):
        count = min(1 << 22, len(blob) - width + 1 - first)
        keys = numpy.zeros(count, numpy.uint64)
        for offset in range(width):
            keys |= octets[first + offset:first + offset + count].astype(numpy.uint64) << numpy.uint64(8 * offset)
        likely = numpy.nonzero(table[place(keys)])[0]
        for at in likely[numpy.isin(keys[likely], starts)].tolist():
            yield from texts_at(blob, first + at, needles[int(keys[at])])


def texts_at(blob, at, needles):
    """The names and forms of the texts, by their lengths, that stand at a place."""
    for length, texts in needles.items():
        text = blob[at:at + length]
        # Six digits stand within identifiers, decimals, escapes and tokens by chance.
        if text.isdigit() and length < 8 and re.search(rb"[0-9A-Za-z.%@+_-]", blob[at - 1:at] + blob[at + length:at + length + 1]):
            continue
        yield from texts.get(text, ())


def check(directory, paths):
    from mcap.reader import make_reader
    seeds = json.load(open(directory + "/seeds.json"))
    found = {}
    for path in paths:
        if path.endswith(".mcap"):
            with open(path, "rb") as file:
                texts = [text for _, _, m in make_reader(file).iter_messages() for text in expand(m.data)]
        else:
            texts = [open(path, "rb").read()]
        # Short words of a name are common; nothing that identifies is that short.
        wanted = [(text, name, form) for seed in seeds for name, value in seed.items() for form, text in forms(value)
                  if len(text) > 5]
        for place in search(b"\n".join(texts), wanted):
            found[place] = found.get(place, 0) + 1
    for (name, form), number in sorted(found.items()):
        print(name, form, number)
    sys.exit(1 if found else 0)


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]))
else:
    check(sys.argv[2], sys.argv[3:])
