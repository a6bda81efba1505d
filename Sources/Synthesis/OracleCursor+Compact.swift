/// Thrift Compact, as its specification says (thrift-compact-protocol.md).
extension OracleCursor {
    mutating func compactMessage() -> Bool {
        guard byte() == 0x82, let kind = byte(), let seqid = varint(), let length = varint() else { return false }
        message.type = Int(kind >> 5)
        message.seqid = Int64(Int32(truncatingIfNeeded: seqid))
        message.name = at..<at + Int(clamping: min(length, 1 << 30))
        guard skip(Int64(clamping: length)) else { return false }
        guard let argument else { return compactStructure(0, 0) }
        return compactStructure(-1, 0, inside: argument)
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let next = byte() else { return nil }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
        }
        _ = fail(.varint)
        return nil
    }

    private func unzigzag(_ value: UInt64) -> Int64 { Int64(value >> 1) ^ -Int64(value & 1) }

    /// `node` is the place in the watched tree, -1 for none; `inside` is the field of an argument list that leads to its
    /// root.
    private mutating func compactStructure(_ node: Int, _ depth: Int, inside: Int16? = nil) -> Bool {
        if depth > 70 { return fail(.depth) }
        deepest = max(deepest, depth + 1)
        var last: Int16 = 0
        while let head = byte() {
            if head == 0 { return true }
            let kind = head & 15
            if head >> 4 == 0 {
                guard let raw = varint() else { return false }
                last = Int16(truncatingIfNeeded: unzigzag(raw))
            } else {
                last = last &+ Int16(head >> 4)
            }
            var next = -1
            if let inside {
                next = last == inside ? 0 : -1
            } else if node >= 0 {
                next = child(of: node, last)
            }
            if kind <= 2 {
                keep(next, OracleReadings.Value(int: kind == 1 ? 1 : 0))
            } else if !compactValue(kind, next, depth) {
                return false
            }
        }
        return false
    }

    private mutating func compactValue(_ kind: UInt8, _ node: Int, _ depth: Int) -> Bool {
        switch kind {
        case 1, 2, 3: return integer(bigEndian(Int8.self), node)
        case 4, 5, 6: return integer(varint().map(unzigzag), node)
        case 7:
            guard let pattern = bigEndian(Int64.self) else { return false }
            keep(node, OracleReadings.Value(int: pattern.byteSwapped, isDouble: true))
            return true
        case 8:
            guard let length = varint() else { return false }
            let start = at
            if length > Int32.max { return fail(.size) }
            guard skip(Int64(length)) else { return false }
            keep(node, OracleReadings.Value(start: start, end: at, isText: true))
            return true
        case 9, 10: return compactList(node, depth)
        case 11: return compactMap(depth)
        case 12: return compactStructure(node, depth + 1)
        default: return fail(.type)
        }
    }

    private mutating func compactList(_ node: Int, _ depth: Int) -> Bool {
        guard let head = byte() else { return false }
        var count = Int64(head >> 4)
        if count == 15 {
            guard let long = varint() else { return false }
            count = Int64(clamping: long)
        }
        if count > Int64(end - at) { return fail(.count) }
        guard depth < 64 else { return false }
        for _ in 0..<count where !compactValue(head & 15, node, depth + 1) { return false }
        return true
    }

    private mutating func compactMap(_ depth: Int) -> Bool {
        guard let size = varint() else { return false }
        if size == 0 { return true }
        guard let both = byte(), size <= UInt64(end - at), depth < 64 else { return false }
        for _ in 0..<size {
            if !compactValue(both >> 4, -1, depth + 1) || !compactValue(both & 15, -1, depth + 1) { return false }
        }
        return true
    }
}
