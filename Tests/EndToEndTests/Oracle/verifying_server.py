#!/usr/bin/env python3
"""A server that believes nobody: verifying_server.py PORT [--token-life SECONDS].

Each request must be signed, fresh and never seen before; what is wrong with it is the reply's body and is counted.

  POST /v1/...        HMAC-SHA256 over METHOD\\nPATH\\nSORTED_QUERY\\nHEX(SHA256(BODY))\\nTIMESTAMP\\nNONCE, at most 300 s off,
                      a nonce used once; a Bearer JWT (HS256) that has not run out and names the body's user; an access token
                      that this server gave and that has not run out; an idempotency key never seen
  POST /sm3 /sha512 /rsa /ecdsa   the same string under that algorithm
  POST /rs256 /es256  a Bearer JWT of that algorithm, read by PyJWT
  POST /aws           AWS Signature Version 4, as botocore computes it
  POST /body          a signature among the members of the JSON body
  POST /digest        Content-MD5, Digest and Content-Digest follow the body, whose id was never seen
  POST /token         client credentials -> an access token of so short a life that a run needs several
  GET /stats          how often each reason was given, "ok" among them

Keys: "hmac-secret", "jwt-secret", client "drill" with "oauth secret/+%", aws "AKIDEXAMPLE"; --keys DIR has rsa.pub.pem and
ec.pub.pem.
"""
import argparse
import asyncio
import base64
import collections
import hashlib
import hmac
import json
import secrets
import time
import urllib.parse

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("--token-life", type=float, default=30)
arguments.add_argument("--keys")
arguments = arguments.parse_args()

counts = collections.Counter()
nonces, keys, ids = set(), set(), set()
tokens = {}
users = collections.Counter()


class Refused(Exception):
    pass


def need(condition, why):
    if not condition:
        raise Refused(why)


def signed_string(request):
    path, _, query = request["target"].partition("?")
    pairs = sorted(query.split("&")) if query else []
    pairs.sort(key=lambda pair: pair.partition("=")[::2])
    return "\n".join([request["method"], path, "&".join(pairs), hashlib.sha256(request["body"]).hexdigest(),
                      request["headers"]["x-timestamp"], request["headers"]["x-nonce"]]).encode()


def check_freshness(request):
    stamp = request["headers"]["x-timestamp"]
    need(abs(int(stamp) - time.time()) <= 300, "timestamp")
    nonce = request["headers"]["x-nonce"]
    need(nonce not in nonces, "nonce seen")
    nonces.add(nonce)


def check_hmac(request, digest, encode=bytes.hex):
    text = hmac.new(b"hmac-secret", signed_string(request), digest).digest()
    need(hmac.compare_digest(encode(text), request["headers"].get("x-signature", "")), "signature")
    check_freshness(request)


def unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_jwt(request):
    scheme, _, token = request["headers"].get("authorization", "").partition(" ")
    need(scheme == "Bearer" and token.count(".") == 2, "no token")
    signed, _, signature = token.rpartition(".")
    expected = hmac.new(b"jwt-secret", signed.encode(), "sha256").digest()
    need(hmac.compare_digest(expected, unbase64url(signature)), "token's signature")
    claims = json.loads(unbase64url(signed.partition(".")[2]))
    need(claims["iat"] - 1 <= time.time() < claims["exp"], "token out of date")
    need(claims["sub"] == json.loads(request["body"])["user"]["id"], "token's subject")


def check_access(request):
    token = request["headers"].get("x-access-token", "")
    need(token in tokens, "access token unknown")
    need(time.time() < tokens[token], "access token out of date")


def pay(request):
    check_hmac(request, "sha256")
    check_jwt(request)
    check_access(request)
    key = request["headers"].get("idempotency-key", "")
    need(len(key) == 36 and key not in keys, "idempotency key seen")
    keys.add(key)
    body = json.loads(request["body"])
    # One order stands in the path, a header and the body alike.
    if "order" in body:
        need(request["target"].split("?")[0].endswith(body["order"]), "order differs from the path")
        need(request["headers"]["x-order"] == body["order"], "order differs from the header")
        need(body["order"] not in ids, "order seen")
        ids.add(body["order"])


def public_key(name):
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    with open(f"{arguments.keys}/{name}.pub.pem", "rb") as file:
        return load_pem_public_key(file.read())


def with_key(request, name):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
    signature = base64.b64decode(request["headers"]["x-signature"])
    try:
        if name == "rsa":
            public_key("rsa").verify(signature, signed_string(request), padding.PKCS1v15(), hashes.SHA256())
        else:
            der = utils.encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
            public_key("ec").verify(der, signed_string(request), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refused("signature")
    check_freshness(request)


def with_jwt(request, name):
    import jwt
    token = request["headers"]["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, public_key("rsa" if name == "RS256" else "ec"), algorithms=[name], issuer="tinct")
    need(jwt.get_unverified_header(token)["kid"] == "k1", "kid")
    need(claims["jti"] not in nonces, "jti seen")
    nonces.add(claims["jti"])


def with_aws(request):
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    given = request["headers"]["authorization"]
    names = given.split("SignedHeaders=")[1].split(",")[0].split(";")
    need({"host", "x-amz-date"} <= set(names), "signed headers")
    stamp = request["headers"]["x-amz-date"]
    theirs = AWSRequest(
        request["method"], f"http://{request['headers']['host']}{request['target']}",
        headers={name: request["headers"][name] for name in names}, data=request["body"])
    theirs.context["timestamp"] = stamp
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "risk", "sa-east-1")
    canonical = auth.canonical_request(theirs)
    signature = auth.signature(auth.string_to_sign(theirs, canonical), theirs)
    need(given.endswith(signature), "signature")
    need(given.startswith(f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{stamp[:8]}/sa-east-1/risk/aws4_request, "), "scope")
    need(abs(time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) - time.timezone - time.time()) < 300, "timestamp")


def with_body(request):
    body = json.loads(request["body"])
    text = "\n".join(["drill", body["id"], str(body["amount"]), body["sign"]["time"], body["sign"]["nonce"]])
    expected = base64.b64encode(hmac.new(b"hmac-secret", text.encode(), "sha256").digest()).decode()
    need(body["sign"]["value"] == expected, "signature")
    need(body["sign"]["nonce"] not in nonces, "nonce seen")
    nonces.add(body["sign"]["nonce"])
    need(abs(int(body["sign"]["time"]) / 1000 - time.time()) < 300, "timestamp")


def with_digest(request):
    body, headers = request["body"], request["headers"]
    need(headers["content-md5"] == base64.b64encode(hashlib.md5(body).digest()).decode(), "content-md5")
    sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
    sha512 = base64.b64encode(hashlib.sha512(body).digest()).decode()
    need(headers["digest"] == f"SHA-256={sha256},sha-512={sha512}", "digest")
    need(headers["content-digest"] == f"sha-256=:{sha256}:", "content-digest")
    identity = json.loads(body)["id"]
    need(identity not in ids, "id seen")
    ids.add(identity)


def give_token(request):
    form = dict(urllib.parse.parse_qsl(request["body"].decode()))
    need(form.get("grant_type") == "client_credentials", "grant type")
    kind, _, text = request["headers"].get("authorization", "").partition(" ")
    user, _, password = base64.b64decode(text).decode().partition(":")
    need(kind == "Basic" and urllib.parse.unquote(user) == "drill"
         and urllib.parse.unquote(password) == "oauth secret/+%", "client")
    need(request["headers"].get("x-stress-test"), "no tag")
    token = secrets.token_urlsafe(32)
    tokens[token] = time.time() + arguments.token_life
    counts["tokens"] += 1
    # Clients that believe the life to the second may be late by the way of a request.
    return {"access_token": token, "token_type": "Bearer", "expires_in": int(arguments.token_life)}


def answer(request):
    path = request["target"].partition("?")[0]
    if path == "/stats":
        return 200, {**counts, "nonces": len(nonces), "keys": len(keys)}
    try:
        if path == "/token":
            return 200, give_token(request)
        if path.startswith("/v1/"):
            pay(request)
        elif path == "/sm3":
            check_hmac(request, "sm3")
        elif path == "/sha512":
            check_hmac(request, "sha512", lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="))
        elif path in ("/rsa", "/ecdsa"):
            with_key(request, path[1:])
        elif path in ("/rs256", "/es256"):
            with_jwt(request, path[1:].upper())
        elif path == "/aws" or path.startswith("/aws/"):
            with_aws(request)
        elif path == "/body":
            with_body(request)
        elif path == "/digest":
            with_digest(request)
        else:
            raise Refused("path")
    except Refused as refused:
        counts[str(refused)] += 1
        return 403, {"error": str(refused)}
    except Exception as error:
        counts[repr(error)] += 1
        return 400, {"error": repr(error)}
    counts["ok"] += 1
    return 200, {"decision": "approve"}


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            lines = self.buffer[:end].decode("latin-1").split("\r\n")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            length = int(headers.get("content-length", 0))
            if len(self.buffer) < end + 4 + length:
                return
            method, target, _ = lines[0].split(" ")
            body = self.buffer[end + 4:end + 4 + length]
            self.buffer = self.buffer[end + 4 + length:]
            status, reply = answer({"method": method, "target": target, "headers": headers, "body": body})
            text = json.dumps(reply).encode()
            self.transport.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                                 % (status, len(text), text))


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", arguments.port, backlog=512)
    await server.serve_forever()


asyncio.run(main())
