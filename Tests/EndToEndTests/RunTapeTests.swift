import Foundation
import JSON
import TestSupport
import Testing

/// What a long run writes while it lasts: rotated, sampled and bounded run tapes, and a result for each part of it. Tapes are
/// read by Python's mcap library, results by its JSON library.
struct RunTapeTests {
    private static let faults = """
        version: 1
        seed: 5
        rules:
          - faults: {reset: 2%, error: 5%}
          - answer: {body: {decision: approve}}
        """
    private static let perRound = 200

    private let folder: TemporaryDirectory
    private let tape: String

    init() throws {
        folder = try TemporaryDirectory()
        tape = folder.file("tape.mcap")
        let lines = (0..<Self.perRound).map { index in
            #"{"requestId":"r\#(index)","eventTimeMillis":1,"scene":"login","country":"BR","user":{"userId":"u"},"device":{"deviceId":"d","platform":"ios"}}"#
        }
        let cases = try folder.write("cases.jsonl", text: lines.joined(separator: "\n"))
        let packed = try tinct(
            "pack", cases, "--idl", Repository.path("schemas/risk_decision.openapi.yaml"), "--operation", "evaluate",
            "-o",
            tape)
        try #require(packed.status == 0, "\(packed.errors)")
    }

    private func stub() throws -> StubProcess {
        try StubProcess([tape, "--rules", try folder.write("rules.yaml", text: Self.faults)])
    }

    /// Replays at 500/s; the machine may be too slow for it, which is another matter.
    private func replay(_ stub: StubProcess, _ more: String...) throws -> (json: JSONValue, errors: String) {
        let done = try run(
            Repository.binary,
            [
                "replay", tape, "--to", stub.url, "--rate", "500", "--connections", "8", "--threads", "1", "--timeout",
                "1s",
                "--allow-duplicates", "--json",
            ] + more)
        try #require(done.status == 0 || done.status == 4, "\(done.errors)")
        return (try JSONValue(parsing: done.stdout), done.errors)
    }

    /// Of each tape: how many exchanges it has, and of all the outcomes and the places that they came from.
    private func read(_ tapes: [String]) throws -> (counts: [Int], outcomes: [String: Int], places: [String]) {
        let read = try python(
            """
            import collections, json, sys
            from mcap.reader import make_reader
            from mcap_protobuf.decoder import DecoderFactory
            counts, outcomes, places = [], collections.Counter(), []
            for path in sys.argv[1:]:
                with open(path, "rb") as file:
                    reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
                    found = [e for _, _, _, e in reader.iter_decoded_messages()]
                    assert reader.get_summary().statistics.message_count == len(found)
                assert [e.id for e in found] == list(range(len(found)))
                counts.append(len(found))
                outcomes.update(e.run.outcome for e in found)
                places += [f"{e.run.source_id}/{e.run.round}" for e in found]
            print(json.dumps({"counts": counts, "outcomes": outcomes, "places": places}))
            """, tapes)
        let value = try JSONValue(parsing: read.stdout)
        var outcomes: [String: Int] = [:]
        for member in value["outcomes"]?.object?.members ?? [] { outcomes[member.key] = member.value.int }
        return (
            value["counts"]?.array?.compactMap(\.int) ?? [], outcomes,
            value["places"]?.array?.compactMap(\.string) ?? []
        )
    }

    private func files(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix(prefix) }.sorted()
            .map { folder.file($0) }
    }

    private func sum(_ value: JSONValue?) -> Int {
        value?.object?.members.reduce(0) { $0 + ($1.value.int ?? 0) } ?? -1
    }

    @Test("A rotated sample of a run and what was left out of it are what was sent", .requires(.python))
    func sampledAndRotated() throws {
        let stub = try stub()
        let (json, _) = try replay(
            stub, "--duration", "2s", "-o", folder.file("run.mcap"), "--rotate", "60", "--output-sample", "1/4")
        let found = try read(try files("run-"))
        #expect(found.counts.dropLast().allSatisfy { $0 == 60 })
        #expect(found.counts.count == json["runTape.tapes" as JSONPath]?.int)
        let written = found.counts.reduce(0, +)
        #expect(json["runTape.exchanges" as JSONPath]?.int == written)
        let leftOut = json["runTape.leftOut.notSampled" as JSONPath]?.int ?? 0
        #expect(written + leftOut == json["totals.sent" as JSONPath]?.int)
        // 1,000 draws of 1/4: 250, and 13.7 is one standard deviation.
        #expect((180...320).contains(written))
        // Another run takes the same ones.
        let again = try replay(
            stub, "--duration", "2s", "-o", folder.file("again.mcap"), "--output-sample", "1/4")
        #expect(again.json["runTape.tapes" as JSONPath]?.int == 1)
        #expect(Set(try read([folder.file("again.mcap")]).places) == Set(found.places))
        // The next run goes on behind the tapes that are there.
        let before = try files("run-").count
        _ = try replay(stub, "--duration", "1s", "-o", folder.file("run.mcap"), "--rotate", "1M")
        #expect(try files("run-").count == before + 1)
    }

    @Test("Only failures are written where only they are wanted", .requires(.python))
    func onlyFailures() throws {
        let path = folder.file("run.mcap")
        let (json, _) = try replay(try stub(), "--duration", "2s", "-o", path, "--output-only", "failures")
        let found = try read([path])
        #expect(found.outcomes["ok"] == nil)
        #expect(found.outcomes["httpError"] == json["outcomes.httpError" as JSONPath]?.int)
        #expect(found.outcomes["reset"] == json["outcomes.reset" as JSONPath]?.int)
        #expect(json["runTape.leftOut.succeeded" as JSONPath]?.int == json["outcomes.ok" as JSONPath]?.int)
        // What is not there was not lost: diff says so, score and a comparison with mirrors refuse.
        let diff = try tinct("diff", tape, path, "--json")
        #expect(diff.errors.contains("--output-only failures"))
        #expect(try JSONValue(parsing: diff.stdout)["notReplayed"]?.int == 0)
        let score = try tinct("score", path)
        #expect(score.status == 2)
        #expect(score.errors.contains("--output-only failures"))
        #expect(try tinct("diff", path, "--mirror", "http://127.0.0.1:1").status == 2)
    }

    @Test("A run tape ends at its limit, and the rest of the run is counted", .requires(.python))
    func limited() throws {
        let stub = try stub()
        let (json, _) = try replay(
            stub, "--duration", "1s", "-o", folder.file("run.mcap"), "--output-limit", "70", "--rotate", "50")
        #expect(try read(try files("run-")).counts == [50, 20])
        #expect(json["runTape.leftOut.overLimit" as JSONPath]?.int == (json["totals.sent" as JSONPath]?.int ?? 0) - 70)
        // By size: the last chunk may pass it.
        let path = folder.file("sized.mcap")
        let sized = try replay(stub, "--duration", "2s", "-o", path, "--output-limit", "64KiB").json
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        #expect(sized["runTape.bytes" as JSONPath]?.int == size)
        #expect((sized["runTape.leftOut.overLimit" as JSONPath]?.int ?? 0) > 0)
        #expect(size < 2 << 16)
    }

    @Test("Results of parts are whole results that add up to the run's", .requires(.python))
    func parts() throws {
        let path = folder.file("result.json")
        let (json, _) = try replay(
            try stub(), "--duration", "3500ms", "--result", path, "--result-every", "1s", "-o", folder.file("run.mcap"))
        let parts = try files("result-")
        #expect(parts.map { ($0 as NSString).lastPathComponent } == (1...4).map { "result-00000\($0).json" })
        let added = try python(
            """
            import json, sys
            from jsonschema import Draft202012Validator
            schema = Draft202012Validator(json.load(open(sys.argv[1])))
            whole, *parts = [json.load(open(path)) for path in sys.argv[2:]]
            for result in [whole] + parts:
                for error in schema.iter_errors(result):
                    print(list(error.absolute_path), error.message)
            def total(*path):
                def at(result):
                    for key in path:
                        result = result[key]
                    return result
                both = at(whole), sum(at(part) for part in parts)
                if both[0] != both[1]:
                    print(path, *both)
            for group in ("totals", "outcomes"):
                for key in whole[group]:
                    total(group, key)
            for key in ("exchanges", "bytes", "tapes"):
                total("runTape", key)
            total("latency", "corrected", "count")
            assert [part["run"]["part"] for part in parts] == [1, 2, 3, 4] and "part" not in whole["run"]
            assert [len(part["series"]) for part in parts] == [1, 1, 1, 1] and len(whole["series"]) == 1
            starts = [part["run"]["startNanos"] - whole["run"]["startNanos"] for part in parts]
            assert starts == [0, 10**9, 2 * 10**9, 3 * 10**9], starts
            """, [Repository.path("schemas/output/result.schema.json"), path] + parts)
        #expect(added.output + added.errors == "")
        let merged = try run(Repository.binary, ["merge"] + parts + ["--json"])
        let sum = try JSONValue(parsing: merged.stdout)
        for key in ["totals", "outcomes", "latency", "lateness", "operations", "runTape"] {
            #expect(sum[key] == json[key], "\(key)")
        }
        for key in ["rate", "connections", "threads", "startNanos", "durationNanos"] {
            #expect(sum["run"]?[key] == json["run"]?[key], "\(key)")
        }
        #expect(sum["series"]?.array?.compactMap { $0["second"]?.int } == [0, 1, 2, 3])
        let doubled = try run(Repository.binary, ["merge", path] + parts)
        #expect(doubled.status == 2)
        #expect(doubled.errors.contains("twice"))
        #expect(try run(Repository.binary, ["merge", parts[0], parts[0]]).status == 2)
    }

    @Test("A run that is as long as its parts has no further one, and a signal ends the part that it comes in")
    func lastPart() throws {
        let stub = try stub()
        let flags = ["--result", folder.file("result.json"), "--result-every", "1s", "--warm-up", "500ms"]
        let done = try run(
            Repository.binary,
            ["replay", tape, "--to", stub.url, "--rate", "500", "--duration", "2s", "--allow-duplicates"] + flags)
        #expect(done.status == 0 || done.status == 4, "\(done.errors)")
        #expect(try files("result-").count == 2)
        let child = try ChildProcess(
            Repository.binary,
            ["replay", tape, "--to", stub.url, "--rate", "500", "--duration", "60s", "--allow-duplicates"] + flags)
        // Numbers go on behind those of the run before.
        for _ in 0..<1000 where try files("result-000004.json").isEmpty { usleep(10_000) }
        let stopped = child.stop(SIGTERM)
        #expect(stopped.status == 3, "\(stopped.errors)")
        let parts = try files("result-").dropFirst(2).map { try JSONValue(parsing: try fileBytes($0)) }
        #expect(parts.dropLast().allSatisfy { $0["run"]?["exitReason"]?.string == "done" })
        #expect(parts.last?["run"]?["exitReason"]?.string == "signal")
        let whole = try JSONValue(parsing: try fileBytes(folder.file("result.json")))
        for key in ["due", "sent", "answered"] {
            let sum = parts.reduce(0) { $0 + ($1["totals"]?[key]?.int ?? 0) }
            #expect(sum == whole["totals"]?[key]?.int, "\(key)")
        }
    }

    @Test("A killed run leaves the parts that were over, each whole")
    func killed() throws {
        let stub = try stub()
        let child = try ChildProcess(
            Repository.binary,
            [
                "replay", tape, "--to", stub.url, "--rate", "500", "--connections", "8", "--allow-duplicates",
                "--result",
                folder.file("result.json"), "--result-every", "1s", "-o", folder.file("run.mcap"), "--rotate", "1s",
                "--duration", "60s",
            ])
        for _ in 0..<1000 where try files("result-000002.json").isEmpty { usleep(10_000) }
        child.signal(SIGKILL)
        _ = child.wait(timeoutSeconds: 10)
        let parts = try files("result-").filter { $0.hasSuffix(".json") }
        #expect(parts.count >= 2)
        #expect(!FileManager.default.fileExists(atPath: folder.file("result.json")))
        let merged = try run(Repository.binary, ["merge"] + parts + ["--json"])
        #expect(try JSONValue(parsing: merged.stdout)["series"]?.array?.count == parts.count)
        let tapes = try files("run-")
        for path in tapes.dropLast() { #expect(try tinct("check", path).status == 0) }
        #expect(try tinct("info", tapes[0]).status == 0)
    }

    @Test("Flags that cannot hold are refused before anything is sent")
    func refused() throws {
        let path = folder.file("run.mcap")
        for flags in [
            ["--output-sample", "1/4"], ["--rotate", "1M"], ["--output-limit", "1GiB"], ["--output-only", "failures"],
            ["-o", path, "--output-only", "successes"], ["-o", path, "--output-limit", "10m"],
            ["-o", path, "--output-limit", "0"], ["-o", path, "--rotate", "0"], ["-o", path, "--output-sample", "5/4"],
            ["-o", path, "--output-sample", "0/0"], ["--result-every", "1s"],
            ["--result", folder.file("r.json"), "--result-every", "1500ms"],
            ["--result", folder.file("r.json"), "--result-every", "0s"],
            ["--result", folder.file("r.json"), "--result-every", "1m", "--find-max", "--slo", "p95<1s"],
            ["--result", folder.file("none/r.json"), "--result-every", "1s"],
            ["--result", "-", "--result-every", "1s"],
            ["-o", "-", "--rotate", "1M"], ["-o", folder.file("none/run.mcap"), "--rotate", "1M"],
        ] {
            let done = try run(
                Repository.binary, ["replay", tape, "--to", "http://127.0.0.1:9", "--duration", "1s"] + flags)
            #expect(done.status == 2, "\(flags): \(done.errors)")
        }
    }
}
