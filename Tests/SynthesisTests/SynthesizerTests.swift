import Bytes
import JSON
import Schema
import Tape
import TestSupport
import Testing
import YAML

@testable import Synthesis

@Suite struct SynthesizerTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("synthesis") }

    @discardableResult
    private func run(
        _ scenario: String, _ name: String, total: UInt64, shard: (Int, Int) = (0, 1), twins: String? = nil,
        threads: Int = 1
    ) throws -> Manifest {
        let plan = try Shipped.plan(scenario, total: total, seed: 5)
        let output = try open(name, plan, shard)
        var second: SynthesisOutput?
        if let twins { second = try open(twins, plan, (0, 1)) }
        var synthesizer = Synthesizer(
            plan, try Shipped.schemas(scenario, plan.scenario), to: output, twins: second, version: "test",
            shardIndex: shard.0, shardCount: shard.1, threads: threads)
        try synthesizer.run { _ in }
        return synthesizer.manifest
    }

    private func open(_ name: String, _ plan: SynthesisPlan, _ shard: (Int, Int)) throws -> SynthesisOutput {
        let format = try #require(SynthesisFormat(path: name))
        return try SynthesisOutput(
            path: folder.file(name), format: format, plan: plan, version: "test", isFirst: shard.0 == 0,
            isLast: shard.0 == shard.1 - 1)
    }

    @Test(arguments: ["jsonl", "jsonl.zst", "csv", "sql", "wire"])
    func `seven shards joined are the bytes of one run, and so is a second run`(ending: String) throws {
        let whole = try run(Shipped.thrift, "whole.\(ending)", total: 1400)
        let again = try run(Shipped.thrift, "again.\(ending)", total: 1400, threads: 3)
        #expect(whole == again)
        var joined: [UInt8] = []
        var counts = [UInt64](repeating: 0, count: whole.counts.count)
        for shard in 0..<7 {
            let part = try run(Shipped.thrift, "part\(shard).\(ending)", total: 1400, shard: (shard, 7))
            joined += try fileBytes(folder.file("part\(shard).\(ending)"))
            for (i, count) in part.counts.enumerated() { counts[i] += count.realised }
        }
        let bytes = try fileBytes(folder.file("whole.\(ending)"))
        #expect(joined == bytes)
        let second = try fileBytes(folder.file("again.\(ending)"))
        #expect(bytes == second)
        #expect(counts == whole.counts.map(\.requested))
    }

    private func exchanges(_ name: String) throws -> [Exchange] {
        let reader = try TapeReader(path: folder.file(name))
        var result: [Exchange] = []
        while let exchange = try reader.next() { result.append(exchange) }
        #expect(reader.isComplete)
        let names = reader.attachments.map(\.name)
        #expect(names.contains("manifest.json"))
        #expect(names.contains { $0.hasPrefix("risk_decision.") })
        #expect(names.contains { $0.hasSuffix("risk_decision_thrift.yaml") })
        return result
    }

    @Test(arguments: [Shipped.thrift, Shipped.http])
    func `tapes of shards hold the exchanges of the whole tape, with schema, scenario and manifest`(path: String) throws
    {
        let manifest = try run(path, "whole.mcap", total: 1000, twins: "twins.mcap")
        let whole = try exchanges("whole.mcap")
        #expect(whole.map(\.id) == Array(0..<1000))
        var parts: [Exchange] = []
        for shard in 0..<7 {
            try run(path, "part\(shard).mcap", total: 1000, shard: (shard, 7))
            parts += try exchanges("part\(shard).mcap")
        }
        #expect(parts == whole)
        #expect(manifest.counts.allSatisfy { $0.requested == $0.realised })
        #expect(whole.filter { !$0.labels.isEmpty }.count == 20 && manifest.anomalous == 20 && manifest.twins == 20)
        let twins = try exchanges("twins.mcap")
        #expect(twins.map(\.id) == whole.filter { !$0.labels.isEmpty }.map(\.id))
    }

    @Test func `the digest of exchanges does not depend on the form of the output`() throws {
        let tape = try run(Shipped.http, "a.mcap", total: 300)
        let lines = try run(Shipped.http, "a.jsonl", total: 300)
        #expect(tape == lines)
        #expect(tape.exchangesDigest.utf8.count == 64)
        let other = try run(Shipped.http, "b.jsonl", total: 301)
        #expect(other.exchangesDigest != tape.exchangesDigest)
        let bytes = try fileBytes(folder.file("a.jsonl.manifest.json"))
        let sidecar = try JSONValue(parsing: bytes.rawSpan)
        #expect(sidecar == lines.json)
        let text = String(decoding: try fileBytes(folder.file("a.jsonl")), as: UTF8.self)
        for line in text.split(separator: "\n") { #expect(throws: Never.self) { try JSONValue(parsing: String(line)) } }
    }

    @Test(.requires(.native), arguments: ["binary", "compact"])
    func `Apache Thrift decodes every request without a wire fault`(encoding: String) throws {
        let text = try String(decoding: fileBytes(Shipped.thrift), as: UTF8.self)
        let changed = Array(text.replacing("encoding: binary", with: "encoding: \(encoding)").utf8)
        let scenario = try Shipped.scenario(Shipped.thrift, bytes: changed)
        let plan = try SynthesisPlan(
            scenario, try Shipped.schemas(Shipped.thrift, scenario), total: Self.decoded, seed: 3)
        let maker = LeafMaker(plan)
        var frames: [UInt8] = []
        var count = 0
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { output in
                if output.exchange.labels.contains(where: { $0.layer == "L0" }) { return }
                frames += output.exchange.request?.wire ?? []
                count += 1
            }
        }
        let file = try folder.write("frames", frames)
        let result = try ChildProcess(try TestEnvironment.native.path() + "/risk_frames", [encoding, file]).wait()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "decoded \(count)\n")
        #expect(
            count == Int(Self.decoded) - Int(plan.quotas.anomalies[0].exchanges + plan.quotas.anomalies[1].exchanges))
    }

    /// Enough that every kind is among them.
    private static let decoded: UInt64 = 10_000
}
