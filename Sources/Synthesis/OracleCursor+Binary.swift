/// Thrift Binary, as its specification says (thrift-binary-protocol.md).
extension OracleCursor {
    /// - Parameter isOld: the type follows the name; in the strict form it is in the version, which stands first.
    mutating func binaryMessage(isOld: Bool) -> Bool {
        if !isOld {
            guard let version = bigEndian(Int32.self), UInt32(truncatingIfNeeded: version) >> 16 == 0x8001 else {
                return false
            }
            message.type = Int(version & 255)
        }
        guard let length = bigEndian(Int32.self) else { return false }
        message.name = at..<at + Int(clamping: max(0, length))
        guard skip(length) else { return false }
        if isOld {
            guard let type = byte() else { return false }
            message.type = Int(type)
        }
        guard let seqid = bigEndian(Int32.self) else { return false }
        message.seqid = seqid
        // The argument list: its only argument holds the fields, or it is the fields itself.
        guard let argument else { return binaryStructure(0, 0) }
        return binaryStructure(-1, 0, inside: argument)
    }

    /// `node` is the place in the watched tree, -1 for none; `inside` is the field of an argument list that leads to its
    /// root.
    private mutating func binaryStructure(_ node: Int, _ depth: Int, inside: Int16? = nil) -> Bool {
        if depth > 70 { return fail(.depth) }
        deepest = max(deepest, depth + 1)
        while let kind = byte() {
            if kind == 0 { return true }
            guard let raw = bigEndian(Int16.self) else { return false }
            let id = Int16(truncatingIfNeeded: raw)
            var next = -1
            if let inside {
                next = id == inside ? 0 : -1
            } else if node >= 0 {
                next = child(of: node, id)
            }
            if !binaryValue(kind, next, depth) { return false }
        }
        return false
    }

    @inline(__always)
    private mutating func binaryValue(_ kind: UInt8, _ node: Int, _ depth: Int) -> Bool {
        switch kind {
        case 11:
            guard let length = bigEndian(Int32.self) else { return false }
            let start = at
            if length < 0 { return fail(.size) }
            guard skip(length) else { return false }
            keep(node, OracleReadings.Value(start: start, end: at, isText: true))
            return true
        case 10: return integer(bigEndian(Int64.self), node)
        case 8: return integer(bigEndian(Int32.self), node)
        case 2, 3: return integer(bigEndian(Int8.self), node)
        case 6: return integer(bigEndian(Int16.self), node)
        case 4:
            guard let pattern = bigEndian(Int64.self) else { return false }
            keep(node, OracleReadings.Value(int: pattern, isDouble: true))
            return true
        default: return binaryContainer(kind, node, depth)
        }
    }

    private mutating func binaryContainer(_ kind: UInt8, _ node: Int, _ depth: Int) -> Bool {
        switch kind {
        case 12: return binaryStructure(node, depth + 1)
        case 14, 15:
            guard let element = byte(), let count = bigEndian(Int32.self) else { return false }
            if count < 0 || count > Int64(end - at) { return fail(.count) }
            guard depth < 64 else { return false }
            for _ in 0..<count where !binaryValue(element, node, depth + 1) { return false }
            return true
        case 13:
            guard let key = byte(), let item = byte(), let count = bigEndian(Int32.self) else { return false }
            guard count >= 0, count <= Int64(end - at), depth < 64 else { return false }
            for _ in 0..<count {
                if !binaryValue(key, -1, depth + 1) || !binaryValue(item, -1, depth + 1) { return false }
            }
            return true
        default: return fail(.type)
        }
    }
}
