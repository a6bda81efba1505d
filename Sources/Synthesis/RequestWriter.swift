import Bytes
import Thrift

/// Writes the cells of a machine as a Thrift struct or a JSON object, following the program's emissions.
enum RequestWriter {
    // MARK: Thrift

    /// The argument struct, between the message's begin and end.
    static func thrift(_ machine: borrowing Machine, into writer: inout ThriftWriter) {
        let emissions = machine.program.emissions
        var at = 0
        while at < emissions.count {
            let emission = emissions[at]
            at += 1
            switch emission.op {
            case .value:
                let cell = machine.cell(emission.slot)
                guard cell.isPresent else { continue }
                if !emission.isElement && emission.form != .bool { writer.header(emission.id, type(emission.form)) }
                value(cell, emission, machine, into: &writer)
            case .beginStruct:
                guard machine.cell(emission.slot).isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                if emission.isElement { writer.beginStruct() } else { writer.beginStruct(field: emission.id) }
            case .endStruct: writer.endStruct()
            case .beginList:
                let cell = machine.cell(emission.slot)
                guard cell.isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                if emission.isSet {
                    writer.beginSet(field: emission.id, of: type(emission.form), count: Int(cell.int))
                } else {
                    writer.beginList(field: emission.id, of: type(emission.form), count: Int(cell.int))
                }
            case .element:
                if machine.cell(emission.slot).int <= Int64(emission.ordinal) { at = Int(emission.skip) }
            case .beginMap:
                guard machine.cell(emission.slot).isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                writer.beginMap(
                    field: emission.id, from: .binary, to: type(emission.form), count: Int(emission.ordinal))
            case .mapKey:
                // The name in the arena has quotes and a colon around it for JSON.
                writer.text(machine.arena, Int(emission.nameStart) + 1, Int(emission.nameLength) - 3)
            case .endList, .endMap: break
            }
        }
    }

    private static func type(_ form: Program.Emission.Form) -> ThriftType {
        switch form {
        case .bool: .bool
        case .i8: .i8
        case .i16: .i16
        case .i32, .enumeration: .i32
        case .i64: .i64
        case .double: .double
        case .string, .binary: .binary
        case .structure: .structure
        }
    }

    private static func value(
        _ cell: Cell, _ emission: Program.Emission, _ machine: borrowing Machine, into writer: inout ThriftWriter
    ) {
        switch emission.form {
        case .bool:
            if emission.isElement {
                writer.element(bool: cell.int != 0)
            } else {
                writer.field(emission.id, bool: cell.int != 0)
            }
        case .i8: writer.element(i8: Int8(truncatingIfNeeded: cell.int))
        case .i16: writer.element(i16: Int16(truncatingIfNeeded: cell.int))
        case .i32, .enumeration: writer.element(i32: Int32(truncatingIfNeeded: cell.int))
        case .i64: writer.element(i64: cell.int)
        case .double:
            // Both are whole numbers below 2^53 and so exact; IEEE 754 rounds the one division correctly everywhere.
            writer.element(double: Double(cell.int) / powerOfTen(emission.scale))
        case .string, .binary: writer.text(machine.arena, Int(cell.start), Int(cell.length))
        case .structure: break
        }
    }

    private static func powerOfTen(_ scale: Int32) -> Double {
        var power = 1.0
        for _ in 0..<min(scale, 18) { power *= 10 }
        return power
    }

    // MARK: JSON

    /// The whole object, braces included.
    static func json(_ machine: borrowing Machine, into out: inout [UInt8]) {
        let emissions = machine.program.emissions
        // Thrift's single argument is a struct of its own around the fields; JSON shows its fields.
        let isWrapped = machine.program.isWrapped
        var at = isWrapped ? 1 : 0
        let end = isWrapped ? emissions.count - 1 : emissions.count
        out.append(0x7B)
        json(machine, from: &at, to: end, into: &out)
        out.append(0x7D)
    }

    /// Members or elements from `at` up to `end`, separated by commas.
    static func json(_ machine: borrowing Machine, from at: inout Int, to end: Int, into out: inout [UInt8]) {
        let emissions = machine.program.emissions
        while at < end {
            let emission = emissions[at]
            at += 1
            switch emission.op {
            case .value:
                let cell = machine.cell(emission.slot)
                guard cell.isPresent else { continue }
                if !emission.isElement { name(emission, machine, into: &out) }
                json(cell, emission, machine, into: &out)
                out.append(0x2C)
            case .beginStruct, .beginList, .beginMap:
                guard machine.cell(emission.slot).isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                if !emission.isElement { name(emission, machine, into: &out) }
                out.append(emission.op == .beginList ? 0x5B : 0x7B)
            case .endStruct, .endList, .endMap:
                close(emission.op == .endList ? 0x5D : 0x7D, &out)
                out.append(0x2C)
            case .element:
                if machine.cell(emission.slot).int <= Int64(emission.ordinal) { at = Int(emission.skip) }
            case .mapKey: name(emission, machine, into: &out)
            }
        }
        if out.last == 0x2C { out.removeLast() }
    }

    /// Replaces the comma after the last member.
    private static func close(_ bracket: UInt8, _ out: inout [UInt8]) {
        if out.last == 0x2C { out[out.count - 1] = bracket } else { out.append(bracket) }
    }

    private static func name(_ emission: Program.Emission, _ machine: borrowing Machine, into out: inout [UInt8]) {
        let start = Int(emission.nameStart)
        out.append(contentsOf: machine.arena[start..<start + Int(emission.nameLength)])
    }

    static func json(
        _ cell: Cell, _ emission: Program.Emission, _ machine: borrowing Machine, into out: inout [UInt8]
    ) {
        let text = Int(cell.start)..<Int(cell.start + cell.length)
        switch emission.form {
        case .bool: out.append(contentsOf: (cell.int != 0 ? "true" : "false").utf8)
        case .i8, .i16, .i32, .i64: appendDecimal(cell.int, to: &out)
        case .double: appendScaled(cell.int, scale: Int(emission.scale), to: &out)
        case .enumeration, .string: appendQuoted(machine.arena[text], to: &out)
        case .binary: appendBase64(machine.arena[text], to: &out)
        case .structure: break
        }
    }

    /// RFC 8259 §7, with the escapes that it requires and no others.
    static func appendQuoted(_ text: ArraySlice<UInt8>, to out: inout [UInt8]) {
        out.append(0x22)
        if text.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) {
            for byte in text {
                switch byte {
                case 0x22, 0x5C: out += [0x5C, byte]
                case 0..<0x20:
                    out += [
                        0x5C, 0x75, 0x30, 0x30, 0x30 + (byte >> 4),
                        byte & 15 < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15),
                    ]
                default: out.append(byte)
                }
            }
        } else {
            out.append(contentsOf: text)
        }
        out.append(0x22)
    }

    /// RFC 4648 §4, in quotes.
    static func appendBase64(_ bytes: ArraySlice<UInt8>, to out: inout [UInt8]) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        out.append(0x22)
        var rest = bytes
        while !rest.isEmpty {
            let group = rest.prefix(3)
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for i in 0..<4 {
                out.append(i <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * i) & 63)] : 0x3D)
            }
            rest = rest.dropFirst(3)
        }
        out.append(0x22)
    }
}

extension Machine {
    func cell(_ slot: Int32) -> Cell { cells[Int(slots[Int(slot)])] }
}

extension ThriftWriter {
    /// The length and bytes of a string that stands in `arena`.
    mutating func text(_ arena: [UInt8], _ start: Int, _ count: Int) {
        switch encoding {
        case .binary: bytes.append(bigEndian: Int32(truncatingIfNeeded: count))
        case .compact: bytes.append(varint: UInt64(truncatingIfNeeded: count))
        }
        bytes.append(contentsOf: arena[start..<start + count])
    }
}
