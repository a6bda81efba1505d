"""Traffic from a model that Tinct knows nothing of, as two .gor files: requests go to one or the other by chance.

    traffic.py SEED COUNT A.gor B.gor [marginal|correlation|copies]

Heavy tails (amounts of a log-normal body and a Pareto tail, users by a power law), a daily and weekly cycle, drift (a version
of the app that spreads), fields that hang together (a Gaussian copula; a currency that follows from the country; a card only
where one is used). The word spoils the second file: amounts half as large again, fields no longer correlated, or the
first file's people. Prints the numeric columns of both as JSON, for measuring them with SciPy.
"""

import json
import sys
import uuid

import numpy as np

seed, count, first, second = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
spoiled = sys.argv[5] if len(sys.argv) > 5 else ""
rng = np.random.default_rng(seed)
DAY = 86_400_000_000_000
START = 1_782_864_000_000_000_000  # 2026-07-01T00:00:00Z

# Arrivals: thinning a Poisson process of two weeks.
hourly = 1 + 0.8 * np.sin((np.arange(24) - 8) / 24 * 2 * np.pi)
daily = np.array([1, 1, 1, 1, 1.2, 1.5, 1.3])
times = []
while len(times) < count:
    t = rng.uniform(0, 14 * DAY, 4 * count)
    keep = rng.uniform(0, 1.8 * 1.5, t.size) < hourly[(t / 3.6e12).astype(int) % 24] * daily[((t / DAY).astype(int) + 2) % 7]
    times.extend(t[keep].tolist())
times = START + np.sort(np.array(times[:count])).astype(np.int64)

users = 800
weights = np.arange(1, users + 1) ** -0.5
user = rng.choice(users, count, p=weights / weights.sum())

def normals():
    corr = np.array([[1, 0.6, 0.35, -0.3], [0.6, 1, 0.2, 0], [0.35, 0.2, 1, -0.5], [-0.3, 0, -0.5, 1]])
    return rng.multivariate_normal(np.zeros(4), corr, count)

z = normals()
rank = lambda x: (np.argsort(np.argsort(x)) + 0.5) / len(x)
u = np.apply_along_axis(rank, 0, z)
body = np.exp(8.2 + 0.9 * z[:, 0])
amount = np.where(u[:, 0] > 0.97, np.quantile(body, 0.97) * (0.03 / (1 - u[:, 0])) ** 0.6, body).astype(int) + 100
items = 1 + np.searchsorted([0.55, 0.8, 0.93, 0.98], u[:, 1])
age = (-np.log(1 - u[:, 2] * 0.9999) * 400).astype(int)
score = np.round(u[:, 3] ** 2, 3)
country = rng.choice(["BR", "CN", "MX"], count, p=[0.3, 0.5, 0.2])
currency = {"BR": "BRL", "CN": "CNY", "MX": "MXN"}
odds = {"BR": [0.6, 0.4], "CN": [0.2, 0.8], "MX": [0.75, 0.25]}
method = np.array([rng.choice(["card", "wallet"], p=odds[c]) for c in country])
version = np.where(rng.uniform(0, 1, count) < np.linspace(0.1, 0.7, count), "8.42.0", "8.41.3")
half = rng.integers(0, 2, count)


def luhn(payload):
    total = sum(d if i % 2 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(map(int, reversed(payload))))
    return payload + str((10 - total % 10) % 10)


def person(n, world):
    r = np.random.default_rng([world, n])
    return {"userId": f"u{world}{n:06d}", "email": f"{''.join(r.choice(list('abcdefghij'), 7))}{n}@mail.example",
            "phone": f"+5511{r.integers(900000000, 999999999)}", "birthDate": f"{r.integers(1950, 2005)}-0{r.integers(1, 9)}-1{r.integers(0, 9)}"}


order = rng.permutation(count)
columns = [{"amount": [], "items": [], "age": [], "score": [], "method": []} for _ in range(2)]
files = [open(first, "wb"), open(second, "wb")]
for i in range(count):
    side = int(half[i])
    j = i
    a, c, m = int(amount[i]), str(country[i]), str(method[i])
    if side == 1 and spoiled == "marginal":
        a = a * 3 // 2
    if side == 1 and spoiled == "correlation":
        j = int(order[i])
    who = person(int(user[i]), 0 if side == 0 or spoiled == "copies" else 1)
    body = {
        "requestId": str(uuid.UUID(bytes=rng.bytes(16), version=4)), "eventTimeMillis": int(times[i] // 1_000_000),
        "user": who, "country": c, "currency": currency[c], "method": m, "amountMinor": a,
        "itemCount": int(items[j]), "accountAgeDays": int(age[j]), "score": float(score[j]), "appVersion": str(version[i]),
        "trusted": bool(rng.uniform() < 0.8),
    }
    if m == "card":
        body["card"] = {"number": luhn(f"406504{rng.integers(0, 10**9):09d}"), "installments": int(rng.choice([1, 3, 6], p=[0.7, 0.2, 0.1]))}
    if rng.uniform() < 0.25:
        body["coupon"] = f"C-{rng.integers(0, 10000):04d}"
    for key, value in [("amount", a), ("items", body["itemCount"]), ("age", body["accountAgeDays"]), ("score", body["score"]), ("method", m)]:
        columns[side][key].append(value)
    text = json.dumps(body).encode()
    head = f"POST /v1/pay HTTP/1.1\r\nHost: pay.example\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    name = f"{i:024x}"
    files[side].write(f"1 {name} {times[i]}\n".encode() + head.encode() + text + "\n🐵🙈🙉\n".encode())
    reply = json.dumps({"decision": "decline" if a > 30000 else "approve"})
    files[side].write(
        f"2 {name} {times[i] + 5_000_000} 5000000\nHTTP/1.1 200 OK\r\nContent-Length: {len(reply)}\r\n\r\n{reply}\n🐵🙈🙉\n".encode())
for file in files:
    file.close()
json.dump(columns, sys.stdout)
