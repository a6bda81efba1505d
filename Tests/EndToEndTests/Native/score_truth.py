"""What a score must say, worked out from the labels on a tape and the log of rule_engine.py, by the mcap library.

    score_truth.py TAPE LOG > JSON
"""

import collections
import json
import re
import sys

from mcap_protobuf.decoder import DecoderFactory
from mcap.reader import make_reader

tape, log = sys.argv[1:]
said, order = {}, []
for line in open(log):
    request, decision = line.split()
    said[request] = decision
    order.append(request)
place = {request: at for at, request in enumerate(order)}

confusion = collections.Counter()
types = collections.defaultdict(collections.Counter)
groups = collections.defaultdict(list)
totals = collections.Counter()
with open(tape, "rb") as file:
    for _, _, _, exchange in make_reader(file, decoder_factories=[DecoderFactory()]).iter_decoded_messages():
        # The only text on it that looks like one; the second is the idempotency key.
        request = re.search(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", exchange.request.wire).group().decode()
        answer, expected = said[request], exchange.expected
        confusion[expected, answer] += 1
        stopped = answer != "approve"
        innocent = expected == "approve"
        if not exchange.labels:
            totals["clean " + ("alarms" if stopped else "passed") if innocent else "other"] += 1
        if innocent:
            totals["fp" if stopped else "tn"] += 1
        elif exchange.labels:
            if all(p.value != "no" for l in exchange.labels for p in l.parameters if p.name == "fraud"):
                totals["tp" if stopped else "fn"] += 1
        for label in exchange.labels:
            hard = any(p.name == "fraud" and p.value == "no" for p in label.parameters)
            row = types[label.type]
            row["labelled"] += 1
            fits = answer == expected or (answer == "rejected" and expected in ("reject", "4xx"))
            row["asExpected"] += fits
            if innocent:
                row["alarms" if stopped else "passed"] += 1
            elif not hard:
                row["caught" if stopped else "missed"] += 1
            if label.campaign:
                groups[label.campaign].append((place[request], label.event_nanos, stopped, label.type))

campaigns = collections.defaultdict(lambda: {"sent": 0, "detected": 0, "records": [], "nanos": []})
for members in groups.values():
    members.sort()
    row = campaigns[members[0][3]]
    row["sent"] += 1
    for number, (_, time, stopped, _) in enumerate(members, 1):
        if stopped:
            row["detected"] += 1
            row["records"].append(number)
            row["nanos"].append(time - members[0][1])
            break

print(json.dumps({
    "confusion": [{"expected": e, "actual": a, "count": n} for (e, a), n in sorted(confusion.items())],
    "types": types, "campaigns": campaigns, "totals": totals,
}))
