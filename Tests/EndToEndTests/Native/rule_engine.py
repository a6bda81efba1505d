"""A risk engine with known decisions, for testing how Tinct scores one. It knows nothing of labels.

    rule_engine.py http|thrift PORT LOG

Answers RiskDecision.evaluate over HTTP and JSON, or over Apache Thrift's Python library (framed Binary). LOG gets a line
for each request: requestId, and the decision or `rejected`.
"""

import collections
import json
import sys

MILLION = 1_000_000
CHANNELS = ["app", "web", "miniProgram", "pointOfSale", "callCenter", "partnerApi"]


class Rejected(Exception):
    pass


def luhn(number):
    digits = [int(c) for c in number]
    doubled = [d if i % 2 else 2 * d - (9 if d > 4 else 0) for i, d in enumerate(digits[-2::-1])]
    return sum(doubled) % 10 == (10 - digits[-1]) % 10


class Window:
    """What was seen of a key within so many milliseconds of the requests' own times."""

    def __init__(self, millis):
        self.millis = millis
        self.seen = collections.defaultdict(list)

    def add(self, key, value, now):
        kept = [(t, v) for t, v in self.seen[key] if now - t <= self.millis] + [(now, value)]
        self.seen[key] = kept
        return [v for _, v in kept]


class Engine:
    def __init__(self, log):
        self.log = open(log, "w", buffering=1)
        self.cards, self.users, self.shops = Window(600_000), Window(1_200_000), Window(300_000)

    def decide(self, r):
        try:
            decision = self.rules(r)
        except Rejected:
            self.log.write(f"{r['requestId']} rejected\n")
            raise
        self.log.write(f"{r['requestId']} {decision}\n")
        return decision

    def rules(self, r):
        now = r["eventTimeMillis"]
        if r["channel"] is not None and r["channel"] not in CHANNELS:
            raise Rejected("channel")
        if not r["userId"] or not r["idempotencyKey"]:
            raise Rejected("missing")
        if r["kycLevel"] is not None and not 0 <= r["kycLevel"] <= 3:
            raise Rejected("kycLevel")
        if r["registeredAt"] > now:
            return "review"
        # Half of the broken numbers: this engine looks at ten digits only where it costs nothing.
        if r["card"] and int(r["requestId"][0], 16) % 2 and not luhn(r["card"]):
            return "decline"
        if r["card"] and len(set(self.cards.add(r["device"], r["card"], now))) > 4:
            return "decline"
        if r["scene"] == "payment" and len(self.users.add(r["userId"], 1, now)) > 5:
            return "decline"
        # Takes flash sales for fraud, sometimes.
        if r["merchant"] and len(self.shops.add(r["merchant"], 1, now)) > 25:
            return "review"
        if r["amount"] is not None and r["amount"] >= 2 * MILLION:
            return "review"
        return "stepUp" if r["emulator"] else "approve"


def over_http(port, engine):
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            r = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            user, payment = r.get("user", {}), r.get("payment", {})
            flat = {
                "requestId": r["requestId"], "eventTimeMillis": r["eventTimeMillis"], "channel": r.get("channel"),
                "userId": user.get("userId"), "idempotencyKey": r.get("idempotencyKey"),
                "kycLevel": user.get("kycLevel"), "registeredAt": user.get("registeredAtMillis", 0),
                "card": payment.get("cardNumber"), "device": r["device"]["deviceId"], "scene": r["scene"],
                "merchant": r.get("merchant", {}).get("merchantId"), "amount": payment.get("amountMinor"),
                "emulator": r["device"].get("emulator"),
            }
            try:
                status, body = 200, {"requestId": r["requestId"], "decision": engine.decide(flat), "score": 1}
            except Rejected as error:
                status, body = 400, {"code": "invalidArgument", "message": str(error)}
            body = json.dumps(body).encode()
            head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)

        def log_message(self, *_):
            pass

    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


def over_thrift(port, engine):
    from thrift.protocol import TBinaryProtocol
    from thrift.server import TServer
    from thrift.transport import TSocket, TTransport
    from tinct_risk import RiskDecision
    from tinct_risk.ttypes import Channel, Decision, ErrorCode, RiskError, RiskResponse, Scene

    class Handler:
        def evaluate(self, r):
            channel = None if r.channel is None else Channel._VALUES_TO_NAMES.get(r.channel, "?")
            flat = {
                "requestId": r.requestId, "eventTimeMillis": r.eventTimeMillis, "channel": channel,
                "userId": r.user.userId, "idempotencyKey": r.idempotencyKey, "kycLevel": r.user.kycLevel,
                "registeredAt": r.user.registeredAtMillis or 0, "card": r.payment and r.payment.cardNumber,
                "device": r.device.deviceId, "scene": Scene._VALUES_TO_NAMES.get(r.scene),
                "merchant": r.merchant and r.merchant.merchantId, "amount": r.payment and r.payment.amountMinor,
                "emulator": r.device.emulator,
            }
            try:
                decision = Decision._NAMES_TO_VALUES[engine.decide(flat)]
            except Rejected as error:
                raise RiskError(ErrorCode.invalidArgument, str(error), None, r.requestId)
            return RiskResponse(r.requestId, decision, 1, [])

    server = TServer.TThreadedServer(
        RiskDecision.Processor(Handler()), TSocket.TServerSocket("127.0.0.1", port),
        TTransport.TFramedTransportFactory(), TBinaryProtocol.TBinaryProtocolFactory())
    server.daemon = True
    server.serve()


if __name__ == "__main__":
    kind, port, log = sys.argv[1:]
    (over_http if kind == "http" else over_thrift)(int(port), Engine(log))
