import Bytes
import Testing

@Suite struct ByteReaderTests {
    @Test func readsFixedWidthIntegersInBothOrders() throws {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        var reader = ByteReader(bytes.rawSpan)
        #expect(try reader.uint8() == 1)
        #expect(try reader.bigEndianUInt32() == 0x0203_0405)
        #expect(try reader.littleEndianUInt16() == 0x0706)
        #expect(reader.remaining == 2)
    }

    @Test func aShortReadThrowsAndKeepsItsPlace() {
        let bytes: [UInt8] = [1, 2, 3]
        var reader = ByteReader(bytes.rawSpan, offset: 1)
        var caught: ParsingError?
        do { _ = try reader.bigEndianUInt32() } catch { caught = error }
        #expect(caught == ParsingError(.truncated, at: 1, ""))
        #expect(reader.offset == 1)
    }

    /// Vectors from the protobuf encoding guide and the Thrift Compact specification.
    @Test(
        arguments: [
            ([0x00], 0), ([0x96, 0x01], 150),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], UInt64.max),
        ] as [([UInt8], UInt64)])
    func varintsRoundTrip(bytes: [UInt8], value: UInt64) throws {
        var reader = ByteReader(bytes.rawSpan)
        #expect(try reader.varint() == value)
        var writer = ByteWriter()
        writer.varint(value)
        #expect(writer.bytes == bytes)
    }

    @Test func aVarintBeyond64BitsIsInvalid() {
        for bytes in [[UInt8](repeating: 0x80, count: 11), [UInt8](repeating: 0xFF, count: 9) + [0x02]] {
            var reader = ByteReader(bytes.rawSpan)
            var status: ParsingError.Status?
            do { _ = try reader.varint() } catch { status = error.status }
            #expect(status == .invalid)
        }
    }

    @Test(arguments: [(0, 0), (-1, 1), (1, 2), (Int64.min, UInt64.max)] as [(Int64, UInt64)])
    func zigzag(value: Int64, encoded: UInt64) {
        #expect(ZigZag.encode(value) == encoded)
        #expect(ZigZag.decode(encoded) == value)
    }
}

@Suite struct SearchTests {
    /// The byte after the one that is sought looks like it to a word that borrows.
    @Test func firstIndexIsTheFirst() {
        for length in 0...20 {
            for place in 0..<length {
                for other: UInt8 in [0, 1, 9, 11, 0x8A, 255] {
                    var bytes = [UInt8](repeating: other, count: length)
                    bytes[place] = 10
                    #expect(bytes.rawSpan.firstIndex(of: 10) == place)
                    for later in place + 1..<length { bytes[later] = 11 }
                    #expect(bytes.rawSpan.firstIndex(of: 10) == place)
                    #expect(bytes.rawSpan.firstIndex(of: 10, from: place + 1) == nil)
                }
            }
        }
    }
}

@Suite struct ChecksumTests {
    /// Check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
    @Test func crc32() {
        let bytes = Array("123456789".utf8)
        #expect(CRC32.of(bytes.rawSpan) == 0xCBF4_3926)
    }

    /// FIPS 180-4 examples.
    @Test func sha256() {
        #expect(
            SHA256.hex(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let stream = SHA256Stream()
        for byte in Array("abc".utf8) { stream.update([byte].rawSpan) }
        #expect(stream.finish() == SHA256.digest(Array("abc".utf8)))
    }

    @Test func hex() {
        #expect(Hex.decode("00 ff Aa") == [0, 255, 170])
        #expect(Hex.decode("0") == nil)
        #expect(Hex.decode("zz") == nil)
        #expect(Hex.encode([0, 255, 170]) == "00ffaa")
    }

    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ])
    func base64(text: String, encoded: String) { #expect(Base64.encode(Array(text.utf8)) == encoded) }
}
