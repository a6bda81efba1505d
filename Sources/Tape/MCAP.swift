import Bytes

/// The MCAP container (https://mcap.dev/spec), as far as tapes need it. All integers are little-endian.
///
/// ```
/// ┌───────┬────────┬──────────────────────────────────────────┬─────────┬──────────────────────┬────────┬───────┐
/// │ magic │ Header │ data: Metadata Attachment                │ DataEnd │ summary, and offsets │ Footer │ magic │
/// │ 8     │        │   Chunk MessageIndex… Chunk MessageIndex… │         │ of its groups        │        │ 8     │
/// └───────┴────────┴──────────────────────────────────────────┴─────────┴──────────────────────┴────────┴───────┘
/// ```
/// Every record is `u8 opcode, u64 length, content`; a string, a map and an array begin with their u32 length in bytes.
enum MCAP {
    static let magic: [UInt8] = [0x89, 0x4D, 0x43, 0x41, 0x50, 0x30, 0x0D, 0x0A]
    /// Opcode and length.
    static let prefixBytes = 9
    /// The footer with its prefix, and the closing magic.
    static let tailBytes = 9 + 20 + 8

    enum Opcode {
        static let header: UInt8 = 0x01
        static let footer: UInt8 = 0x02
        static let schema: UInt8 = 0x03
        static let channel: UInt8 = 0x04
        static let message: UInt8 = 0x05
        static let chunk: UInt8 = 0x06
        static let messageIndex: UInt8 = 0x07
        static let chunkIndex: UInt8 = 0x08
        static let attachment: UInt8 = 0x09
        static let attachmentIndex: UInt8 = 0x0A
        static let statistics: UInt8 = 0x0B
        static let metadata: UInt8 = 0x0C
        static let metadataIndex: UInt8 = 0x0D
        static let summaryOffset: UInt8 = 0x0E
        static let dataEnd: UInt8 = 0x0F
    }
}

/// Writes the content of small records: everything but messages.
struct MCAPRecord {
    private(set) var bytes: [UInt8]

    init(_ opcode: UInt8) { bytes = [opcode, 0, 0, 0, 0, 0, 0, 0, 0] }

    mutating func uint16(_ value: UInt16) { bytes.append(littleEndian: value) }
    mutating func uint32(_ value: UInt32) { bytes.append(littleEndian: value) }
    mutating func uint64(_ value: UInt64) { bytes.append(littleEndian: value) }

    mutating func string(_ value: String) {
        uint32(UInt32(clamping: value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func raw(_ value: [UInt8]) { bytes += value }

    mutating func map(_ entries: [(String, String)]) {
        uint32(UInt32(clamping: entries.reduce(0) { $0 + 8 + $1.0.utf8.count + $1.1.utf8.count }))
        for (key, value) in entries {
            string(key)
            string(value)
        }
    }

    mutating func map(_ entries: [(UInt16, UInt64)]) {
        uint32(UInt32(clamping: entries.count * 10))
        for (key, value) in entries {
            uint16(key)
            uint64(value)
        }
    }

    /// The whole record; `extra` bytes of its content are written separately after it.
    func finished(extra: Int = 0) -> [UInt8] {
        var result = bytes
        var length = UInt64(bytes.count - MCAP.prefixBytes + extra)
        for index in 1...8 {
            result[index] = UInt8(truncatingIfNeeded: length)
            length >>= 8
        }
        return result
    }
}

extension ByteReader {
    /// A string of MCAP; bytes that are not UTF-8 are replaced.
    mutating func mcapString() throws(ParsingError) -> String {
        let count = Int(try littleEndianUInt32())
        let span = try span(count)
        return unsafe span.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    mutating func mcapStringMap() throws(ParsingError) -> [(key: String, value: String)] {
        var reader = ByteReader(try span(Int(try littleEndianUInt32())))
        var entries: [(String, String)] = []
        while !reader.isAtEnd { entries.append((try reader.mcapString(), try reader.mcapString())) }
        return entries
    }

    /// Passes over a u64 length and as many bytes; returns where these stand.
    mutating func lengthPrefixed() throws(ParsingError) -> Range<Int> {
        let at = offset
        guard let count = Int(exactly: try littleEndianUInt64()), count <= remaining else {
            offset = at
            throw ParsingError(.truncated, at: at, "record")
        }
        let start = offset
        try skip(count)
        return start..<offset
    }
}
