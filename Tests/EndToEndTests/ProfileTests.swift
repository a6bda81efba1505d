import Foundation
import JSON
import TestSupport
import Testing

/// `tinct profile` on traffic from a model in NumPy (Native/traffic.py): what it writes, and what is made of it.
struct ProfileTests {
    /// - Parameter spoiled: how the second half is spoiled; see traffic.py.
    private func halves(
        _ count: Int, spoiled: String? = nil, in folder: TemporaryDirectory
    ) throws -> (fitted: String, other: String) {
        let program = Repository.path("Tests/EndToEndTests/Native/traffic.py")
        let made = try run(
            try TestEnvironment.python.path(),
            [program, "5", "\(count)", folder.file("a.gor"), folder.file("b.gor")] + (spoiled.map { [$0] } ?? []))
        try #require(made.status == 0, "\(made.errors)")
        for name in ["a", "b"] {
            let recorded = try tinct("record", folder.file(name + ".gor"), "-o", folder.file(name + ".mcap"))
            try #require(recorded.status == 0, "\(recorded.errors)")
        }
        return (folder.file("a.mcap"), folder.file("b.mcap"))
    }

    @Test("No value of a person stands in a profile, and every category has its requests behind it", .requires(.python))
    func nobodyIsTold() throws {
        let folder = try TemporaryDirectory()
        let (tape, _) = try halves(3000, in: folder)
        let profile = folder.file("profile.yaml")
        let fitted = try tinct("profile", tape, "-o", profile)
        try #require(fitted.status == 0, "\(fitted.errors)")
        let found = try python(
            """
            import collections, json, re, sys, yaml
            text = open(sys.argv[2]).read()
            profile = yaml.safe_load(text)
            values = collections.defaultdict(collections.Counter)
            def walk(value, path):
                if isinstance(value, dict):
                    for key, inner in value.items(): walk(inner, path + "." + key)
                else:
                    values[path][value] += 1
            for record in open(sys.argv[1], encoding="utf-8").read().split("\\n🐵🙈🙉\\n"):
                if record.startswith("1 "): walk(json.loads(record[record.index("{"):]), "")
            personal = [".requestId", ".user.userId", ".user.email", ".user.phone", ".user.birthDate", ".coupon", ".card.number"]
            for path in personal:
                for value in values[path]:
                    if value in text: print("leaks", path, value)
            # Every weight stands for a value with at least 20 requests.
            def weights(node, path=""):
                if isinstance(node, dict):
                    for value, count in node.get("weights", {}).items():
                        if not str(value).startswith("s") and max(c[value] if value in c else c[value == "true"] for c in values.values()) < 20:
                            print("rare", path, value, count)
                    for key, inner in node.items(): weights(inner, path + "." + str(key))
            weights(profile)
            # The ends of a distribution are nobody's own.
            q = profile["fields"]["amountMinor"]["quantiles"]
            for end in (min(q.values()), max(q.values())):
                print("end", values[".amountMinor"][end] > 1 or end not in (min(values[".amountMinor"]), max(values[".amountMinor"])))
            print(profile["fields"]["card"], sorted(profile["entities"]), profile["fields"]["eventTimeMillis"])
            """, [folder.file("a.gor"), profile])
        #expect(
            found.output == """
                end True
                end True
                {'when': {'method': ['card']}} ['user'] {'eventTime': 'millis'}

                """, "\(found.errors)")
        let again = try tinct("profile", tape, "-o", folder.file("again.yaml"))
        #expect(again.status == 0)
        let texts = try [profile, folder.file("again.yaml")].map { path in
            String(decoding: try fileBytes(path), as: UTF8.self).replacingOccurrences(of: "again", with: "profile")
        }
        #expect(texts[0] == texts[1])
    }

    /// At the gates of their own defaults with 240,000 requests; with fewer, the most active users (a gate of 5 %) differ
    /// more by chance alone, between the halves themselves, too: by 5.8 % with 60,000.
    @Test(
        "What is made by a profile of one half is like the other half, and not like one that was spoiled",
        .requires(.python))
    func madeByAProfile() throws {
        let folder = try TemporaryDirectory()
        let count = ProcessInfo.processInfo.environment["TINCT_PROFILED_COUNT"].flatMap { Int($0) } ?? 6000
        let (fitted, other) = try halves(count, in: folder)
        let profile = folder.file("profile.yaml")
        let profiled = try tinct("profile", fitted, "-o", profile, timeoutSeconds: 300)
        try #require(profiled.status == 0, "\(profiled.errors)")
        let made = folder.file("made.mcap")
        let synthesized = try tinct(
            "synth", profile, "-n", "\(count / 2)", "--seed", "1", "-o", made, timeoutSeconds: 300)
        try #require(synthesized.status == 0, "\(synthesized.errors)")
        func failed(_ tape: String) throws -> [String] {
            let compared = try tinct(
                "compare", tape, made, "--json", "--gate", "decision=off", "--gate",
                count < 240_000 ? "entity=0.25" : "entity=0.05", timeoutSeconds: 300)
            let json = try JSONValue(parsing: compared.stdout)
            let failed = (json["checks"]?.array ?? []).filter { $0["holds"]?.bool == false }
            #expect(compared.status == (failed.isEmpty ? 0 : 1), "\(compared.errors)")
            return failed.compactMap { $0["gate"]?.string }
        }
        #expect(try failed(other) == [])
        for (way, gates) in [("marginal", ["field", "psi"]), ("correlation", ["pair"])] {
            let folder = try TemporaryDirectory()
            let (_, spoiled) = try halves(count, spoiled: way, in: folder)
            let found = try failed(spoiled)
            #expect(found.filter { $0 != "pair" || way == "correlation" } == gates, "\(way)")
        }
    }

    @Test(
        "Sessions made by a profile go from scene to scene as those of the other half, which single exchanges do not",
        .requires(.python))
    func sessions() throws {
        let folder = try TemporaryDirectory()
        let model = try run(
            try TestEnvironment.python.path(),
            [Repository.path("Tests/EndToEndTests/Native/sessions.py"), "7", "4000"]
                + ["a.gor", "b.gor"].map { folder.file($0) })
        try #require(model.status == 0, "\(model.errors)")
        for name in ["a", "b"] {
            try #require(try tinct("record", folder.file(name + ".gor"), "-o", folder.file(name + ".mcap")).status == 0)
        }
        let truth = try JSONValue(parsing: model.stdout)
        for isFollowed in [true, false] {
            let (profile, made) = (folder.file("profile.yaml"), folder.file("made.mcap"))
            let fitted = try run(
                Repository.binary,
                ["profile", folder.file("a.mcap"), "-o", profile, "--entity", "userId", "--entity", "merchantId"]
                    + (isFollowed ? ["--state", "scene"] : []))
            try #require(fitted.status == 0, "\(fitted.errors)")
            let synthesized = try tinct("synth", profile, "-n", "6000", "--seed", "1", "-o", made)
            try #require(synthesized.status == 0, "\(synthesized.errors)")
            let compared = try tinct(
                "compare", folder.file("b.mcap"), made, "--state", "scene", "--entity", "userId", "--json", "--gate",
                "decision=off")
            let checks = try JSONValue(parsing: compared.stdout)["checks"]?.array ?? []
            let transition = checks.first { $0["gate"]?.string == "transition" }
            #expect(transition?["holds"]?.bool == isFollowed, "\(compared.output)")
            if isFollowed { try expectSessions(made, truth, in: folder) }
        }
    }

    @Test(
        "Sessions from operation to operation are made as they were recorded, each with its own fields",
        .requires(.python))
    func operations() throws {
        let folder = try TemporaryDirectory()
        let model = try run(
            try TestEnvironment.python.path(),
            [Repository.path("Tests/EndToEndTests/Native/sessions.py"), "7", "4000"]
                + ["a.gor", "b.gor"].map { folder.file($0) } + ["operations"])
        try #require(model.status == 0, "\(model.errors)")
        let truth = try JSONValue(parsing: model.stdout)
        for name in ["a", "b"] {
            try #require(try tinct("record", folder.file(name + ".gor"), "-o", folder.file(name + ".mcap")).status == 0)
        }
        let (profile, made) = (folder.file("profile.yaml"), folder.file("made.mcap"))
        let fitted = try tinct(
            "profile", folder.file("a.mcap"), "-o", profile, "--entity", "userId", "--entity", "merchantId")
        try #require(fitted.status == 0, "\(fitted.errors)")
        let checked = try tinct("schema", "--check", profile)
        #expect(checked.status == 0, "\(checked.output)")
        let synthesized = try tinct(
            "synth", profile, "-n", "\(truth["exchanges"]?.int ?? 0)", "--seed", "1", "-o", made)
        try #require(synthesized.status == 0, "\(synthesized.errors)")
        let compared = try tinct(
            "compare", folder.file("b.mcap"), made, "--entity", "userId", "--json", "--gate", "decision=off", "--gate",
            "entity=0.25", "--gate", "field=0.9", "--gate", "arrival=0.9")
        #expect(compared.status == 0, "\(compared.output)")
        try expectOperations(made, truth, in: folder)
        let alone = try tinct(
            "profile", folder.file("a.mcap"), "-o", profile, "--operation", "POST /v1/transfer", "--json")
        #expect(try JSONValue(parsing: alone.stdout)["operations"]?.array?.count == 1, "\(alone.errors)")
        #expect(try tinct("synth", profile, "-n", "500", "--seed", "1", "-o", made).status == 0)
    }

    /// Shares of operations and pairs of them within half an hour of a user, as the model has them; fields only where they
    /// belong; a user is what it was in every operation; and numbers of each operation correlated as its own.
    private func expectOperations(_ tape: String, _ truth: JSONValue, in folder: TemporaryDirectory) throws {
        let rows = folder.file("rows.jsonl")
        let exported = try tinct(
            "export", tape, "--columns",
            "operation,request.userId,request.tier,request.merchantId,request.amountMinor,request.feeMinor,time", "-o",
            rows)
        try #require(exported.status == 0, "\(exported.errors)")
        let counted = try python(
            """
            import collections, datetime, json, sys
            import numpy as np
            follows, last, tiers, numbers, exchanges = collections.Counter(), {}, {}, collections.defaultdict(list), 0
            fits = True
            for line in open(sys.argv[1]):
                row = json.loads(line)
                scene, user = row["operation"].removeprefix("POST /v1/"), row["request.userId"]
                at = datetime.datetime.fromisoformat(row["time"][:26].rstrip("Z") + "+00:00").timestamp()
                if user in last and at - last[user][0] <= 1800: follows[f"{last[user][1]} {scene}"] += 1
                last[user] = (at, scene)
                fits &= tiers.setdefault(user, row["request.tier"]) == row["request.tier"]
                fits &= (row.get("request.merchantId") is None) == (scene == "login")
                fits &= (row.get("request.amountMinor") is None) == (scene not in ("transfer", "raiseLimit"))
                if row.get("request.amountMinor") is not None:
                    numbers[scene].append((row["request.amountMinor"], row["request.feeMinor"]))
                exchanges += 1
            model = json.loads(sys.argv[2])
            truth = model["follows"]
            a, b = sum(follows.values()), sum(truth.values())
            ranks = {scene: np.corrcoef(np.argsort(np.argsort(np.array(n), axis=0), axis=0).T)[0, 1] for scene, n in numbers.items()}
            print(fits, 0.5 * sum(abs(follows[k] / a - truth.get(k, 0) / b) for k in set(follows) | set(truth)) < 0.05,
                  abs(a / exchanges - b / model["exchanges"]) < 0.05, ranks["transfer"] > 0.9, ranks["raiseLimit"] < -0.9)
            """, [rows, truth.text])
        #expect(counted.output == "True True True True True\n", "\(counted.output) \(counted.errors)")
    }

    /// Pairs of scenes within half an hour of a user, counted from the exported requests, and held against those of the model.
    private func expectSessions(_ tape: String, _ truth: JSONValue, in folder: TemporaryDirectory) throws {
        let rows = folder.file("rows.jsonl")
        let exported = try tinct(
            "export", tape, "--columns", "request.userId,request.scene,request.merchantId,time", "-o", rows)
        try #require(exported.status == 0, "\(exported.errors)")
        let counted = try python(
            """
            import collections, datetime, json, sys
            follows, last, others, exchanges = collections.Counter(), {}, collections.Counter(), 0
            for line in open(sys.argv[1]):
                row = json.loads(line)
                user, scene, merchant = (row["request." + key] for key in ("userId", "scene", "merchantId"))
                at = datetime.datetime.fromisoformat(row["time"][:26].rstrip("Z") + "+00:00").timestamp()
                if user in last and at - last[user][0] <= 1800:
                    follows[f"{last[user][1]} {scene}"] += 1
                    others[merchant == last[user][2]] += 1
                last[user] = (at, scene, merchant)
                exchanges += 1
            model = json.loads(sys.argv[2])
            truth = model["follows"]
            a, b = sum(follows.values()), sum(truth.values())
            print(0.5 * sum(abs(follows[k] / a - truth.get(k, 0) / b) for k in set(follows) | set(truth)) < 0.05,
                  abs(a / exchanges - b / model["exchanges"]) < 0.05, others[False] > others[True])
            """, [rows, truth.text])
        #expect(counted.output == "True True True\n", "\(counted.output) \(counted.errors)")
    }

    @Test("What is too little to hide anybody among, or cannot be read, is refused")
    func refusals() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("a.mcap")
        try #require(try tinct("record", Repository.path("fixtures/http-nginx.pcap"), "-o", tape).status == 0)
        for flags in [
            ["--least", "1000"], ["--least", "1"], ["--operation", "none"], ["--ignore", ""], ["--session", "5m"],
            ["--state", "scene", "--session", "soon"],
        ] {
            let result = try run(
                Repository.binary, ["profile", tape, "-o", folder.file("p.yaml")] + flags)
            #expect(result.status == 2 && result.errors.contains("tinct: "), "\(flags) \(result.errors)")
        }
        #expect(try tinct("profile", tape, "-o", tape).status == 2)
    }
}
