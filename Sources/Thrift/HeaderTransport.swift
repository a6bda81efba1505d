package import Bytes
import Compression

/// What stands before the payload in a THeader or TTHeader frame.
///
/// ```
/// +-----------------+-----------+-------+----------+-----------+------------------------------------+---------+
/// | u32 length      | u16 magic | u16   | u32      | u16 size  | protocol, transforms, infos,       | payload |
/// | of what follows | 0FFF 1000 | flags | sequence | in words  | zeros up to a multiple of 4        |         |
/// +-----------------+-----------+-------+----------+-----------+------------------------------------+---------+
/// 0                 4           6       8          12          14
/// ```
///
/// THeader counts in varints, TTHeader in bytes and u16. Sources: Apache Thrift's `doc/specs/HeaderFormat.md`,
/// CloudWeGo's description of TTHeader.
package struct HeaderTransport: Sendable, Hashable {
    package enum Kind: UInt16, Sendable, Hashable { case theader = 0x0FFF, ttheader = 0x1000 }

    package struct Pair: Sendable, Hashable {
        package var key: [UInt8]
        package var value: [UInt8]

        package init(_ key: String, _ value: String) {
            self.key = Array(key.utf8)
            self.value = Array(value.utf8)
        }

        init(key: [UInt8], value: [UInt8]) {
            self.key = key
            self.value = value
        }
    }

    package struct NumberedPair: Sendable, Hashable {
        package var key: UInt16
        package var value: [UInt8]

        package init(_ key: UInt16, _ value: String) {
            self.key = key
            self.value = Array(value.utf8)
        }

        init(key: UInt16, value: [UInt8]) {
            self.key = key
            self.value = value
        }
    }

    package enum Info: Sendable, Hashable {
        /// KEYVALUE of THeader, StrKV of TTHeader.
        case pairs([Pair])
        /// IntKV of TTHeader.
        case numbered([NumberedPair])
        /// ACL token of TTHeader.
        case token([UInt8])
        /// THeader infos of other kinds, which end what can be read: everything from the id to the header's end.
        case unread([UInt8])
    }

    package var kind: Kind
    package var flags: UInt16 = 0
    package var sequence: UInt32 = 0
    /// As on the wire; ``protocol`` says what it means.
    package var protocolID: UInt64 = 0
    package var transforms: [UInt64] = []
    package var infos: [Info] = []
    /// Where the payload begins in the frame that was read.
    package private(set) var payloadOffset = 0
    /// Where credentials stand in the frame that was read: TTHeader's ACL token, and values whose keys are named as HTTP
    /// names its credentials, or end in `token`.
    package private(set) var credentials: [Range<Int>] = []

    /// Where the values of infos stand in the frame that was read, with their keys, which are empty for numbers.
    package private(set) var places: [Place] = []

    package struct Place: Sendable, Hashable {
        package var key: Range<Int>
        package var value: Range<Int>
    }

    static let fixedLength = 14
    package static let zlib: UInt64 = 1

    package init(_ kind: Kind) { self.kind = kind }

    /// Reads the header of a frame, of which `frame` holds at least the header: more is not looked at.
    ///
    /// - Throws: `truncated` when the header is not all there, `invalid` when this is none.
    package init(decoding frame: RawSpan) throws(ParsingError) {
        var reader = ByteReader(frame)
        let length = Int(try reader.bigEndianUInt32())
        guard let kind = Kind(rawValue: try reader.bigEndianUInt16()) else {
            throw ParsingError(.invalid, at: 4, "header magic")
        }
        self.kind = kind
        flags = try reader.bigEndianUInt16()
        sequence = try reader.bigEndianUInt32()
        let end = Self.fixedLength + Int(try reader.bigEndianUInt16()) * 4
        guard end <= length + 4 else { throw ParsingError(.invalid, at: 12, "header within its frame") }
        guard end <= frame.byteCount else { throw ParsingError(.truncated, at: 12, "header") }
        payloadOffset = end
        var header = ByteReader(frame.extracting(0..<end), offset: Self.fixedLength)
        do throws(ParsingError) {
            protocolID = try header.count(kind)
            let transforms = try header.count(kind)
            guard transforms <= 32 else { throw ParsingError(.limit, at: header.offset, "transforms") }
            for _ in 0..<transforms { self.transforms.append(try header.count(kind)) }
            try readInfos(&header)
        } catch {
            // All of the header is there: what does not fit it never will.
            throw error.status == .truncated ? ParsingError(.invalid, at: error.offset, error.what) : error
        }
    }

    /// The protocol of the payload.
    ///
    /// - Throws: `unsupported` for those that are no Thrift or whose layout is not public.
    package var `protocol`: ThriftProtocol {
        get throws(ParsingError) {
            switch (kind, protocolID) {
            case (_, 0): return .binary
            case (.theader, 1): return .json
            case (_, 2): return .compact
            case (.ttheader, 3): throw ParsingError(.unsupported, at: Self.fixedLength, "Compact v2 payload")
            case (.ttheader, 4): throw ParsingError(.unsupported, at: Self.fixedLength, "protobuf payload")
            default: throw ParsingError(.unsupported, at: Self.fixedLength, "protocol of the payload")
            }
        }
    }

    /// The payload of the whole frame that this header was read from, its transforms undone.
    ///
    /// - Throws: `unsupported` for a transform other than zlib, `limit` when what comes out is too long.
    package func payload(of frame: RawSpan) throws(ParsingError) -> [UInt8] {
        guard payloadOffset <= frame.byteCount else { throw ParsingError(.truncated, at: 0, "payload") }
        var payload = [UInt8](copying: frame.extracting(payloadOffset..<frame.byteCount))
        var limit = ThriftType.Limit.payloadLength
        // The writer applied them in order. All together may make as much as one.
        for id in transforms.reversed() {
            guard id == Self.zlib else {
                throw ParsingError(.unsupported, at: Self.fixedLength, "transform of the payload")
            }
            do throws(ParsingError) {
                payload = try decompress(payload.rawSpan, as: .zlib, limit: limit)
                limit -= payload.count
            } catch {
                throw ParsingError(error.status == .limit ? .limit : .invalid, at: payloadOffset, "zlib transform")
            }
        }
        return payload
    }

    private mutating func readInfos(_ reader: inout ByteReader) throws(ParsingError) {
        while !reader.isAtEnd {
            let start = reader.offset
            switch (kind, try reader.uint8()) {
            case (_, 0):
                // Padding; THeader's readers take whatever follows it for padding, too.
                let rest = try reader.array(reader.remaining)
                if rest.contains(where: { $0 != 0 }) || rest.count > 2 { infos.append(.unread([0] + rest)) }
            case (_, 1): infos.append(.pairs(try pairs(&reader)))
            case (.ttheader, 0x10):
                var pairs: [NumberedPair] = []
                for _ in 0..<(try reader.bigEndianUInt16()) {
                    let pair = NumberedPair(key: try reader.bigEndianUInt16(), value: try reader.counted(kind))
                    places.append(Place(key: 0..<0, value: reader.offset - pair.value.count..<reader.offset))
                    pairs.append(pair)
                }
                infos.append(.numbered(pairs))
            case (.ttheader, 0x11):
                let token = try reader.counted(kind)
                credentials.append(reader.offset - token.count..<reader.offset)
                infos.append(.token(token))
            case (.ttheader, _): throw ParsingError(.invalid, at: start, "header info")
            case (.theader, let id): infos.append(.unread([id] + (try reader.array(reader.remaining))))
            }
        }
    }

    private mutating func pairs(_ reader: inout ByteReader) throws(ParsingError) -> [Pair] {
        let count = kind == .ttheader ? UInt64(try reader.bigEndianUInt16()) : try reader.varint()
        var pairs: [Pair] = []
        // Each turn takes bytes or throws, so a count from the wire cannot make it run on.
        var left = count
        while left > 0 {
            let key = try reader.counted(kind)
            let keyEnd = reader.offset
            let pair = Pair(key: key, value: try reader.counted(kind))
            places.append(
                Place(key: keyEnd - key.count..<keyEnd, value: reader.offset - pair.value.count..<reader.offset))
            if Self.namesCredential(pair.key) { credentials.append(reader.offset - pair.value.count..<reader.offset) }
            pairs.append(pair)
            left -= 1
        }
        return pairs
    }

    private static func namesCredential(_ key: [UInt8]) -> Bool {
        // Nearly all keys are told by their last letter.
        guard let last = key.last, [0x6E, 0x65].contains(last | 0x20) else { return false }
        let name = String(decoding: key, as: UTF8.self).lowercased()
        return name.hasSuffix("token")
            || ["authorization", "proxy-authorization", "cookie", "set-cookie"].contains { name.hasSuffix($0) }
    }

    /// A whole frame with `payload` behind this header; the caller has applied the transforms.
    package func encoded(payload: [UInt8]) -> [UInt8] {
        var header: [UInt8] = []
        header.append(count: protocolID, kind)
        header.append(count: UInt64(transforms.count), kind)
        for id in transforms { header.append(count: id, kind) }
        for info in infos {
            switch info {
            case .pairs(let pairs):
                header.append(1)
                if kind == .ttheader {
                    header.append(bigEndian: UInt16(truncatingIfNeeded: pairs.count))
                } else {
                    header.append(varint: UInt64(pairs.count))
                }
                for pair in pairs {
                    header.append(counted: pair.key, kind)
                    header.append(counted: pair.value, kind)
                }
            case .numbered(let pairs):
                header.append(0x10)
                header.append(bigEndian: UInt16(truncatingIfNeeded: pairs.count))
                for pair in pairs {
                    header.append(bigEndian: pair.key)
                    header.append(counted: pair.value, kind)
                }
            case .token(let token):
                header.append(0x11)
                header.append(counted: token, kind)
            case .unread(let bytes): header += bytes
            }
        }
        while header.count % 4 != 0 { header.append(0) }
        var frame: [UInt8] = []
        frame.append(bigEndian: UInt32(truncatingIfNeeded: Self.fixedLength - 4 + header.count + payload.count))
        frame.append(bigEndian: kind.rawValue)
        frame.append(bigEndian: flags)
        frame.append(bigEndian: sequence)
        frame.append(bigEndian: UInt16(truncatingIfNeeded: header.count / 4))
        return frame + header + payload
    }
}

extension ByteReader {
    /// A small number: a varint in THeader, a byte in TTHeader.
    fileprivate mutating func count(_ kind: HeaderTransport.Kind) throws(ParsingError) -> UInt64 {
        kind == .theader ? try varint() : UInt64(try uint8())
    }

    /// Bytes behind their length: a varint in THeader, u16 in TTHeader.
    fileprivate mutating func counted(_ kind: HeaderTransport.Kind) throws(ParsingError) -> [UInt8] {
        let count = kind == .theader ? try varint() : UInt64(try bigEndianUInt16())
        guard count <= UInt64(max(remaining, 0)) else { throw ParsingError(.invalid, at: offset, "header text") }
        return try array(Int(count))
    }
}

extension [UInt8] {
    fileprivate mutating func append(count: UInt64, _ kind: HeaderTransport.Kind) {
        if kind == .theader { append(varint: count) } else { append(UInt8(truncatingIfNeeded: count)) }
    }

    fileprivate mutating func append(counted bytes: [UInt8], _ kind: HeaderTransport.Kind) {
        if kind == .theader {
            append(varint: UInt64(bytes.count))
        } else {
            append(bigEndian: UInt16(truncatingIfNeeded: bytes.count))
        }
        append(contentsOf: bytes)
    }
}
