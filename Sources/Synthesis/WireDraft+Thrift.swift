import Bytes
import Tape

/// Where the parts of a Thrift message stand that was just written.
extension WireDraft {
    private var isJSON: Bool { format.encoding == .json }

    /// The method's name.
    var nameRange: Range<Int> {
        var at = start
        let length: Int
        switch format.encoding {
        case .compact:
            // Sequence number and length are varints; a method's name is short.
            at += 2
            while at < bytes.count && bytes[at] >= 0x80 { at += 1 }
            length = at + 1 < bytes.count ? Int(bytes[at + 1]) : 0
            at += 2
        case .json:
            at += "[1,\"".utf8.count
            length = bytes[at...].prefix { $0 != 0x22 }.count
        default:
            if format.encoding == .binary { at += 4 }
            length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            at += 4
        }
        return at..<min(bytes.count, at + length)
    }

    /// The byte that has the message's type in it.
    private var typePlace: Int {
        switch format.encoding {
        case .compact: start + 1
        case .json: nameRange.upperBound + 2
        case .binaryOld: nameRange.upperBound
        default: start + 3
        }
    }

    /// Says that the message is of type `type`, and returns where.
    mutating func setType(_ type: UInt8) -> Int {
        let at = typePlace
        bytes[at] = isCompact ? type << 5 | bytes[at] & 31 : isJSON ? 0x30 + type : type
        return at
    }

    /// Puts a version in place of the message's, and returns where. `choice` is below 16.
    mutating func breakVersion(_ choice: UInt8) -> Int {
        // Binary: 80 01; Compact: 82, and the version in the low five bits of the second byte; JSON: [1
        let at = isJSON ? start + 1 : start
        bytes[at] = isCompact ? 0x83 : isJSON ? 0x32 + choice & 7 : 0x81 + choice
        return at
    }

    /// Puts another sequence number in the message, and returns where. A header keeps its own, so that the two differ.
    mutating func setSequence(_ number: UInt32) -> Int {
        var range: Range<Int>
        switch format.encoding {
        case .compact:
            let at = start + 2
            range = at..<at + bytes[at...].prefix { $0 >= 0x80 }.count + 1
        case .json:
            let at = typePlace + 2
            range = at..<at + bytes[at...].prefix { $0 != 0x2C }.count
        default:
            let at = nameRange.upperBound + (format.encoding == .binaryOld ? 1 : 0)
            bytes.store(bigEndian: number, at: at)
            return at
        }
        // Compact has only 0 put here, which is one byte.
        bytes.replaceSubrange(range, with: isJSON ? Array("\(number)".utf8) : [0])
        stateFrame(Int64(bytes.count - 4))
        return range.lowerBound
    }

    /// Where a further field of the arguments goes.
    var argumentsEnd: Int { bytes.count - (isJSON ? 2 : 1) }

    /// Adds a field to the arguments, before their end, and keeps the frame's length right.
    mutating func appendArgument(_ field: [UInt8]) {
        let needsComma = isJSON && bytes[argumentsEnd - 1] != 0x7B
        bytes.insert(contentsOf: needsComma ? [0x2C] + field : field, at: argumentsEnd)
        stateFrame(Int64(bytes.count - 4))
    }
}
