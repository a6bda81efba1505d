import Thrift

/// The JSON protocol (`TJSONProtocol`): ids as keys, values under the name of their type.
///
/// It follows the emissions, as Binary and Compact do, rather than transcode a finished Binary message: there, bytes can
/// no longer be told from text, and only bytes travel as base64. The layout is that of the codec in `Thrift`, which the
/// tests hold it to.
extension ThriftEmitter {
    /// `[1,"name",T,seqid,{…}]`
    mutating func json(_ machine: borrowing Machine, _ lane: Int, seqid: Int32) {
        out.append("[1,\"")
        out.append(method)
        out.append("\",")
        out.append(isOneway ? 0x34 : 0x31)
        out.append(0x2C)
        out.append(decimal: Int64(seqid))
        out.append(",{")
        jsonFields(machine, lane)
        close(0x7D)
        out.append(0x5D)
    }

    /// Every field and element is followed by a comma, which what closes its container takes away.
    private mutating func jsonFields(_ machine: borrowing Machine, _ lane: Int) {
        let emissions = machine.layout
        var at = 0
        while at < emissions.count {
            let emission = emissions[at]
            at += 1
            switch emission.op {
            case .value:
                let cell = machine.value(emission.slot, lane)
                guard cell.isPresent else { continue }
                if !emission.isElement { open(emission, Self.type(emission.form)) }
                jsonValue(cell, emission, machine.arena)
                if !emission.isElement { out.append(0x7D) }
                out.append(0x2C)
            case .beginStruct:
                guard machine.value(emission.slot, lane).isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                if !emission.isElement { open(emission, .structure) }
                out.append(0x7B)
                enclosing[depth] = emission.isElement ? 1 : 0
                depth += 1
            case .endStruct:
                depth -= 1
                close(0x7D)
                out.append(enclosing[depth] == 1 ? "," : "},")
            case .beginList:
                let cell = machine.value(emission.slot, lane)
                guard cell.isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                open(emission, emission.isSet ? .set : .list)
                out.append(0x5B)
                name(Self.type(emission.form))
                out.append(0x2C)
                out.append(decimal: cell.int)
                out.append(0x2C)
            case .element:
                if machine.value(emission.slot, lane).int <= Int64(emission.ordinal) { at = Int(emission.skip) }
            case .endList:
                close(0x5D)
                out.append("},")
            case .beginMap:
                guard machine.value(emission.slot, lane).isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                open(emission, .map)
                out.append("[\"str\",")
                name(Self.type(emission.form))
                out.append(0x2C)
                out.append(decimal: Int64(emission.ordinal))
                out.append(",{")
            case .mapKey: out.append(machine.arena, Int(emission.nameStart), Int(emission.nameLength))
            case .endMap:
                close(0x7D)
                out.append("]},")
            }
        }
    }

    /// `"7":{"i64":`
    private mutating func open(_ emission: Program.Emission, _ type: ThriftType) {
        out.append(0x22)
        out.append(decimal: Int64(emission.id))
        out.append("\":{")
        name(type)
        out.append(0x3A)
    }

    private mutating func name(_ type: ThriftType) {
        switch type {
        case .bool: out.append("\"tf\"")
        case .i8, .stop: out.append("\"i8\"")
        case .i16: out.append("\"i16\"")
        case .i32: out.append("\"i32\"")
        case .i64: out.append("\"i64\"")
        case .double: out.append("\"dbl\"")
        case .binary: out.append("\"str\"")
        case .structure: out.append("\"rec\"")
        case .list: out.append("\"lst\"")
        case .set: out.append("\"set\"")
        case .map: out.append("\"map\"")
        case .uuid: out.append("\"uid\"")
        }
    }

    /// Replaces the comma after the last member.
    private mutating func close(_ bracket: UInt8) {
        if out[out.count - 1] == 0x2C { out[out.count - 1] = bracket } else { out.append(bracket) }
    }

    private mutating func jsonValue(_ cell: Cell, _ emission: Program.Emission, _ arena: Arena) {
        switch emission.form {
        case .bool: out.append(cell.int != 0 ? 0x31 : 0x30)
        // As wide as the other encodings write them.
        case .i8: out.append(decimal: Int64(Int8(truncatingIfNeeded: cell.int)))
        case .i16: out.append(decimal: Int64(Int16(truncatingIfNeeded: cell.int)))
        case .i32, .enumeration: out.append(decimal: Int64(Int32(truncatingIfNeeded: cell.int)))
        case .i64: out.append(decimal: cell.int)
        // The shortest decimal that gives the same double, which Swift computes from integers alone.
        case .double: out.append(contentsOf: "\(Double(cell.int) / Self.powerOfTen(emission.scale))".utf8)
        case .negativeZero: out.append("-0.0")
        case .binary: out.append(base64: arena, Int(cell.start), Int(cell.length))
        case .string, .swappedCase, .structure, .null: quoted(arena, Int(cell.start), Int(cell.length))
        }
    }

    /// With the escapes that Apache's libraries write.
    private mutating func quoted(_ arena: Arena, _ start: Int, _ length: Int) {
        out.append(0x22)
        for at in start..<start + length {
            let byte = arena[at]
            switch byte {
            case 0x22, 0x5C:
                out.append(0x5C)
                out.append(byte)
            case 0x08: out.append("\\b")
            case 0x09: out.append("\\t")
            case 0x0A: out.append("\\n")
            case 0x0C: out.append("\\f")
            case 0x0D: out.append("\\r")
            case 0..<0x20:
                out.append("\\u00")
                out.append(hex: byte)
            default: out.append(byte)
            }
        }
        out.append(0x22)
    }
}
