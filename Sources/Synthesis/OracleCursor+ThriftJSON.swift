/// Thrift's JSON protocol, as Apache's `TJSONProtocol` describes itself: a type's name before each value, ids as keys.
extension OracleCursor {
    mutating func thriftJSONMessage() -> Bool {
        guard take(0x5B), wholeNumber() == 1, take(0x2C), take(0x22) else { return false }
        at -= 1
        guard let name = jsonString(), take(0x2C), let type = wholeNumber(), take(0x2C), let seqid = wholeNumber(),
            take(0x2C)
        else { return false }
        message = (Int(type), name, seqid)
        let isRead = argument.map { typedStructure(-1, 0, inside: $0) } ?? typedStructure(0, 0)
        return isRead && take(0x5D)
    }

    private mutating func wholeNumber() -> Int64? { Int64(word()) }

    /// The characters of a number.
    private mutating func word() -> String {
        space()
        let start = at
        while at < end, bytes[at] > 0x20, ![0x22, 0x2C, 0x3A, 0x5D, 0x7D].contains(bytes[at]) { at += 1 }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func typeName() -> String? {
        space()
        return jsonString().map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    /// `node` is the place in the watched tree, -1 for none; `inside` is the field of an argument list that leads to its
    /// root.
    private mutating func typedStructure(_ node: Int, _ depth: Int, inside: Int16? = nil) -> Bool {
        if depth > 70 { return fail(.depth) }
        deepest = max(deepest, depth + 1)
        guard take(0x7B) else { return false }
        if take(0x7D) { return true }
        repeat {
            guard take(0x22), let number = wholeNumber(), let id = Int16(exactly: number), take(0x22), take(0x3A),
                take(0x7B), let type = typeName(), take(0x3A)
            else { return false }
            var next = -1
            if let inside {
                next = id == inside ? 0 : -1
            } else if node >= 0 {
                next = child(of: node, id)
            }
            guard typedValue(type, next, depth), take(0x7D) else { return false }
        } while take(0x2C)
        return take(0x7D)
    }

    private mutating func typedValue(_ type: String, _ node: Int, _ depth: Int) -> Bool {
        switch type {
        case "tf", "i8", "i16", "i32", "i64": return integer(wholeNumber(), node)
        case "dbl":
            guard let value = Double(word()) else { return false }
            keep(node, OracleReadings.Value(int: Int64(bitPattern: value.bitPattern), isDouble: true))
            return true
        case "str":
            space()
            guard let text = jsonString() else { return false }
            keep(node, OracleReadings.Value(start: text.lowerBound, end: text.upperBound, isText: true))
            return true
        case "rec": return typedStructure(node, depth + 1)
        case "lst", "set": return typedList(node, depth)
        case "map": return typedMap(depth)
        default: return fail(.type)
        }
    }

    private mutating func typedList(_ node: Int, _ depth: Int) -> Bool {
        guard take(0x5B), let element = typeName(), take(0x2C), let count = wholeNumber() else { return false }
        if count < 0 || count > Int64(end - at) { return fail(.count) }
        guard depth < 64 else { return false }
        for _ in 0..<count {
            guard take(0x2C), typedValue(element, node, depth + 1) else { return false }
        }
        return take(0x5D)
    }

    private mutating func typedMap(_ depth: Int) -> Bool {
        guard take(0x5B), typeName() == "str", take(0x2C), let item = typeName(), take(0x2C), let count = wholeNumber(),
            take(0x2C), take(0x7B), count >= 0, count <= Int64(end - at), depth < 64
        else { return false }
        for place in 0..<count {
            guard place == 0 || take(0x2C), typedValue("str", -1, depth + 1), take(0x3A),
                typedValue(item, -1, depth + 1)
            else { return false }
        }
        return take(0x7D) && take(0x5D)
    }
}
