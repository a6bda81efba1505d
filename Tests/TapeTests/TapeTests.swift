import Bytes
import Files
import Foundation
import Testing

@testable import Tape

/// Writes exchanges 0..<count with an attachment and returns the file's bytes.
func writeTape(
    _ path: String, count: Int, chunkBytes: Int = 20_000, operations: Int = 7, finish: Bool = true
) throws {
    var options = TapeWriter.Options(source: "sample", program: "tinct test")
    options.chunkBytes = chunkBytes
    options.properties = [("scenario", "none")]
    let writer = try TapeWriter(path: path, options: options)
    try writer.attach(name: "risk.thrift", mediaType: TapeMediaType.thrift, bytes: Array("service X {}".utf8))
    for index in 0..<count { try writer.append(sampleExchange(index, operations: operations)) }
    #expect(writer.exchangeCount == UInt64(count))
    if finish { try writer.finish() }
}

func readAll(_ reader: TapeReader) throws -> [Exchange] {
    var exchanges: [Exchange] = []
    while let exchange = try reader.next() { exchanges.append(exchange) }
    return exchanges
}

@Suite struct TapeTests {
    @Test func whatIsWrittenIsReadBack() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        try writeTape(path, count: 500)
        let reader = try TapeReader(path: path)
        #expect(reader.isComplete && reader.bytesBeyond == 0 && reader.program == "tinct test")
        #expect(reader.statistics?.messages == 500 && reader.chunkCount > 20)
        #expect(reader.property("source") == "sample" && reader.property("scenario") == "none" && !reader.isRaw)
        #expect(reader.channels.count == 15)
        let all = try readAll(reader)
        #expect(all == (0..<500).map { sampleExchange($0) })
        #expect(try reader.next() == nil)
        reader.rewind()
        var reused = Exchange()
        var count = 0
        while try reader.next(into: &reused) {
            #expect(reused == sampleExchange(count))
            count += 1
        }
        #expect(count == 500)
        let attachment = try #require(reader.attachments.first)
        #expect(attachment.name == "risk.thrift" && attachment.mediaType == TapeMediaType.thrift)
        #expect(try reader.read(attachment) == Array("service X {}".utf8))
    }

    @Test func aThreadThatCompressesMakesTheSameTape() throws {
        var tapes: [[UInt8]] = []
        for aside in [false, true] {
            let path = temporaryTape()
            defer { unsafe unlink(path) }
            var options = TapeWriter.Options()
            options.chunkBytes = 20_000
            options.compressesAside = aside
            let writer = try TapeWriter(path: path, options: options)
            for index in 0..<400 {
                try writer.append(sampleExchange(index))
                if index == 150 { try writer.flush() }
                if index == 250 { try writer.add(metadata: "between", [("a", "b")]) }
            }
            // What was flushed or settled is on the disk, whoever compressed it.
            #expect(writer.stored.exchanges > 150)
            try writer.finish()
            tapes.append(try readFile(path, limit: 1 << 24))
            #expect(try readAll(TapeReader(path: path)) == (0..<400).map { sampleExchange($0) })
        }
        #expect(tapes[0] == tapes[1])
    }

    @Test func anEmptyTapeIsATape() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        try TapeWriter(path: path).finish()
        let reader = try TapeReader(path: path)
        #expect(reader.isComplete && reader.statistics?.messages == 0)
        #expect(try reader.next() == nil)
    }

    @Test func aRawTapeIsPrivateAndSaysSo() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        try TapeWriter(path: path, options: .init(isRaw: true)).finish()
        #expect(try TapeReader(path: path).isRaw)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func operationsBeyondTheChannelIdsShareOne() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        let writer = try TapeWriter(path: path, options: .init(), channelLimit: 3)
        for index in 0..<20 { try writer.append(sampleExchange(index * 2 + 4, operations: 1000)) }
        try writer.finish()
        let reader = try TapeReader(path: path)
        #expect(
            reader.channels.values.map(\.topic).sorted() == [
                "http1/operation 10", "http1/operation 4", "http1/operation 8", "other",
            ] || reader.channels.count == 4)
        #expect(reader.channels.values.contains { $0.topic == "other" })
        #expect(
            try readAll(reader).map(\.operation)
                == (0..<20).map { sampleExchange($0 * 2 + 4, operations: 1000).operation })
    }

    @Test func anOldChunkIsClosedWhenItsTimeHasCome() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        let writer = try TapeWriter(path: path)
        try writer.append(sampleExchange(1))
        try writer.flushIfOlder(nowNanos: 5_000_000_000)
        try writer.flushIfOlder(nowNanos: 5_999_999_999)
        #expect(try TapeReader(path: path).chunkCount == 0)
        try writer.flushIfOlder(nowNanos: 6_000_000_000)
        #expect(try readAll(try TapeReader(path: path)).count == 1)
        try writer.append(sampleExchange(2))
        try writer.flush()
        let reader = try TapeReader(path: path)
        #expect(try readAll(reader).count == 2 && !reader.isComplete)
        try writer.finish()
        #expect(try TapeReader(path: path).isComplete)
    }

    @Test func aTapeCutAnywhereOpensUpToItsLastWholeChunk() throws {
        let path = temporaryTape()
        let cutPath = temporaryTape()
        defer {
            unsafe unlink(path)
            unsafe unlink(cutPath)
        }
        try writeTape(path, count: 60, chunkBytes: 9000)
        let bytes = try readFile(path)
        let whole = try TapeReader(path: path)
        let ends = whole.chunks.map { Int($0.offset + $0.length) }
        var perChunk: [Int] = []
        for index in ends.indices {
            whole.seek(toChunk: index)
            let from = try #require(try whole.next()).id
            perChunk.append(Int(from))
        }
        perChunk.append(60)
        var opened = 0
        // Everywhere, and exactly at each chunk's end.
        let cuts = Set(stride(from: 0, to: bytes.count, by: bytes.count / 150)).union(
            ends.flatMap { [$0 - 1, $0, $0 + 1] })
        for cut in cuts {
            try writeFile(cutPath, bytes: Array(bytes[..<cut]))
            let chunksInside = ends.count { $0 <= cut }
            guard let reader = try? TapeReader(path: cutPath) else {
                // Only what ends inside the header is no tape at all.
                #expect(cut < 60)
                continue
            }
            opened += 1
            #expect(!reader.isComplete)
            #expect(reader.bytesBeyond < UInt64(cut))
            #expect(try readAll(reader).count == perChunk[chunksInside], "cut at \(cut)")
        }
        #expect(opened > 100)
    }

    @Test func damageCostsItsChunkAndNotTheRest() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        try writeTape(path, count: 100, chunkBytes: 9000)
        var bytes = try readFile(path)
        let whole = try TapeReader(path: path)
        let hurt = whole.chunks[1]
        bytes[Int(hurt.offset + hurt.length) - 20] ^= 0x10
        try writeFile(path, bytes: bytes)
        let reader = try TapeReader(path: path)
        var read: [UInt64] = []
        var errors: [TapeError] = []
        while true {
            do {
                guard let exchange = try reader.next() else { break }
                read.append(exchange.id)
            } catch {
                errors.append(error)
            }
        }
        #expect(errors.count == 1 && errors.first?.offset == hurt.offset)
        #expect(read.count > 50 && read.count < 100 && read.last == 99)
    }

    @Test func flippedBitsNeverTrap() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        try writeTape(path, count: 12, chunkBytes: 3000)
        let bytes = try readFile(path)
        for position in bytes.indices {
            // Content of chunks has its own test; here lengths, offsets and indexes matter.
            let isOutside = position < 200 || position > bytes.count - 600
            if !isOutside && position % 97 != 0 { continue }
            var broken = bytes
            broken[position] ^= 1 << UInt8(position & 7)
            try writeFile(path, bytes: broken)
            guard let reader = try? TapeReader(path: path) else { continue }
            for attachment in reader.attachments { _ = try? reader.read(attachment) }
            var steps = 0
            while steps < 1000 {
                steps += 1
                do {
                    if try reader.next() == nil { break }
                } catch {}
            }
            #expect(steps < 1000)
        }
    }

    @Test func aDamagedSummaryIsReplacedByAScan() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        try writeTape(path, count: 100)
        var bytes = try readFile(path)
        bytes[bytes.count - 100] ^= 1
        try writeFile(path, bytes: bytes)
        let reader = try TapeReader(path: path)
        #expect(reader.statistics == nil && reader.isComplete && reader.bytesBeyond == 0)
        #expect(try readAll(reader).count == 100)
        #expect(reader.attachments.map(\.name) == ["risk.thrift"] && reader.property("source") == "sample")
    }

    @Test func whatIsNoTapeIsRefusedByName() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        for bytes in [[], Array("hello, this is no tape at all".utf8), MCAP.magic] as [[UInt8]] {
            try writeFile(path, bytes: bytes)
            #expect(throws: TapeError(path: path, reason: .notATape)) { try TapeReader(path: path) }
        }
        #expect(throws: TapeError.self) { try TapeReader(path: "/nowhere.mcap") }
    }
}
