/// A program's emissions compiled for one form of output: what never changes stands ready as literal bytes, and between
/// them the values are filled in. It is for exchanges that no anomaly has changed; the others are written by the general
/// writers, ``ThriftEmitter`` and ``RequestWriter``, which the tests hold it to.
struct WritePlan: Sendable {
    enum Style: Sendable { case thriftBinary, json }

    enum Kind: UInt8, Sendable {
        /// Nothing but literals.
        case literal
        /// Goes to `skip` unless the list, whose length the cell is, has an element `number`.
        case element
        /// The bracket `number`, in place of a comma before it, and a comma.
        case close
        case thriftBool, thriftI8, thriftI16, thriftI32, thriftI64, thriftDouble, thriftText
        case jsonBool, jsonInt, jsonDouble, jsonPlain, jsonQuoted, jsonBinary
    }

    /// First `always` bytes of the literals, then, unless the cell must be present and is not, `head` more and the value.
    struct Op: Sendable {
        var kind: Kind
        var isOptional = false
        var always: Int32 = 0
        var head: Int32 = 0
        var start: Int32 = 0
        var cell: Int32 = 0
        var skip: Int32 = 0
        var number: Int32 = 0
        /// What a double's whole number is divided by.
        var divisor = 1.0
    }

    let ops: Table<Op>
    /// Padded, so that words may be read behind the last.
    let literals: Table<UInt8>
    private let owner: TableOwner

    init(ops: [Op], literals: [UInt8]) {
        owner = TableOwner()
        self.ops = owner.make(ops)
        self.literals = owner.make(literals + [UInt8](repeating: 0, count: 16))
    }

    func write(_ machine: borrowing Machine, _ lane: Int, into out: inout Arena) {
        let (ops, literals) = (self.ops, self.literals)
        var at = 0
        while at < ops.count {
            let op = ops[at]
            at += 1
            let cell = machine.cell(op.cell, lane)
            if op.isOptional && !cell.isPresent {
                out.append(literals, Int(op.start), Int(op.always))
                at = Int(op.skip)
                continue
            }
            out.append(literals, Int(op.start), Int(op.always + op.head))
            switch op.kind {
            case .literal: break
            case .element: if cell.int <= Int64(op.number) { at = Int(op.skip) }
            case .close: Self.close(UInt8(truncatingIfNeeded: op.number), &out)
            case .thriftBool: out.append(cell.int != 0 ? 1 : 0)
            case .thriftI8: out.append(UInt8(truncatingIfNeeded: cell.int))
            case .thriftI16: out.append(bigEndian: Int16(truncatingIfNeeded: cell.int))
            case .thriftI32: out.append(bigEndian: Int32(truncatingIfNeeded: cell.int))
            case .thriftI64: out.append(bigEndian: cell.int)
            case .thriftDouble: out.append(bigEndian: (Double(cell.int) / op.divisor).bitPattern)
            case .thriftText:
                out.append(bigEndian: cell.length)
                out.append(machine.arena, Int(cell.start), Int(cell.length))
            case .jsonBool:
                if cell.int != 0 { out.append("true,") } else { out.append("false,") }
            case .jsonInt:
                out.append(decimal: cell.int)
                out.append(0x2C)
            case .jsonDouble:
                out.append(cell.int, scale: Int(op.number))
                out.append(0x2C)
            case .jsonPlain:
                out.append(machine.arena, Int(cell.start), Int(cell.length))
                out.append(raw: 0x2C22 as UInt16, length: 2)
            case .jsonQuoted:
                out.append(quoted: machine.arena, Int(cell.start), Int(cell.length))
                out.append(0x2C)
            case .jsonBinary:
                out.append(base64: machine.arena, Int(cell.start), Int(cell.length))
                out.append(0x2C)
            }
        }
    }

    @inline(__always)
    private static func close(_ bracket: UInt8, _ out: inout Arena) {
        if out[out.count - 1] == 0x2C { out[out.count - 1] = bracket } else { out.append(bracket) }
        out.append(0x2C)
    }
}
