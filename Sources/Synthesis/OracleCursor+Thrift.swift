/// Thrift Binary and Compact, as their specifications say (thrift-binary-protocol.md, thrift-compact-protocol.md).
extension OracleCursor {
    mutating func thriftMessage(isCompact: Bool) -> Bool {
        if isCompact {
            guard byte() == 0x82, let kind = byte(), let seqid = varint(), let length = varint() else { return false }
            message.type = Int(kind >> 5)
            message.seqid = Int64(Int32(truncatingIfNeeded: seqid))
            message.name = at..<at + Int(clamping: min(length, 1 << 30))
            guard skip(Int64(clamping: length)) else { return false }
        } else {
            guard let version = bigEndian(4), UInt32(truncatingIfNeeded: version) >> 16 == 0x8001,
                let length = bigEndian(4)
            else { return false }
            message.type = Int(version & 255)
            message.name = at..<at + Int(clamping: max(0, length))
            guard skip(length), let seqid = bigEndian(4) else { return false }
            message.seqid = seqid
        }
        // The argument list: its only argument holds the fields, or it is the fields itself.
        guard let argument else { return structure(0, isCompact, 0) }
        return structure(-1, isCompact, 0, inside: argument)
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

    /// `node` is the place in the watched tree, -1 for none; `inside` is the field of an argument list that leads to its root.
    private mutating func structure(_ node: Int, _ isCompact: Bool, _ depth: Int, inside: Int16? = nil) -> Bool {
        if depth > 70 { return fail(.depth) }
        deepest = max(deepest, depth + 1)
        var last: Int16 = 0
        while let head = byte() {
            if head == 0 { return true }
            var kind = head
            var id: Int16
            if isCompact {
                kind = head & 15
                if head >> 4 == 0 {
                    guard let raw = varint() else { return false }
                    id = Int16(truncatingIfNeeded: unzigzag(raw))
                } else {
                    id = last &+ Int16(head >> 4)
                }
                last = id
            } else {
                guard let raw = bigEndian(2) else { return false }
                id = Int16(truncatingIfNeeded: raw)
            }
            var child = -1
            if let inside {
                child = id == inside ? 0 : -1
            } else if node >= 0 {
                let place = nodes[node]
                for edge in place.first..<place.first + place.count where edges[edge].id == id {
                    child = edges[edge].node
                }
            }
            if isCompact && kind <= 2 {
                keep(child, OracleReadings.Value(int: kind == 1 ? 1 : 0))
            } else if !value(kind, child, isCompact, depth) {
                return false
            }
        }
        return false
    }

    private mutating func value(_ kind: UInt8, _ node: Int, _ isCompact: Bool, _ depth: Int) -> Bool {
        switch (isCompact, kind) {
        case (false, 2), (false, 3), (true, 1), (true, 2), (true, 3): return integer(bigEndian(1), node)
        case (false, 6): return integer(bigEndian(2), node)
        case (false, 8): return integer(bigEndian(4), node)
        case (false, 10): return integer(bigEndian(8), node)
        case (true, 4), (true, 5), (true, 6): return integer(varint().map(unzigzag), node)
        case (false, 4), (true, 7):
            let start = at
            guard skip(8) else { return false }
            keep(node, .init(int: double(at: start, isCompact), isDouble: true))
            return true
        case (false, 11), (true, 8):
            guard let length = isCompact ? varint().map({ Int64(clamping: $0) }) : bigEndian(4) else { return false }
            let start = at
            if length < 0 || length > Int64(Int32.max) { return fail(.size) }
            guard skip(length) else { return false }
            keep(node, OracleReadings.Value(start: start, end: at, isText: true))
            return true
        case (_, 12): return structure(node, isCompact, depth + 1)
        case (false, 14), (false, 15), (true, 9), (true, 10): return list(node, isCompact, depth)
        case (false, 13), (true, 11): return map(isCompact, depth)
        default: return fail(.type)
        }
    }

    private func double(at start: Int, _ isCompact: Bool) -> Int64 {
        var bits: UInt64 = 0
        for i in 0..<8 { bits |= UInt64(bytes[start + i]) << UInt64(isCompact ? 8 * i : 56 - 8 * i) }
        return Int64(bitPattern: bits)
    }

    private mutating func integer(_ value: Int64?, _ node: Int) -> Bool {
        guard let value else { return false }
        keep(node, OracleReadings.Value(int: value))
        return true
    }

    private mutating func list(_ node: Int, _ isCompact: Bool, _ depth: Int) -> Bool {
        guard let head = byte() else { return false }
        var kind = head
        var count: Int64
        if isCompact {
            kind = head & 15
            count = Int64(head >> 4)
            if count == 15 {
                guard let long = varint() else { return false }
                count = Int64(clamping: long)
            }
        } else {
            guard let long = bigEndian(4) else { return false }
            count = long
        }
        if count < 0 || count > Int64(bytes.count - at) { return fail(.count) }
        guard depth < 64 else { return false }
        for _ in 0..<count where !value(kind, node, isCompact, depth + 1) { return false }
        return true
    }

    private mutating func map(_ isCompact: Bool, _ depth: Int) -> Bool {
        var kinds: (UInt8, UInt8)
        var count: Int64
        if isCompact {
            guard let size = varint() else { return false }
            if size == 0 { return true }
            guard let both = byte() else { return false }
            (kinds, count) = ((both >> 4, both & 15), Int64(clamping: size))
        } else {
            guard let key = byte(), let item = byte(), let size = bigEndian(4) else { return false }
            (kinds, count) = ((key, item), size)
        }
        guard count >= 0, count <= Int64(bytes.count - at), depth < 64 else { return false }
        for _ in 0..<count {
            if !value(kinds.0, -1, isCompact, depth + 1) || !value(kinds.1, -1, isCompact, depth + 1) { return false }
        }
        return true
    }
}
