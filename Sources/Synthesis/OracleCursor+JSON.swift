import JSON

/// JSON (RFC 8259), as far as reading it through needs.
extension OracleCursor {
    mutating func jsonDocument() -> Bool { jsonValue(0, 0) }

    mutating func space() {
        while at < end, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0A || bytes[at] == 0x0D {
            at += 1
        }
    }

    mutating func take(_ expected: UInt8) -> Bool {
        space()
        guard at < end, bytes[at] == expected else { return false }
        at += 1
        return true
    }

    /// `node` is the place in the watched tree, -1 for none.
    private mutating func jsonValue(_ node: Int, _ depth: Int) -> Bool {
        space()
        guard at < end, depth < 64 else { return false }
        switch bytes[at] {
        case 0x7B:
            at += 1
            if take(0x7D) { return true }
            repeat {
                space()
                guard let key = jsonString(), take(0x3A) else { return false }
                var child = -1
                if node >= 0 {
                    let place = nodes[node]
                    for edge in place.first..<place.first + place.count where isNamed(edges[edge], key) {
                        child = edges[edge].node
                    }
                }
                if !jsonValue(child, depth + 1) { return false }
            } while take(0x2C)
            return take(0x7D)
        case 0x5B:
            at += 1
            if take(0x5D) { return true }
            repeat {
                if !jsonValue(node, depth + 1) { return false }
            } while take(0x2C)
            return take(0x5D)
        case 0x22:
            guard let text = jsonString() else { return false }
            keep(node, .init(start: text.lowerBound, end: text.upperBound, isText: true))
            return true
        default: return jsonWord(node)
        }
    }

    private func isNamed(_ edge: OracleWatches.Edge, _ key: Range<Int>) -> Bool {
        if key.contains(where: { bytes[$0] == 0x5C }) {
            let quoted = [0x22] + key.map { bytes[$0] } + [0x22]
            let name = (0..<edge.nameLength).map { names[edge.nameStart + $0] }
            return (try? JSONValue(parsing: quoted))?.string?.utf8.elementsEqual(name) ?? false
        }
        if edge.nameLength != key.count { return false }
        for i in 0..<edge.nameLength where names[edge.nameStart + i] != bytes[key.lowerBound + i] { return false }
        return true
    }

    /// Between the quotes, escapes as they stand.
    mutating func jsonString() -> Range<Int>? {
        guard at < end, bytes[at] == 0x22 else { return nil }
        at += 1
        let start = at
        while at < end, bytes[at] != 0x22 { at += bytes[at] == 0x5C ? 2 : 1 }
        guard at < end else { return nil }
        at += 1
        return start..<at - 1
    }

    /// A number, `true`, `false` or `null`. Only whole numbers have a value here.
    private mutating func jsonWord(_ node: Int) -> Bool {
        let start = at
        while at < end, bytes[at] > 0x20, bytes[at] != 0x2C, bytes[at] != 0x5D, bytes[at] != 0x7D { at += 1 }
        let word = bytes[start..<at]
        // Nothing can say that a number is cut; the object around it is not closed then.
        guard let first = word.first else { return false }
        if (first >= 0x30 && first <= 0x39) || first == 0x2D {
            var value: Int64 = 0
            for digit in word.drop(while: { $0 == 0x2D }) {
                guard digit >= 0x30 && digit <= 0x39 else { break }
                let (next, overflow) = value.multipliedReportingOverflow(by: 10)
                value = overflow ? .max : next &+ Int64(digit - 0x30)
            }
            let isDouble = word.contains { $0 == 0x2E || $0 | 0x20 == 0x65 }
            keep(node, .init(int: first == 0x2D ? 0 - value : value, start: start, end: at, isDouble: isDouble))
            return true
        }
        if word.elementsEqual("null".utf8) { keep(node, .init(isNull: true)) }
        if word.elementsEqual("true".utf8) || word.elementsEqual("false".utf8) {
            keep(node, .init(int: word.count == 4 ? 1 : 0))
        }
        return ["true", "false", "null"].contains { $0.utf8.elementsEqual(word) }
    }
}
