import Bytes
import Compression
import TestSupport
import Testing

@testable import Synthesis

@Suite struct FixedDeflateTests {
    private func compressed(_ text: [UInt8], with deflate: inout FixedDeflate) -> [UInt8] {
        var arena = Arena()
        arena.append([0xAA, 0xBB])
        arena.append(text)
        deflate.compress(&arena, from: 2)
        let result = arena.array()
        #expect(result.prefix(2) == [0xAA, 0xBB])
        return Array(result.dropFirst(2))
    }

    /// By hand, after RFC 1950 and RFC 1951: the two bytes of the header, the block's three bits, the codes of fixed blocks
    /// (`a` is 10010001, the match of three or more at distance 1 is 0000001 to 0000111 and 00000, the end 0000000), and
    /// Adler-32.
    @Test(arguments: [
        ("", "7801 0300 00000001"),
        ("a", "7801 4B04 00 00620062"),
        ("aaaaaaa", "7801 4B840000 0AA302A8"),
    ])
    func `a text becomes the bytes that the specifications say`(text: String, hex: String) {
        var deflate = FixedDeflate()
        #expect(Hex.encode(compressed(Array(text.utf8), with: &deflate)) == hex.filter { $0 != " " }.lowercased())
    }

    /// Texts of every kind: none, short, alike, without any likeness, and with matches farther away than the window.
    private static func texts() -> [[UInt8]] {
        var state: UInt64 = 1
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        let noise = (0..<3000).map { _ in UInt8(truncatingIfNeeded: next()) }
        var texts: [[UInt8]] = (0..<20).map { [UInt8](repeating: 0x61, count: $0) }
        texts += (256..<270).map { [UInt8](repeating: 0xF0, count: $0) }
        texts.append(noise)
        for gap in [31_000, 32_767, 32_768, 32_769, 40_000] {
            texts.append(noise.prefix(300) + [UInt8](repeating: 0, count: gap - 300) + noise.prefix(300))
        }
        for _ in 0..<300 {
            let letters = 2 + next() % 60
            texts.append((0..<Int(next() % 900)).map { _ in UInt8(truncatingIfNeeded: 0x20 + next() % letters) })
        }
        return texts
    }

    @Test(.requires(.python)) func `zlib reads every text back, and nothing is left over`() throws {
        var deflate = FixedDeflate()
        var input: [UInt8] = []
        for text in Self.texts() {
            let made = compressed(text, with: &deflate)
            // What came before leaves no trace.
            var fresh = FixedDeflate()
            #expect(compressed(text, with: &fresh) == made)
            #expect(try decompress(made.rawSpan, as: .zlib, limit: 1 << 20) == text)
            for part in [text, made] {
                input.append(bigEndian: UInt32(part.count))
                input += part
            }
        }
        let folder = try TemporaryDirectory("deflate")
        let result = try python(
            """
            import struct, sys, zlib
            data, at, count, sizes = open(sys.argv[1], 'rb').read(), 0, 0, [0, 0]
            def part():
                global at
                size, = struct.unpack_from('>I', data, at)
                at += 4 + size
                return data[at - size:at]
            while at < len(data):
                text, made = part(), part()
                body = zlib.decompressobj()
                assert body.decompress(made) + body.flush() == text and body.eof and not body.unused_data, count
                theirs = zlib.compressobj(1, strategy=zlib.Z_FIXED)
                sizes[0] += len(made); sizes[1] += len(theirs.compress(text) + theirs.flush())
                count += 1
            print(count, sizes[0] < 1.1 * sizes[1])
            """, [try folder.write("parts", input)])
        #expect(result.output == "\(Self.texts().count) True\n", "\(result.errors)")
    }
}
