import Foundation
import Glibc
import JSON
import TestSupport
import Testing

/// `cut`, the selecting flags of every command, and `check`.
struct CutAndCheckTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func record(_ fixtures: String..., flags: [String] = [], to name: String = "a.mcap") throws -> String {
        let tape = folder.file(name)
        let result = try run(
            Repository.binary,
            ["record"] + fixtures.map { Repository.path("fixtures/\($0)") } + ["-o", tape] + flags
                + ["--idl", Repository.path("schemas/risk_decision.thrift")])
        try #require(result.status == 0, "\(result.errors)")
        return tape
    }

    private func synth(_ count: Int, to name: String, _ flags: String...) throws -> String {
        let tape = folder.file(name)
        let result = try run(
            Repository.binary,
            ["synth", Repository.path("schemas/scenarios/risk_decision_thrift.yaml"), "-n", "\(count)", "-o", tape]
                + flags, timeoutSeconds: 300)
        try #require(result.status == 0, "\(result.errors)")
        return tape
    }

    private func show(_ tape: String, _ flags: String...) throws -> [JSONValue] {
        let result = try run(Repository.binary, ["show", tape, "--json", "--unmasked"] + flags)
        try #require(result.status == 0, "\(result.errors)")
        return try result.lines.map { try JSONValue(parsing: $0) }
    }

    /// What identifies an exchange whatever its number is.
    private func content(_ exchange: JSONValue) -> String {
        [exchange["request"]?["sha256"], exchange["response"]?["sha256"], exchange["requestStartNanos"]]
            .map { $0?.text ?? "-" }.joined(separator: " ")
    }

    @Test("show, info and cut agree on what a selection takes")
    func oneSelection() throws {
        let tape = try record("thrift-binary.pcap", "http-nginx.pcap")
        let all = try show(tape, "--payload")
        for (flags, holds) in [
            (["--operation", "RiskDecision.*"], { $0["operation"]?.string?.hasPrefix("RiskDecision.") == true }),
            (["--flow", "2"], { $0["flow"] == 2 }),
            (["--where", "status >= 400"], { ($0["response"]?["status"]?.int ?? 0) >= 400 }),
            (
                ["--where", "response.decision == \"approve\""],
                {
                    let result = $0["response"]?["result"]?["success"] ?? $0["response"]?["body"]
                    return result?["decision"] == "approve"
                }
            ),
        ] as [([String], (JSONValue) -> Bool)] {
            let wanted = all.filter(holds)
            try #require(!wanted.isEmpty && wanted.count < all.count, "\(flags)")
            let shown = try run(Repository.binary, ["show", tape, "--json", "--payload"] + flags)
            #expect(try shown.lines.map { try JSONValue(parsing: $0) } == wanted, "\(flags)")
            let info = try JSONValue(parsing: try run(Repository.binary, ["info", tape, "--json"] + flags).stdout)
            #expect(info["exchanges"]?.int == wanted.count, "\(flags)")
            let part = folder.file("part.mcap")
            let cut = try run(Repository.binary, ["cut", tape, "-o", part, "--json"] + flags)
            #expect(cut.status == 0, "\(cut.errors)")
            #expect(try JSONValue(parsing: cut.stdout)["written"]?.int == wanted.count)
            let kept = try show(part)
            #expect(kept.map(content).sorted() == wanted.map(content).sorted(), "\(flags)")
            #expect(kept.compactMap { $0["id"]?.int } == Array(0..<wanted.count))
        }
    }

    @Test("Several tapes become one in the order of time, with every attachment and no connection confused")
    func merge() throws {
        let thrift = try record("thrift-binary.pcap", to: "thrift.mcap")
        let http = try record("http-nginx.pcap", to: "http.mcap")
        let joined = folder.file("joined.mcap")
        let result = try tinct("cut", http, thrift, "-o", joined)
        #expect(result.status == 0, "\(result.errors)")
        let parts = try show(http) + show(thrift)
        let all = try show(joined)
        #expect(all.map(content).sorted() == parts.map(content).sorted())
        let times = all.compactMap { $0["requestStartNanos"]?.number?.uint64 }
        #expect(times == times.sorted())
        let flows = { (exchanges: [JSONValue]) in Set(exchanges.compactMap { $0["flow"]?.int }).count }
        #expect(flows(all) == flows(try show(http)) + flows(try show(thrift)))
        let info = try JSONValue(parsing: try tinct("info", joined, "--json").stdout)
        #expect(info["attachments"] == ["risk_decision.thrift"])
        #expect(try tinct("check", joined).status == 0)
    }

    @Test("A tape cut from a raw one is raw and its owner's alone; a masked one stays masked")
    func rawStaysRaw() throws {
        let raw = try record("http-nginx.pcap", flags: ["--raw"], to: "raw.mcap")
        let masked = try record("http-nginx.pcap", to: "masked.mcap")
        for (tape, isRaw) in [(raw, true), (masked, false)] {
            let part = folder.file("part-\(isRaw).mcap")
            let result = try tinct("cut", tape, "-o", part)
            #expect(result.status == 0)
            let info = try JSONValue(parsing: try tinct("info", part, "--json").stdout)
            #expect(info["raw"] == .bool(isRaw))
            #expect((info["redactions"]?.int ?? 0 > 0) == !isRaw)
            let mode = try FileManager.default.attributesOfItem(atPath: part)[.posixPermissions] as? Int
            #expect(mode == (isRaw ? 0o600 : 0o644))
        }
        let both = folder.file("both.mcap")
        #expect(try tinct("cut", masked, raw, "-o", both).errors.contains("raw"))
        #expect(try FileManager.default.attributesOfItem(atPath: both)[.posixPermissions] as? Int == 0o600)
    }

    @Test("The shards of a synthesis, joined as given, hold the same exchanges as the whole")
    func joinsShards() throws {
        let whole = try synth(66_000, to: "whole.mcap")
        let shards = try (0..<2).map { try synth(66_000, to: "shard\($0).mcap", "--shard", "\($0)/2") }
        let joined = folder.file("joined.mcap")
        let result = try run(
            Repository.binary, ["cut"] + shards + ["--order", "given", "-o", joined], timeoutSeconds: 300)
        #expect(result.status == 0, "\(result.errors)")
        // A thousandth of the exchanges, by their own numbers, and all counts.
        let sample = ["--payload", "--json", "--sample", "1/1000", "--sample-key", "id"]
        let wanted = try run(Repository.binary, ["show", whole] + sample, timeoutSeconds: 120)
        #expect(wanted.lines.count > 30)
        #expect(try run(Repository.binary, ["show", joined] + sample, timeoutSeconds: 120).stdout == wanted.stdout)
    }

    @Test("A part is split by count, and refusals name what is wrong")
    func splitsAndRefuses() throws {
        let tape = try record("thrift-binary.pcap")
        let result = try tinct("cut", tape, "--split", "20", "-o", folder.file("part.mcap"))
        #expect(result.status == 0)
        let first = try show(folder.file("part-000001.mcap"))
        #expect(first.count == 20)
        for (flags, text) in [
            (["--since", "yesterday"], "--since"), (["--where", "a ="], "--where"), (["--sample", "2/1"], "--sample"),
            (["--sample-key", "request.user.id"], "--sample"), (["--split", "big"], "--split"),
            (["--flow", "x"], "--flow"),
            (["--order", "size"], "--order"),
        ] {
            let result = try run(Repository.binary, ["cut", tape, "-o", folder.file("no.mcap")] + flags)
            #expect(result.status == 2 && result.errors.contains(text), "\(flags): \(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder.file("no.mcap")), "\(flags)")
        }
        let over = try tinct("cut", tape, "-o", tape)
        #expect(over.status == 2 && over.errors.contains("overwrite"))
    }

    @Test("check finds damage, --repair saves the rest, and the saved tape is sound")
    func repairs() throws {
        let tape = try synth(20_000, to: "good.mcap")
        #expect(try tinct("check", tape).status == 0)
        var bytes = try fileBytes(tape)
        bytes[bytes.count / 2] ^= 0xFF
        let damaged = try folder.write("damaged.mcap", bytes)
        let found = try tinct("check", damaged, "--json")
        #expect(found.status == 1)
        let report = try JSONValue(parsing: found.stdout)
        #expect(report["sound"] == false && report["lost"]?["chunks"] == 1)
        let saved = folder.file("saved.mcap")
        let repair = try tinct("check", damaged, "--repair", "-o", saved, "--json")
        #expect(repair.status == 0, "\(repair.errors)")
        #expect(try tinct("check", saved).status == 0)
        let kept = try #require(report["exchanges"]?.int)
        let lost = try #require(report["lost"]?["byStatistics"]?.int)
        #expect(kept + lost == 20_000 && lost > 0)
        let info = try JSONValue(parsing: try tinct("info", saved, "--json").stdout)
        #expect(info["exchanges"]?.int == kept && info["complete"] == true)
    }

    /// `TINCT_KILLS` says how many times; the acceptance run takes 50.
    @Test("A tape whose writer is killed at any moment opens, loses at most its last chunk, and is repaired")
    func survivesKills() throws {
        let source = try synth(20_000, to: "source.mcap")
        let kills = Int(ProcessInfo.processInfo.environment["TINCT_KILLS"] ?? "") ?? 4
        let rounds = Array(repeating: source, count: 200)
        var generator = SystemRandomNumberGenerator()
        for kill in 0..<kills {
            let tape = folder.file("killed.mcap")
            try? FileManager.default.removeItem(atPath: tape)
            let writer = try ChildProcess(Repository.binary, ["cut"] + rounds + ["--order", "given", "-o", tape])
            let size = { ((try? FileManager.default.attributesOfItem(atPath: tape)[.size]) as? Int) ?? 0 }
            // At full speed when it is killed: some chunks are there, and a random while has passed.
            while size() < 300_000 && writer.isRunning { usleep(1000) }
            usleep(UInt32.random(in: 0..<400_000, using: &generator))
            try #require(writer.isRunning, "it must be killed while it writes")
            _ = writer.stop(SIGKILL)

            let info = try tinct("info", tape, "--json")
            #expect(info.status == 0, "kill \(kill): \(info.errors)")
            let summary = try JSONValue(parsing: info.stdout)
            let exchanges = try #require(summary["exchanges"]?.int)
            #expect(summary["complete"] == false && exchanges > 0)
            // What is not read is less than one chunk, and ids have no gap: nothing before it is lost.
            #expect((summary["bytesBeyond"]?.int ?? .max) < 1 << 20)
            let saved = folder.file("saved.mcap")
            let repair = try tinct("check", tape, "--repair", "-o", saved, "--json")
            #expect(repair.status == 0, "kill \(kill): \(repair.errors)")
            let report = try JSONValue(parsing: repair.stdout)
            #expect(report["exchanges"]?.int == exchanges && report["lost"]?["ids"] == 0)
            #expect(report["lost"]?["chunks"] == 0 && report["repaired"]?["exchanges"]?.int == exchanges)
            #expect(try tinct("check", saved).status == 0)
        }
    }
}
