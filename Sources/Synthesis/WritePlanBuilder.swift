import Thrift

/// Compiles a program's emissions into a ``WritePlan``.
struct WritePlanBuilder {
    private let program: Program
    private let facts: ProgramFacts
    private let style: WritePlan.Style
    private var ops: [WritePlan.Op] = []
    private var literals: [UInt8] = []
    /// Bytes that come next in any case.
    private var pending: [UInt8] = []
    /// Where an emission's ops begin, for those that are jumped to.
    private var places: [Int: Int] = [:]

    /// - Parameter arena: the program's texts.
    static func build(
        _ program: Program, _ facts: ProgramFacts, _ style: WritePlan.Style, _ arena: Arena
    ) -> WritePlan {
        var builder = WritePlanBuilder(program, facts, style)
        builder.walk(arena)
        return WritePlan(ops: builder.ops, literals: builder.literals)
    }

    private init(_ program: Program, _ facts: ProgramFacts, _ style: WritePlan.Style) {
        self.program = program
        self.facts = facts
        self.style = style
    }

    private mutating func walk(_ arena: Arena) {
        // JSON shows the fields of the single argument, and the caller's braces are around them.
        let isInner = style == .json && program.isWrapped
        let range = isInner ? 1..<program.emissions.count - 1 : 0..<program.emissions.count
        let targets = Set(program.emissions.map { Int($0.skip) })
        for at in range {
            arrive(at, targets)
            emit(program.emissions[at], at, arena)
        }
        arrive(range.upperBound, targets.union([range.upperBound]))
        for i in ops.indices where ops[i].skip > 0 { ops[i].skip = Int32(places[Int(ops[i].skip)] ?? ops.count) }
    }

    /// Whoever jumps to an emission has not come by the literals before it, which thus get an op of their own.
    private mutating func arrive(_ at: Int, _ targets: Set<Int>) {
        guard targets.contains(at) else { return }
        if !pending.isEmpty { add(.init(kind: .literal), head: []) }
        places[at] = ops.count
    }

    private mutating func add(_ op: WritePlan.Op, head: [UInt8]) {
        var op = op
        op.start = Int32(literals.count)
        op.always = Int32(pending.count)
        op.head = Int32(head.count)
        literals += pending + head
        pending = []
        ops.append(op)
    }

    private mutating func emit(_ emission: Program.Emission, _ at: Int, _ arena: Arena) {
        let cell = emission.slot >= 0 ? Int(program.slots[Int(emission.slot)]) : 0
        let isAlways = emission.slot >= 0 && cell < facts.isAlwaysPresent.count && facts.isAlwaysPresent[cell]
        var op = WritePlan.Op(kind: .literal, isOptional: !isAlways, cell: Int32(cell), skip: emission.skip)
        switch emission.op {
        case .value:
            if isAlways, let constant = facts.constants[cell] {
                pending += style.constant(constant, emission, program, arena)
                return
            }
            op.kind = style.kind(emission.form, isPlain: facts.isPlain[cell])
            op.number = emission.scale
            op.skip = Int32(at + 1)
            op.divisor = ThriftEmitter.powerOfTen(emission.scale)
            var head = style.head(emission, program)
            if op.kind == .jsonPlain { head.append(0x22) }
            add(op, head: head)
            // Where it is absent, nothing is passed but itself.
            places[at + 1] = ops.count
        case .beginStruct, .beginMap:
            let head = style.head(emission, program) + style.opening(emission)
            if isAlways { pending += head } else { add(op, head: head) }
        case .beginList:
            let head = style.head(emission, program) + style.opening(emission)
            if style == .json {
                if isAlways { pending += head } else { add(op, head: head) }
            } else {
                op.kind = .thriftI32
                add(op, head: head)
            }
        case .element:
            op.kind = .element
            op.isOptional = false
            op.number = emission.ordinal
            add(op, head: [])
        case .mapKey: pending += style.key(emission, program)
        case .endStruct, .endMap, .endList: close(emission.op)
        }
    }

    private mutating func close(_ op: Program.Emission.Op) {
        if style == .thriftBinary {
            if op == .endStruct { pending.append(0) }
            return
        }
        let bracket: UInt8 = op == .endList ? 0x5D : 0x7D
        guard let last = pending.last else { return add(.init(kind: .close, number: Int32(bracket)), head: []) }
        if last == 0x2C { pending.removeLast() }
        pending += [bracket, 0x2C]
    }
}

extension WritePlan.Style {
    fileprivate func kind(_ form: Program.Emission.Form, isPlain: Bool) -> WritePlan.Kind {
        switch (self, form) {
        case (.thriftBinary, .bool): .thriftBool
        case (.thriftBinary, .i8): .thriftI8
        case (.thriftBinary, .i16): .thriftI16
        case (.thriftBinary, .i32), (.thriftBinary, .enumeration): .thriftI32
        case (.thriftBinary, .i64): .thriftI64
        case (.thriftBinary, .double): .thriftDouble
        case (.thriftBinary, _): .thriftText
        case (.json, .bool): .jsonBool
        case (.json, .i8), (.json, .i16), (.json, .i32), (.json, .i64): .jsonInt
        case (.json, .double): .jsonDouble
        case (.json, .binary): .jsonBinary
        case (.json, _): isPlain ? .jsonPlain : .jsonQuoted
        }
    }

    /// What stands before a value: a field's header or name.
    fileprivate func head(_ emission: Program.Emission, _ program: Program) -> [UInt8] {
        if emission.isElement { return [] }
        if self == .json { return Self.name(emission, program) }
        return ThriftEmitter.binaryHeader(emission)
    }

    /// What stands before the first of a struct, a map or a list.
    fileprivate func opening(_ emission: Program.Emission) -> [UInt8] {
        if self == .json { return emission.op == .beginList ? [0x5B] : [0x7B] }
        switch emission.op {
        case .beginMap: return ThriftEmitter.binaryMapHead(emission)
        // The length follows.
        case .beginList: return [ThriftEmitter.type(emission.form).rawValue]
        default: return []
        }
    }

    fileprivate func key(_ emission: Program.Emission, _ program: Program) -> [UInt8] {
        if self == .json { return Self.name(emission, program) }
        let key = program.arena[Int(emission.keyStart)..<Int(emission.keyStart + emission.keyLength)]
        var out = Arena(capacity: 64)
        out.append(bigEndian: emission.keyLength)
        out.append(contentsOf: key)
        return out.array()
    }

    /// A field whose value is the same in every exchange, as the general writers have it.
    fileprivate func constant(
        _ choice: Program.Choice, _ emission: Program.Emission, _ program: Program, _ arena: Arena
    ) -> [UInt8] {
        let cell = Cell(int: choice.int, start: choice.start, length: choice.length, isPresent: true)
        if self == .thriftBinary { return ThriftEmitter.binaryField(cell, emission, arena) }
        var out = Arena()
        RequestWriter.json(cell, emission, arena, into: &out)
        return head(emission, program) + out.array() + [0x2C]
    }

    private static func name(_ emission: Program.Emission, _ program: Program) -> [UInt8] {
        Array(program.arena[Int(emission.nameStart)..<Int(emission.nameStart + emission.nameLength)])
    }
}
