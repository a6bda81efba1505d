import Foundation
import JSON
import TestSupport
import Testing

/// `tinct score` against an engine with known decisions (Native/rule_engine.py), whose confusion matrix a program that
/// shares nothing with Tinct works out from the labels and the engine's own log (Native/score_truth.py).
struct ScoreTests {
    private static let anomalies = """
        anomalies:
          rate: 25%
          types:
            requiredMissing: {weight: 6, field: idempotencyKey}
            enumOutside: {weight: 6, field: channel}
            checkDigitBroken:
              weight: 8
              field: payment.cardNumber
              identifier: card
              with: {scene: payment, payment.method: card}
            boundaryOverflow: {weight: 6, field: user.kycLevel, min: 0, max: 3}
            timesReversed: {weight: 6, earlier: user.registeredAtMillis, later: eventTimeMillis}
            justUnderThreshold:
              weight: 6
              field: payment.amountMinor
              threshold: 1000000
              margin: 50000
              with: {scene: transfer}
            cardTesting:
              weight: 30
              campaign: {size: [8, 20], window: 9m, same: [user, device], distinct: [card]}
              with: {scene: payment, payment.method: card}
            velocity:
              weight: 32
              campaign: {size: [5, 12], window: 20m, same: [user, device]}
              with: {scene: payment}
        hardNegatives:
          flashSale:
            rate: 12%
            mimics: velocity
            campaign: {size: [20, 40], window: 5m, same: [merchant], distinct: [user]}
            with: {scene: payment}

        """

    private func scenario(_ kind: String, in folder: TemporaryDirectory) throws -> String {
        let base = Repository.path("schemas/scenarios/risk_decision_\(kind).yaml")
        let schema = Repository.path(
            kind == "http" ? "schemas/risk_decision.openapi.yaml" : "schemas/risk_decision.thrift")
        // Without wire faults: how those go out is for the replay's own tests.
        return try folder.write(
            "scenario.yaml", text: "tinct: scenario/1\nextends: \(base)\nschema: \(schema)\n\(Self.anomalies)")
    }

    /// A tape, its replay against the engine, and what the labels and the engine's log add up to.
    private struct Trial {
        var tape: String
        var run: String
        var truth: JSONValue
    }

    private func trial(_ kind: String, in folder: TemporaryDirectory, _ flags: [String] = []) throws -> Trial {
        let (tape, runTape, log) = (folder.file("tape.mcap"), folder.file("run.mcap"), folder.file("engine.log"))
        let made = try tinct("synth", try scenario(kind, in: folder), "-n", "2000", "--seed", "11", "-o", tape)
        try #require(made.status == 0, "\(made.errors)")
        let port = try freePort()
        let programs = Repository.path("Tests/EndToEndTests/Native")
        let engine = try ChildProcess(
            try TestEnvironment.python.path(), [programs + "/rule_engine.py", kind, "\(port)", log],
            environment: [
                "PYTHONPATH": TestEnvironment.native.isSet ? try TestEnvironment.native.path() + "/gen-py" : nil
            ])
        try waitForListener(port: port, of: engine)
        let replay = try run(
            Repository.binary,
            [
                "replay", tape, "--to", "\(kind == "http" ? "http" : "thrift")://127.0.0.1:\(port)", "--connections",
                "1",
                "--threads", "1", "--rate", "max", "--carrier", "default", "--carrier", "didi:path=1.20", "-o", runTape,
            ] + flags)
        try #require(replay.status == 0, "\(replay.errors)")
        _ = engine.stop()
        let truth = try run(
            try TestEnvironment.python.path(), [programs + "/score_truth.py", tape, log])
        try #require(truth.status == 0, "\(truth.errors)")
        return Trial(tape: tape, run: runTape, truth: try JSONValue(parsing: truth.stdout))
    }

    private func confusion(_ json: JSONValue) -> Set<String> {
        Set(
            (json["confusion"]?.array ?? []).map {
                "\($0["expected"]?.string ?? "") \($0["actual"]?.string ?? "") \($0["count"]?.int ?? -1)"
            })
    }

    private func check(_ score: JSONValue, _ truth: JSONValue) {
        #expect(confusion(score) == confusion(truth))
        #expect(confusion(truth).count > 8)
        for (name, path) in [
            ("tp", "truePositives"), ("fn", "falseNegatives"), ("fp", "falsePositives"), ("tn", "trueNegatives"),
        ] {
            #expect(score["verdicts"]?[path]?.int == truth["totals"]?[name]?.int, "\(name)")
        }
        #expect(score["clean"]?["alarms"]?.int == truth["totals"]?["clean alarms"]?.int ?? 0)
        #expect(score["clean"]?["passed"]?.int == truth["totals"]?["clean passed"]?.int)
        let types = score["types"]?.array ?? []
        #expect(Set(types.compactMap { $0["type"]?.string }) == Set(truth["types"]?.object?.keys ?? []))
        for row in types {
            let name = row["type"]?.string ?? ""
            for key in ["labelled", "asExpected", "caught", "missed", "alarms", "passed"] {
                #expect(row[key]?.int == truth["types"]?[name]?[key]?.int ?? 0, "\(name) \(key)")
            }
            guard let campaigns = truth["campaigns"]?[name] else { continue }
            for key in ["sent", "detected"] { #expect(row["campaigns"]?[key]?.int == campaigns[key]?.int, "\(name)") }
            let records = campaigns["records"]?.array?.compactMap(\.int).sorted() ?? []
            let nanos = campaigns["nanos"]?.array?.compactMap(\.int).sorted() ?? []
            #expect(row["campaigns"]?["recordsToDetection"]?["max"]?.int == records.last, "\(name)")
            #expect(
                row["campaigns"]?["recordsToDetection"]?["median"]?.int
                    == (records.isEmpty ? nil : records[(records.count + 1) / 2 - 1]), "\(name)")
            #expect(
                row["campaigns"]?["secondsToDetection"]?["max"]?.double == nanos.last.map { Double($0) / 1e9 },
                "\(name)")
        }
    }

    @Test("The confusion matrix of a rule engine behind HTTP is reproduced exactly", .requires(.python))
    func http() throws {
        let folder = try TemporaryDirectory()
        let trial = try trial("http", in: folder)
        // The run tape names the tape.
        let scored = try tinct("score", trial.run, "--json", "--report", folder.file("score.html"))
        #expect(scored.status == 0, "\(scored.errors)")
        let json = try JSONValue(parsing: scored.stdout)
        check(json, trial.truth)
        #expect(json["void"]?.int == 0)
        #expect(json["notReplayed"]?.int == 0)
        // Wilson's interval as scipy or any table has it: of 0 and of all it is one-sided.
        let recall = json["verdicts"]?["recall"]
        let interval = try python(
            """
            import sys
            from math import sqrt
            k, n, z = int(sys.argv[1]), int(sys.argv[2]), 1.959963984540054
            # The roots of (p - k/n)^2 = z^2 p (1 - p) / n, by the quadratic formula.
            a, b, c = 1 + z*z/n, -(2*k/n + z*z/n), (k/n)**2
            d = sqrt(b*b - 4*a*c)
            print((-b - d)/(2*a), (-b + d)/(2*a))
            """, ["\(recall?["part"]?.int ?? 0)", "\(recall?["whole"]?.int ?? 1)"])
        let roots = interval.output.split(separator: " ").compactMap { Double($0.filter { $0 != "\n" }) }
        #expect(abs((recall?["low95"]?.double ?? 9) - (roots.first ?? 0)) < 1e-9)
        #expect(abs((recall?["high95"]?.double ?? 9) - (roots.last ?? 0)) < 1e-9)

        let text = try tinct(
            "score", trial.run, "--tape", trial.tape, "--expect", "recall(velocity) > 0.01", "--expect",
            "recall(justUnderThreshold) >= 90%", "--junit", folder.file("score.xml"))
        #expect(text.status == 1)
        #expect(text.output.contains("recall(justUnderThreshold) >= 90%"))
        #expect(text.output.contains("FAILS"))
        let junit = String(decoding: try fileBytes(folder.file("score.xml")), as: UTF8.self)
        #expect(junit.contains(#"tests="2" failures="1""#))
        #expect(try tinct("score", trial.run, "--expect", "recall(cardTestign) > 0.8").status == 2)
        #expect(try tinct("score", trial.tape).status == 2)
        // What is mistyped is no perfect score.
        let mistyped = try tinct("score", trial.run, "--pass", "aprove")
        #expect(
            mistyped.status == 0 && mistyped.errors.contains("no reply decided aprove: every request counts as stopped")
        )
        #expect(mistyped.errors.contains("replies decided") && mistyped.errors.contains("approve"))
        let misplaced = try tinct("score", trial.run, "--decision", "decison")
        #expect(misplaced.status == 2 && misplaced.errors.contains("no reply has 'decison' in it"))
        let page = String(decoding: try fileBytes(folder.file("score.html")), as: UTF8.self)
        #expect(page.contains("Confusion matrix") && page.contains("cardTesting"))
        #expect(try violations(scored.stdout) == "")
    }

    @Test(
        "The same over Apache Thrift, whose declared exceptions are rejections", .requires(.python), .requires(.native))
    func thrift() throws {
        let folder = try TemporaryDirectory()
        let trial = try trial("thrift", in: folder)
        let scored = try tinct("score", trial.run, "--json")
        #expect(scored.status == 0, "\(scored.errors)")
        check(try JSONValue(parsing: scored.stdout), trial.truth)
    }

    private func violations(_ output: [UInt8]) throws -> String {
        let result = try python(
            """
            import json, sys
            from jsonschema import Draft202012Validator
            schema = json.load(open(sys.argv[1]))
            Draft202012Validator.check_schema(schema)
            for error in Draft202012Validator(schema).iter_errors(json.load(sys.stdin)):
                print(list(error.absolute_path), error.message)
            """, [Repository.path("schemas/output/score.schema.json")], input: output)
        return result.output + result.errors
    }
}
