import Bytes
import Files
import Foundation
import Testing

@testable import Compression

private let sample: [UInt8] = (0..<200_000).map { UInt8(truncatingIfNeeded: ($0 &* $0) >> 7 ^ $0 / 1000) }

/// Runs one of the system's own tools over `input`.
private func pipe(_ input: [UInt8], through tool: String, _ arguments: [String]) throws -> [UInt8] {
    let path = NSTemporaryDirectory() + "tinct-\(UUID().uuidString)"
    defer { unsafe unlink(path) }
    try writeFile(path, bytes: input)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    process.standardInput = FileHandle(forReadingAtPath: path)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return [UInt8](data)
}

/// Feeds `input` in pieces of `size` bytes, with room for `room` bytes of output a time.
private func stream(
    _ input: [UInt8], as format: CompressionFormat, pieces size: Int, room: Int
) throws -> (output: [UInt8], isWhole: Bool) {
    let decompressor = StreamDecompressor(format)
    var buffer = [UInt8](repeating: 0, count: room)
    var output: [UInt8] = []
    var at = 0
    while at < input.count {
        let piece = Array(input[at..<min(at + size, input.count)])
        var used = 0
        while true {
            let rest = piece.rawSpan.extracting(used..<piece.count)
            let step = try decompressor.decompress(rest, into: &buffer)
            used += step.consumed
            output += buffer[..<step.produced]
            if step.produced < room && used == piece.count { break }
            if step == (0, 0) { break }
        }
        at += piece.count
    }
    return (output, decompressor.isAtBoundary)
}

@Suite struct StreamDecompressorTests {
    @Test(arguments: [("gzip", CompressionFormat.gzip, ["-c"]), ("zstd", .zstd, ["-q", "-c"])])
    func readsWhatTheSystemsToolsWrite(tool: String, format: CompressionFormat, arguments: [String]) throws {
        let packed = try pipe(sample, through: tool, arguments)
        #expect(CompressionFormat.detect(packed.rawSpan) == format)
        #expect(try decompress(packed.rawSpan, as: format, limit: sample.count) == sample)
        #expect(try stream(packed, as: format, pieces: 1, room: 1000) == (sample, true))
        #expect(try stream(packed, as: format, pieces: 4096, room: 1 << 20) == (sample, true))
        // Members and frames follow one another.
        let twice = packed + packed
        #expect(try decompress(twice.rawSpan, as: format, limit: 1 << 20) == sample + sample)
        #expect(try stream(twice, as: format, pieces: 13, room: 7777) == (sample + sample, true))
    }

    @Test(arguments: [CompressionFormat.gzip, .zlib, .rawDeflate])
    func deflateIsReadBack(format: CompressionFormat) throws {
        for input in [[], [7], sample] {
            let packed = Deflate.compress(input.rawSpan, as: format)
            #expect(try decompress(packed.rawSpan, as: format, limit: 1 << 20) == input)
        }
    }

    @Test func gzipMayBePaddedWithZerosOnly() throws {
        let packed = Deflate.compress(sample.rawSpan, as: .gzip)
        let padded = packed + [UInt8](repeating: 0, count: 100)
        #expect(try decompress(padded.rawSpan, as: .gzip, limit: 1 << 20) == sample)
        #expect(throws: ParsingError(.invalid, at: packed.count, "")) {
            try decompress((packed + [1, 2]).rawSpan, as: .gzip, limit: 1 << 20)
        }
    }

    @Test func theLimitHoldsBeforeMemoryIsSpent() throws {
        let bomb = Deflate.compress([UInt8](repeating: 0, count: 10_000_000).rawSpan, as: .gzip, level: 12)
        #expect(bomb.count < 20_000)
        do {
            _ = try decompress(bomb.rawSpan, as: .gzip, limit: 100_000)
            Issue.record("not refused")
        } catch {
            #expect(error.status == .limit)
        }
    }

    @Test func aZstdWindowBeyondTheLimitIsRefusedByName() throws {
        // RFC 8878 §3.1.1.1.2: the window's exponent stands in the upper five bits; then one empty last block.
        func frame(windowLog: UInt8) -> [UInt8] { [0x28, 0xB5, 0x2F, 0xFD, 0, (windowLog - 10) << 3, 1, 0, 0] }
        #expect(try decompress(frame(windowLog: 27).rawSpan, as: .zstd, limit: 10) == [])
        do {
            _ = try decompress(frame(windowLog: 28).rawSpan, as: .zstd, limit: 10)
            Issue.record("not refused")
        } catch {
            #expect(error.status == .limit)
        }
    }

    @Test(arguments: [CompressionFormat.gzip, .zstd])
    func inputCutAnywhereGivesItsBeginningAndSaysSo(format: CompressionFormat) throws {
        let small = Array(sample[..<5000])
        let packed = format == .gzip ? Deflate.compress(small.rawSpan, as: .gzip) : frame(small)
        for cut in 1..<packed.count {
            let (output, isWhole) = try stream(Array(packed[..<cut]), as: format, pieces: 100, room: 512)
            #expect(small.starts(with: output) && !isWhole)
            #expect(throws: ParsingError.self) {
                try decompress(packed.rawSpan.extracting(0..<cut), as: format, limit: 1 << 20)
            }
        }
    }

    @Test(arguments: [CompressionFormat.gzip, .zstd, .zlib, .rawDeflate])
    func flippedBitsNeverTrap(format: CompressionFormat) throws {
        let small = Array(sample[..<2000])
        let packed = format == .zstd ? frame(small) : Deflate.compress(small.rawSpan, as: format)
        for position in packed.indices {
            var broken = packed
            broken[position] ^= 1 << UInt8(position & 7)
            let result = try? decompress(broken.rawSpan, as: format, limit: 1 << 16)
            if format == .gzip, let result, position > 9 { #expect(result == small) }
        }
    }

    private func frame(_ bytes: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = []
        ZstdFrameCompressor(level: 3, checksum: true).compress(bytes.rawSpan, appendingTo: &packed)
        return packed
    }
}

@Suite struct ZstdTests {
    @Test func oneContextMakesManyFrames() throws {
        let compressor = ZstdFrameCompressor(level: 1)
        let decompressor = ZstdFrameDecompressor()
        var all: [UInt8] = []
        var buffer: [UInt8] = []
        for size in [0, 1, 70_000, 5, 200_000] {
            let start = all.count
            let length = compressor.compress(sample.rawSpan.extracting(0..<size), appendingTo: &all)
            #expect(all.count == start + length)
            try decompressor.decompress(all.rawSpan.extracting(start..<all.count), size: size, into: &buffer)
            #expect(Array(buffer[..<size]) == Array(sample[..<size]))
            #expect(throws: ParsingError.self) {
                try decompressor.decompress(all.rawSpan.extracting(start..<all.count), size: size + 1, into: &buffer)
            }
        }
        #expect(try pipe(all, through: "zstd", ["-q", "-d", "-c"]).count == 270_006)
    }

    @Test func streamedFramesAreReadByTheTool() throws {
        let compressor = ZstdStreamCompressor(level: 1)
        var all: [UInt8] = []
        for _ in 0..<3 {
            for start in stride(from: 0, to: sample.count, by: 10_000) {
                compressor.compress(sample.rawSpan.extracting(start..<start + 10_000), appendingTo: &all)
            }
            compressor.endFrame(appendingTo: &all)
        }
        #expect(try pipe(all, through: "zstd", ["-q", "-d", "-c"]) == sample + sample + sample)
    }
}

@Suite struct DecompressingInputTests {
    private func readAll(_ bytes: [UInt8], room: Int) throws -> (output: [UInt8], error: DecompressionError?) {
        let path = NSTemporaryDirectory() + "tinct-\(UUID().uuidString).txt"
        defer { unsafe unlink(path) }
        try writeFile(path, bytes: bytes)
        let input = try DecompressingInput(path: path, bufferBytes: 1000)
        var buffer = [UInt8](repeating: 0, count: room)
        var output: [UInt8] = []
        do {
            while case let count = try input.read(into: &buffer), count > 0 { output += buffer[..<count] }
        } catch {
            return (output, error)
        }
        #expect(input.position == UInt64(sample.count) || bytes.count < 10)
        return (output, nil)
    }

    @Test func theFirstBytesDecideAndNotTheName() throws {
        let gzip = Deflate.compress(sample.rawSpan, as: .gzip)
        let zstd = try pipe(sample, through: "zstd", ["-q", "-c"])
        for room in [100, 999, 1 << 20] {
            for bytes in [sample, gzip, zstd] {
                let (output, error) = try readAll(bytes, room: room)
                #expect(output == sample && error == nil)
            }
        }
        for tiny in [[], [1], [0x1F], [0x28, 0xB5, 0x2F]] as [[UInt8]] {
            #expect(try readAll(tiny, room: 10).output == tiny)
        }
    }

    @Test func aCutFileGivesWhatIsWholeAndThenSaysThatItIsCut() throws {
        let gzip = Deflate.compress(sample.rawSpan, as: .gzip)
        let (output, error) = try readAll(Array(gzip[..<(gzip.count / 2)]), room: 4096)
        #expect(output.count > 50_000 && sample.starts(with: output))
        #expect(error?.isTruncation == true)
        #expect(error?.description.contains("is cut") == true)
        #expect(throws: DecompressionError.file(FileError(path: "/nowhere", operation: .open, code: ENOENT))) {
            try DecompressingInput(path: "/nowhere")
        }
    }
}
