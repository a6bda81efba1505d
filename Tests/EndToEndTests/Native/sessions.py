"""Sessions of users from a model that Tinct knows nothing of, as two .gor files: sessions go to one or the other by chance.

    sessions.py SEED SESSIONS A.gor B.gor [operations]

With `operations` each scene is an operation, POST /v1/SCENE, with fields of its own, and no field says which it is.

A session is a Markov chain over scenes that begins with a login nearly always; the time of each step is log-normal, with a
median of its own. Prints, for the second file, how many exchanges there are, and how often each scene follows each other
one within a session.
"""

import collections
import json
import sys
import uuid

import numpy as np

seed, count, paths, apart = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:5], sys.argv[5:] == ["operations"]
rng = np.random.default_rng(seed)
SCENES = ["login", "browse", "changeDevice", "raiseLimit", "transfer"]
# To each scene, and to the end.
CHAIN = {
    "login": [0, 0.55, 0.1, 0.05, 0.25, 0.05],
    "browse": [0, 0.4, 0, 0.05, 0.25, 0.3],
    "changeDevice": [0.3, 0, 0, 0.5, 0.1, 0.1],
    "raiseLimit": [0, 0.05, 0, 0, 0.85, 0.1],
    "transfer": [0, 0.2, 0, 0, 0.3, 0.5],
}
MEDIAN = {"login": 3.0, "browse": 20.0, "changeDevice": 60.0, "raiseLimit": 15.0, "transfer": 40.0}
START, DAY = 1_782_864_000, 86_400
users = 600
weights = np.arange(1, users + 1) ** -0.4
weights /= weights.sum()

exchanges = [[], []]
for _ in range(count):
    side = int(rng.integers(0, 2))
    user = int(rng.choice(users, p=weights))
    at = float(rng.uniform(0, 14 * DAY))
    scene = str(rng.choice(["login", "browse"], p=[0.9, 0.1]))
    while True:
        exchanges[side].append((at, user, scene))
        step = int(rng.choice(6, p=CHAIN[scene]))
        if step == 5:
            break
        scene = SCENES[step]
        at += MEDIAN[scene] * float(np.exp(0.7 * rng.standard_normal()))

follows = collections.Counter()
for side, path in enumerate(paths):
    exchanges[side].sort()
    last = {}
    with open(path, "wb") as file:
        for number, (at, user, scene) in enumerate(exchanges[side]):
            nanos = int((START + at) * 1e9)
            if side == 1:
                if user in last and at - last[user][0] <= 1800:
                    follows[f"{last[user][1]} {scene}"] += 1
                last[user] = (at, scene)
            body = {"requestId": str(uuid.UUID(bytes=rng.bytes(16), version=4)), "eventTimeMillis": nanos // 1_000_000,
                    "userId": f"u{side}{user:06d}", "scene": scene, "merchantId": f"m{int(rng.integers(0, 200)):05d}"}
            if scene == "transfer":
                body["amountMinor"] = int(np.exp(8 + rng.standard_normal()))
            if apart:
                del body["scene"]
                body["tier"] = "gold" if user % 4 == 0 else "plain"
                if scene == "login":
                    del body["merchantId"]
                if scene in ("transfer", "raiseLimit"):
                    body["amountMinor"] = int(np.exp(8 + rng.standard_normal()))
                    # Of transfers the fee rises with the amount, of limits it falls.
                    body["feeMinor"] = int(np.exp((1 if scene == "transfer" else -1) * np.log(body["amountMinor"]) + 9))
            text = json.dumps(body).encode()
            head = f"POST /v1/{scene if apart else 'risk'} HTTP/1.1\r\nHost: r.example\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
            file.write(f"1 {number:024x} {nanos}\n".encode() + head.encode() + text + "\n🐵🙈🙉\n".encode())
            file.write(f"2 {number:024x} {nanos + 5_000_000} 5000000\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{{}}\n🐵🙈🙉\n".encode())
json.dump({"exchanges": len(exchanges[1]), "follows": follows}, sys.stdout)
