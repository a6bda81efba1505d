/// Writes the cells of a machine as JSON, following the program's emissions.
enum RequestWriter {
    /// The whole object, braces included.
    static func json(_ machine: borrowing Machine, _ lane: Int, into out: inout Arena) {
        if let plan = machine.plan(.json) {
            out.append(0x7B)
            let start = out.count
            plan.write(machine, lane, into: &out)
            if out.count > start { out.truncate(to: out.count - 1) }
            return out.append(0x7D)
        }
        let emissions = machine.layout
        // Thrift's single argument is a struct of its own around the fields; JSON shows its fields.
        let isWrapped = machine.image.program.isWrapped
        var at = isWrapped ? 1 : 0
        out.append(0x7B)
        json(machine, lane, from: &at, to: isWrapped ? emissions.count - 1 : emissions.count, into: &out)
        out.append(0x7D)
    }

    /// Members or elements from `at` up to `end`, separated by commas.
    static func json(
        _ machine: borrowing Machine, _ lane: Int, from at: inout Int, to end: Int, into out: inout Arena
    ) {
        let emissions = machine.layout
        while at < end {
            let emission = emissions[at]
            at += 1
            switch emission.op {
            case .value:
                let cell = machine.value(emission.slot, lane)
                guard cell.isPresent else { continue }
                if !emission.isElement { name(emission, machine, into: &out) }
                json(cell, emission, machine.arena, into: &out)
                out.append(0x2C)
            case .beginStruct, .beginList, .beginMap:
                guard machine.value(emission.slot, lane).isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                if !emission.isElement { name(emission, machine, into: &out) }
                out.append(emission.op == .beginList ? 0x5B : 0x7B)
            case .endStruct, .endList, .endMap:
                close(emission.op == .endList ? 0x5D : 0x7D, &out)
                out.append(0x2C)
            case .element:
                if machine.value(emission.slot, lane).int <= Int64(emission.ordinal) { at = Int(emission.skip) }
            case .mapKey: name(emission, machine, into: &out)
            }
        }
        if out.count > 0 && out[out.count - 1] == 0x2C { out.truncate(to: out.count - 1) }
    }

    /// Replaces the comma after the last member.
    private static func close(_ bracket: UInt8, _ out: inout Arena) {
        if out[out.count - 1] == 0x2C { out[out.count - 1] = bracket } else { out.append(bracket) }
    }

    @inline(__always)
    private static func name(_ emission: Program.Emission, _ machine: borrowing Machine, into out: inout Arena) {
        out.append(machine.arena, Int(emission.nameStart), Int(emission.nameLength))
    }

    static func json(
        _ cell: Cell, _ emission: Program.Emission, _ arena: Arena, into out: inout Arena
    ) {
        switch emission.form {
        case .bool: cell.int != 0 ? out.append("true") : out.append("false")
        case .i8, .i16, .i32, .i64: out.append(decimal: cell.int)
        case .double: out.append(cell.int, scale: Int(emission.scale))
        case .enumeration, .string: out.append(quoted: arena, Int(cell.start), Int(cell.length))
        case .binary: out.append(base64: arena, Int(cell.start), Int(cell.length))
        case .null: out.append("null")
        case .negativeZero: out.append("-0")
        case .swappedCase: out.append(decimal: cell.int)
        case .structure: break
        }
    }
}

extension Arena {
    /// In quotes, with the escapes that RFC 8259 §7 requires and no others.
    mutating func append(quoted text: Arena, _ start: Int, _ length: Int) {
        append(0x22)
        var needsEscape = false
        for at in start..<start + length {
            let byte = text[at]
            needsEscape = needsEscape || byte < 0x20 || byte == 0x22 || byte == 0x5C
        }
        if needsEscape {
            for at in start..<start + length { append(escaped: text[at]) }
        } else {
            append(text, start, length)
        }
        append(0x22)
    }

    mutating func append(quoted text: String) {
        append(0x22)
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) {
            append(contentsOf: text.utf8)
        } else {
            for byte in text.utf8 { append(escaped: byte) }
        }
        append(0x22)
    }

    private mutating func append(escaped byte: UInt8) {
        if byte == 0x22 || byte == 0x5C {
            append(0x5C)
            append(byte)
        } else if byte < 0x20 {
            append("\\u00")
            append(0x30 + (byte >> 4))
            append(byte & 15 < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15))
        } else {
            append(byte)
        }
    }

    /// RFC 4648 §4, in quotes.
    mutating func append(base64 bytes: Arena, _ start: Int, _ length: Int) {
        append(0x22)
        let end = start + length
        var at = start
        while at < end {
            let count = min(3, end - at)
            var bits: UInt32 = 0
            for i in 0..<3 { bits = bits << 8 | (i < count ? UInt32(bytes[at + i]) : 0) }
            var word: UInt32 = 0
            for i in 0..<4 {
                let letter = i <= count ? Self.base64(UInt8(truncatingIfNeeded: bits >> UInt32(18 - 6 * i) & 63)) : 0x3D
                word |= UInt32(letter) << UInt32(8 * i)
            }
            append(raw: word, length: 4)
            at += 3
        }
        append(0x22)
    }

    @inline(__always)
    private static func base64(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: 0x41 + value
        case 26..<52: 0x61 + value - 26
        case 52..<62: 0x30 + value - 52
        case 62: 0x2B
        default: 0x2F
        }
    }

    /// RFC 3339 with nine decimals.
    mutating func append(time nanos: UInt64) {
        let seconds = nanos / 1_000_000_000
        let day = calendarDay(Int(clamping: seconds / 86_400))
        let rest = seconds % 86_400
        append(UInt64(day.year), digits: 4)
        append(0x2D)
        append(UInt64(day.month), digits: 2)
        append(0x2D)
        append(UInt64(day.day), digits: 2)
        append(0x54)
        append(rest / 3600, digits: 2)
        append(0x3A)
        append(rest / 60 % 60, digits: 2)
        append(0x3A)
        append(rest % 60, digits: 2)
        append(0x2E)
        append(nanos % 1_000_000_000, digits: 9)
        append(0x5A)
    }
}
