import Foundation
import JSON
import Tape
import TestSupport
import Testing

/// Replays that must be fresh and signed, against servers that believe nobody (Oracle/verifying_server.py and
/// Oracle/verifying_thrift.py). `TINCT_SIGNED_COUNT` requests are sent in the two main tests.
@Suite(.requires(.python), .serialized) struct SignedReplayTests {
    private static let count =
        ProcessInfo.processInfo.environment["TINCT_SIGNED_COUNT"].flatMap { Int($0) } ?? 1000
    private static let secrets: [String: String?] = [
        "T_HMAC": "hmac-secret", "T_JWT": "6a77742d736563726574", "T_OAUTH": "oauth secret/+%",
        "T_AWS": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    ]

    private struct Server {
        let process: ChildProcess
        let port: Int

        init(_ program: String, _ flags: [String] = []) throws {
            port = try freePort()
            process = try ChildProcess(
                try TestEnvironment.python.path(),
                [Repository.path("Tests/EndToEndTests/Oracle/\(program)"), "\(port)"] + flags)
            try waitForListener(port: port, of: process)
        }

        func stats() throws -> [String: Int] {
            let reply = try run("curl", ["-s", "http://127.0.0.1:\(port)/stats"])
            return try JSONDecoder().decode([String: Int].self, from: Data(reply.stdout))
        }
    }

    private func write(_ requests: [String], to path: String) throws {
        let writer = try TapeWriter(path: path)
        for (index, text) in requests.enumerated() {
            var exchange = Exchange()
            exchange.id = UInt64(index)
            exchange.flow = UInt64(index % 40)
            exchange.client = "10.0.0.1:\(1000 + index % 40)"
            exchange.format = .http1
            let words = text.split(separator: " ", maxSplits: 2)
            let path = words[1].prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
            let route = path.map { $0.allSatisfy(\.isNumber) && !$0.isEmpty ? "{}" : String($0) }
            exchange.operation = "\(words[0]) \(route.joined(separator: "/"))"
            exchange.request = Message(wire: Array(text.utf8), startNanos: 1_000_000_000 + UInt64(index) * 1_000_000)
            try writer.append(exchange)
        }
        try writer.finish()
    }

    private func request(_ target: String, _ headers: [String], _ body: String) -> String {
        let lines = ["POST \(target) HTTP/1.1", "Host: risk.example", "Content-Type: application/json"] + headers
        return (lines + ["Content-Length: \(body.utf8.count)", "", body]).joined(separator: "\r\n")
    }

    private func replay(
        _ tape: String, _ port: Int, _ flags: [String], scheme: String = "http", secrets: [String: String?] = secrets
    ) throws -> (status: Int32, result: JSONValue?, errors: String) {
        let result = try run(
            Repository.binary, ["replay", tape, "--to", "\(scheme)://127.0.0.1:\(port)", "--json"] + flags,
            environment: secrets, timeoutSeconds: 300)
        return (result.status, try? JSONValue(parsing: result.stdout), result.errors)
    }

    private static let mainRules = """
        version: 1
        secrets:
          hmac: {env: T_HMAC}
          jwt: {env: T_JWT, encoding: hex}
          oauth: {env: T_OAUTH}
        tokens:
          session: {jwt: {algorithm: HS256, key: jwt, lifetime: 60s, claims: {iss: tinct, sub: "${request.user.id}"}}}
          access: {oauth: {url: "http://127.0.0.1:PORT/token?a=b", clientId: drill, clientSecret: oauth}}
        rules:
          - operation: POST /v1/*
            fresh: {order: like, header.idempotency-key: uuid}
            token: {header.authorization: "Bearer ${session}", header.x-access-token: "${access}"}
            sign: {key: hmac}

        """

    @Test("A server that wants signatures, nonces, tokens and new keys takes every request, twice in a row")
    func everythingFresh() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("pay.mcap")
        try write(
            (0..<Self.count).map { index in
                let order = "\(1_000_000_000 + index)"
                return request(
                    "/v1/decide/\(order)?b=2&a=\(index)&a=1",
                    ["X-Order: \(order)", "Idempotency-Key: k\(index)", "X-Nonce: old", "Authorization: Bearer x"],
                    #"{"user":{"id":"u-\#(index % 50)"},"order":"\#(order)","amount":\#(index)}"#)
            }, to: tape)
        let server = try Server("verifying_server.py", ["--token-life", "2"])
        let rules = try folder.write(
            "rules.yaml", text: Self.mainRules.replacing("PORT", with: "\(server.port)"))
        let pace = ["--rate", Self.count > 5000 ? "5000" : "400", "--connections", "64"]
        for _ in 0..<2 {
            let run = try replay(tape, server.port, ["--rules", rules] + pace)
            #expect(run.status == 0 || run.status == 4, "\(run.errors)")
        }
        var stats = try server.stats()
        #expect(stats["ok"] == 2 * Self.count, "\(stats)")
        #expect(stats["nonces"] == 2 * Self.count)
        #expect(stats["tokens", default: 0] > 2, "a token outlived its life")
        // With nothing made fresh the same server takes nothing.
        _ = try replay(tape, server.port, pace)
        stats = try server.stats()
        #expect(stats["ok"] == 2 * Self.count, "\(stats)")
    }

    @Test("Neither what was sent nor what is written down holds a secret")
    func secretsStaySecret() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("pay.mcap")
        try write(
            (0..<40).map {
                request(
                    "/v1/decide/\(1_000_000_000 + $0)",
                    ["X-Order: \(1_000_000_000 + $0)", "Idempotency-Key: k\($0)", "Authorization: Bearer x"],
                    #"{"user":{"id":"u-1"},"order":"\#(1_000_000_000 + $0)"}"#)
            }, to: tape)
        let server = try Server("verifying_server.py")
        let rules = try folder.write(
            "rules.yaml", text: Self.mainRules.replacing("PORT", with: "\(server.port)"))
        let outputs = ["run.mcap", "run.json", "run.html", "ids.csv"].map { folder.file($0) }
        let sent = try replay(
            tape, server.port,
            [
                "--rules", rules, "--rate", "max", "-o", outputs[0], "--result", outputs[1], "--report", outputs[2],
                "--ledger", outputs[3], "--id", "order",
            ])
        #expect(try server.stats()["ok"] == 40)
        let shown = try run(Repository.binary, ["show", outputs[0], "--json", "--payload"], environment: [:])
        #expect(shown.stdout.count > 1000)
        let places = try outputs.map { try fileBytes($0) } + [shown.stdout, Array(sent.errors.utf8)]
        // A JSON Web Token begins with the Base64 of `{"`.
        for needle in ["hmac-secret", "jwt-secret", "oauth secret/+%", "Bearer eyJ", "eyJhbGciOi"] {
            for (index, place) in places.enumerated() {
                #expect(String(decoding: place, as: UTF8.self).firstRange(of: needle) == nil, "\(needle) in \(index)")
            }
        }
    }

    @Test("Each scheme is what other people's libraries compute")
    func schemes() throws {
        let folder = try TemporaryDirectory()
        for (name, kind) in [
            ("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
            ("ec", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ] {
            let key = folder.file("\(name).pem")
            #expect(try run("openssl", ["genpkey", "-algorithm"] + kind + ["-out", key]).status == 0)
            #expect(unsafe chmod(key, 0o600) == 0)
            let done = try run("openssl", ["pkey", "-in", key, "-pubout", "-out", folder.file("\(name).pub.pem")])
            #expect(done.status == 0)
        }
        let tape = folder.file("schemes.mcap")
        let signed = ["/sm3", "/sha512", "/rsa", "/ecdsa"].flatMap { path in
            (0..<5).map { request("\(path)?z=%20&y=\($0)", [], #"{"n":\#($0)}"#) }
        }
        let tokens = ["/rs256", "/es256"].flatMap { path in (0..<5).map { _ in request(path, [], "{}") } }
        let aws = (0..<10).map { request("/aws/a%20b/\($0)?q=\($0)&p=x%2Fy&flag", ["X-Amz-Meta: a  b"], "{}") }
        let bodies = (0..<10).map {
            request("/body", [], #"{"id":"i\#($0)","amount":\#($0),"sign":{"time":"","nonce":"","value":""}}"#)
        }
        let digest = "Digest: SHA-256=\(String(repeating: "A", count: 44)),sha-512=\(String(repeating: "B", count: 88))"
        let digests = (0..<10).map { index in
            request(
                "/digest",
                [
                    "Content-MD5: \(String(repeating: "C", count: 24))", digest,
                    "Content-Digest: sha-256=:\(String(repeating: "D", count: 44)):",
                ], #"{"id":"identity-\#(index)"}"#)
        }
        try write(signed + tokens + aws + bodies + digests, to: tape)
        let rules = try folder.write(
            "rules.yaml",
            text: """
                version: 1
                secrets:
                  hmac: {env: T_HMAC}
                  aws: {env: T_AWS}
                  rsa: {file: rsa.pem}
                  ec: {file: ec.pem}
                tokens:
                  rs: {jwt: {algorithm: RS256, key: rsa, id: true, header: {kid: k1}, claims: {iss: tinct, aud_: [a, 1]}}}
                  es: {jwt: {algorithm: ES256, key: ec, id: true, header: {kid: k1}, claims: {iss: tinct}}}
                rules:
                  - {operation: POST /sm3, sign: {key: hmac, scheme: hmac-sm3}}
                  - {operation: POST /sha512, sign: {key: hmac, scheme: hmac-sha512, encoding: base64url}}
                  - {operation: POST /rsa, sign: {key: rsa, scheme: rsa-sha256, encoding: base64}}
                  - {operation: POST /ecdsa, sign: {key: ec, scheme: ecdsa-sha256, encoding: base64}}
                  - {operation: POST /rs256, token: {header.authorization: "Bearer ${rs}"}}
                  - {operation: POST /es256, token: {header.authorization: "Bearer ${es}"}}
                  - operation: POST /aws/*
                    sign: {key: aws, scheme: aws-sigv4, keyId: AKIDEXAMPLE, region: sa-east-1, service: risk}
                  - operation: POST /body
                    sign:
                      key: hmac
                      keyId: drill
                      over: "${keyId}\\n${request.id}\\n${request.amount}\\n${timestamp}\\n${nonce}"
                      timestamp: millis
                      encoding: base64
                      into: {signature: sign.value, timestamp: sign.time, nonce: sign.nonce}
                  - {operation: POST /digest, fresh: {id: like}}

                """)
        let server = try Server("verifying_server.py", ["--keys", folder.path])
        let sent = try replay(
            tape, server.port, ["--rules", rules, "--rate", "max", "--loop", "2", "--allow-duplicates"])
        #expect(sent.status == 0, "\(sent.errors)")
        let stats = try server.stats()
        #expect(stats["ok"] == 2 * 60, "\(stats)")
    }

    @Test(
        "A signature in a field of a Thrift call is accepted, with times and nonces of its own",
        arguments: ["binary", "compact"])
    func thrift(encoding: String) throws {
        let folder = try TemporaryDirectory()
        let idl = try folder.write(
            "signed.thrift",
            text: """
                struct Trace { 1: required string logId; 2: required string caller; 5: optional i64 hintCode }
                struct Order {
                  1: string id; 2: i64 amount; 3: i64 time; 4: string nonce; 5: string signature; 20: optional Trace trace
                }
                struct Answer { 1: string decision }
                service Signed { Answer decide(1: Order order) }
                """)
        let cases = try folder.write(
            "cases.jsonl",
            text: (0..<200).map {
                #"{"order":{"id":"order-\#(100_000 + $0)","amount":\#($0 * 1_000_003),"time":1,"nonce":"-","signature":"-"}}"#
            }.joined(separator: "\n"))
        let tape = folder.file("signed.mcap")
        let packed = try run(
            Repository.binary,
            ["pack", cases, "--idl", idl, "--operation", "Signed.decide", "--encoding", encoding, "-o", tape])
        #expect(packed.status == 0, "\(packed.errors)")
        let rules = try folder.write(
            "rules.yaml",
            text: """
                version: 1
                secrets: {hmac: {env: T_HMAC}}
                rules:
                  - operation: Signed.decide
                    fresh: {order.id: like}
                    sign:
                      key: hmac
                      over: "${operation}|${request.order.id}|${request.1.2}|${timestamp}|${nonce}"
                      timestamp: millis
                      into: {signature: order.signature, timestamp: order.time, nonce: order.nonce}

                """)
        let server = try Server("verifying_thrift.py", [encoding])
        for _ in 0..<2 {
            let sent = try replay(
                tape, server.port,
                [
                    "--rules", rules, "--rate", "max", "--in-flight", "4", "--carrier", "didi:path=1.20",
                    "--connections", "4",
                ],
                scheme: "thrift")
            #expect(sent.status == 0, "\(sent.errors)")
        }
        let result = server.process.stop()
        let counts = try JSONDecoder().decode([String: Int].self, from: Data(result.stdout))
        #expect(counts == ["ok": 400, "tagged": 400], "\(counts) \(result.errors)")
    }

    @Test("A value of another length from an earlier reply is signed as it is sent")
    func boundAndSigned() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("bound.mcap")
        try write(
            (0..<40).map {
                request("/v1/decide/\(2_000_000_000 + $0)", ["Idempotency-Key: x\($0)"], #"{"user":{"id":"u"}}"#)
            }
                + (0..<40).map { request("/sm3", [], #"{"decision":"none","n":\#($0)}"#) }, to: tape)
        let server = try Server("verifying_server.py", ["--token-life", "60"])
        let rules = try folder.write(
            "rules.yaml",
            text: Self.mainRules.replacing("PORT", with: "\(server.port)").replacing(
                "fresh: {order: like, header", with: "fresh: {header")
                    + """
                      - {operation: POST /sm3, sign: {key: hmac, scheme: hmac-sm3}}
                      - bind: {from: "POST /v1/decide/{}.response.decision", to: POST /sm3.request.decision}

                    """)
        let sent = try replay(tape, server.port, ["--rules", rules, "--rate", "max"])
        #expect(sent.status == 0, "\(sent.errors)")
        let stats = try server.stats()
        #expect(stats["ok"] == 80, "\(stats)")
    }

    @Test("Secrets that others can read, that are missing or that do not fit send nothing, and say what to do")
    func unusableSecrets() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("one.mcap")
        try write([request("/sm3", [], "{}")], to: tape)
        _ = try folder.write("open.key", text: "k")
        #expect(unsafe chmod(folder.file("open.key"), 0o644) == 0)
        _ = try folder.write("no.pem", text: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        #expect(unsafe chmod(folder.file("no.pem"), 0o600) == 0)
        for (secret, scheme, message) in [
            ("{env: T_NOWHERE}", "hmac-sm3", "Set the variable T_NOWHERE"),
            ("{file: open.key}", "hmac-sm3", "chmod 600"), ("{file: nowhere.key}", "hmac-sm3", "Check the path"),
            ("{env: T_HMAC, encoding: hex}", "hmac-sm3", "is no hex"), ("{file: no.pem}", "rsa-sha256", "PEM"),
        ] {
            let rules = try folder.write(
                "rules.yaml",
                text: "version: 1\nsecrets: {k: \(secret)}\nrules:\n  - sign: {key: k, scheme: \(scheme)}\n")
            let sent = try replay(tape, try freePort(), ["--rules", rules])
            #expect(sent.status == 2 && sent.errors.contains(message), "\(secret): \(sent.errors)")
        }
    }
}
