import Foundation
import Testing

@testable import Tape

@Suite struct CheckTests {
    private func tape(_ count: Int = 300) throws -> [UInt8] {
        let path = temporaryTape()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var options = TapeWriter.Options(source: "s")
        options.chunkBytes = 60_000
        let writer = try TapeWriter(path: path, options: options)
        try writer.attach(name: "a.thrift", mediaType: TapeMediaType.thrift, bytes: Array("struct A {}".utf8))
        for index in 0..<count { try writer.append(sampleExchange(index)) }
        try writer.finish()
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func check(_ bytes: [UInt8], keep: @escaping (Exchange) throws -> Void = { _ in }) throws -> TapeChecker {
        let path = temporaryTape()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let checker = try TapeChecker(path: path, keep: keep)
        try checker.run()
        return checker
    }

    @Test func aFinishedTapeIsSound() throws {
        let checker = try check(try tape())
        #expect(checker.check.findings == [])
        #expect(checker.check.isClean && checker.check.isComplete && checker.check.exchanges == 300)
        #expect(checker.check.missingIDs == 0 && checker.check.lostBytes == 0)
    }

    @Test func aTapeCutAnywhereKeepsEveryWholeChunk() throws {
        let bytes = try tape()
        for end in stride(from: 4000, to: bytes.count - 1, by: max(1, bytes.count / 40)) {
            var last: UInt64?
            let checker = try check(Array(bytes[..<end])) { exchange in
                #expect(exchange.id == (last.map { $0 + 1 } ?? 0))
                last = exchange.id
            }
            #expect(!checker.check.isClean && !checker.check.isComplete, "cut at \(end)")
        }
    }

    @Test func noFlippedByteGoesUnnoticedInTheDataAndOnlyItsChunkIsLost() throws {
        let bytes = try tape()
        var state: UInt64 = 11
        for _ in 0..<60 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // Behind the header, which says what kind of file it is.
            let at = 200 + Int(state >> 33) % (bytes.count - 208)
            var damaged = bytes
            damaged[at] ^= 1 << UInt8(truncatingIfNeeded: state >> 30 & 7)
            let check = try check(damaged).check
            #expect(!check.isClean, "byte \(at)")
            // At most one chunk goes; a chunk of this tape holds fewer than 60 exchanges.
            #expect(check.exchanges > 240, "byte \(at): \(check.exchanges)")
        }
    }

    @Test func theIndexAndTheStatisticsAreNotTakenAtTheirWord() throws {
        let bytes = try tape()
        let path = temporaryTape()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let reader = try TapeReader(path: path)
        // The second chunk becomes a record that nobody knows: everything else is as it was.
        var damaged = bytes
        damaged[Int(reader.chunks[1].offset)] = 0x90
        let check = try check(damaged).check
        #expect(check.findings.contains { $0.kind == "index" } && check.findings.contains { $0.kind == "statistics" })
        #expect((check.missingByStatistics ?? 0) > 0 && check.missingIDs == check.missingByStatistics)
    }
}
