import Schema
import YAML

/// Laying out the request: which cell is written where.
extension ProgramBuilder {
    struct ListInfo {
        var count: Int32
        var limit: Int
        var siblings: [FieldSpec]
        var scalar: Generator?

        func context(_ name: String, _ ordinal: Int) -> Context {
            Context(prefix: "\(name).\(ordinal).", siblings: siblings, guards: [.above(count, ordinal)])
        }
    }

    mutating func emitRequest() throws(YAMLError) {
        for field in fields { _ = try shape.field(field.name, at: field.mark) }
        var seen: Set<String> = []
        for field in scenario.streams[stream].fields where !seen.insert(field.name).inserted {
            throw YAMLError("'\(field.name)' is given twice", at: field.mark, remedy: "Keep one of the two.")
        }
        if let argument = shape.argument {
            let slot = newSlot(cell: try always(), name: argument.name, scale: 0)
            program.isWrapped = true
            try emitStructure(shape.root, prefix: "", field: argument, slot: slot)
        } else {
            try emitFields(of: shape.root, prefix: "", depth: 0)
        }
        if case .http(_, let headers) = scenario.protocol {
            for header in headers { program.headerCells.append(try text(header.value)) }
        }
        for rule in scenario.rules where canHold(rule.condition) {
            program.rules.append(.init(tests: try tests(rule.condition), decision: rule.decision))
        }
        var flow: String?
        if case .flow(let spec, _) = purpose { flow = spec.name }
        if case .anomaly = purpose { return }
        for (number, label) in scenario.labels.enumerated()
        where label.flow == flow && canHold(label.condition) {
            program.labels.append(.init(tests: try tests(label.condition), decision: String(number)))
        }
    }

    private var operationMark: YAMLMark { scenario.streams[stream].operationMark }

    /// False when a condition reads a field that another stream has and this one has not: it never holds here.
    private func canHold(_ condition: Condition?) -> Bool {
        for test in condition?.tests ?? [] {
            let name = test.reference.name
            if fields.contains(where: { $0.name == name }) { continue }
            if scenario.streams.contains(where: { $0.fields.contains { $0.name == name } }) { return false }
        }
        return true
    }

    /// The steps that a condition consists of, outside the course of the program.
    mutating func tests(_ condition: Condition?) throws(YAMLError) -> [Program.Step] {
        var tests: [Program.Step] = []
        for item in condition?.tests ?? [] {
            tests.append(try test(item, try resolve(item.reference, Context())))
        }
        return tests
    }

    private mutating func always() throws(YAMLError) -> Int32 {
        if let known = known["always"] { return known.cell }
        let cell = newCell()
        program.steps.append(.init(op: .markPresent, cell: cell))
        known["always"] = CellInfo(cell: cell, hasInt: false, hasText: false, scale: 0)
        return cell
    }

    private mutating func newSlot(cell: Int32, name: String, scale: Int) -> Int32 {
        program.slots.append(cell)
        program.scaleOfSlot.append(Int32(scale))
        program.slotOfField[name] = program.slots.count - 1
        return Int32(program.slots.count - 1)
    }

    private mutating func emission(
        _ op: Program.Emission.Op, _ field: SchemaField, slot: Int32, isElement: Bool = false
    ) -> Program.Emission {
        var result = Program.Emission(op: op, id: field.id, slot: slot, isElement: isElement)
        if !isElement {
            let name = intern(member: field.name)
            (result.nameStart, result.nameLength) = (name.start, name.length)
        }
        return result
    }

    private mutating func emitStructure(
        _ structure: SchemaStructure, prefix: String, field: SchemaField, slot: Int32, isElement: Bool = false
    ) throws(YAMLError) {
        let start = program.emissions.count
        program.emissions.append(emission(.beginStruct, field, slot: slot, isElement: isElement))
        try emitFields(of: structure, prefix: prefix, depth: prefix.utf8.count { $0 == 0x2E })
        program.emissions.append(.init(op: .endStruct))
        program.emissions[start].skip = Int32(program.emissions.count)
    }

    private mutating func emitFields(of structure: SchemaStructure, prefix: String, depth: Int) throws(YAMLError) {
        guard depth < 32 else {
            throw YAMLError(
                "the request's structs are nested more than 32 deep", at: operationMark,
                remedy: "Choose an operation whose request is flatter.")
        }
        for field in structure.fields {
            let name = prefix + field.name
            let spec = fields.first { $0.name == name }
            let inner = fields.first { $0.name.hasPrefix(name + ".") }
            if spec == nil && inner == nil {
                guard field.presence != .required else {
                    throw YAMLError(
                        "the schema requires '\(name)'",
                        at: fields.first { $0.name.hasPrefix(prefix) }?.mark ?? operationMark,
                        remedy: "Add the field '\(name)' to the scenario.")
                }
                continue
            }
            if field.presence == .required, let spec, spec.condition != nil || spec.presence != nil {
                throw YAMLError(
                    "the schema requires '\(name)' always", at: spec.mark, remedy: "Leave out 'when' and 'present'.")
            }
            try emit(field, name: name, spec: spec, mark: spec?.mark ?? inner?.mark ?? operationMark)
        }
    }

    private mutating func emit(_ field: SchemaField, name: String, spec: FieldSpec?, mark: YAMLMark) throws(YAMLError) {
        switch (field.type.kind, spec?.generator) {
        case (.structure(let index), nil):
            var cell = try always()
            if let presence = try presence(ofStruct: name) { cell = presence }
            let slot = newSlot(cell: cell, name: name, scale: 0)
            try emitStructure(shape.schemas.structures[index], prefix: name + ".", field: field, slot: slot)
        case (.list(let element), .list?), (.set(let element), .list?):
            guard let spec else { return }
            try emitList(field, element, spec)
        case (.map(_, let value), .map(let entries)?):
            guard let spec else { return }
            try emitMap(field, value, spec, entries)
        case (_, nil):
            throw YAMLError(
                "'\(name)' has no generator", at: mark, remedy: "Give it one, like {constant: 1}, or leave it out.")
        case (.list, _), (.set, _), (.map, _), (.structure, _):
            throw YAMLError(
                "'\(name)' is a list, a map or a struct", at: mark,
                remedy: "Use 'list', 'map' or the struct's own fields.")
        default:
            guard let spec else { return }
            let info = try self.field(spec)
            let slot = newSlot(cell: info.cell, name: name, scale: info.scale)
            var value = emission(.value, field, slot: slot)
            (value.form, value.scale) = (form(field.type), Int32(info.scale))
            program.emissions.append(value)
        }
    }

    private func form(_ type: SchemaType) -> Program.Emission.Form {
        switch type.kind {
        case .bool: .bool
        case .i8: .i8
        case .i16: .i16
        case .i32: .i32
        case .i64: .i64
        case .double: .double
        case .binary, .uuid: .binary
        case .enumeration: .enumeration
        case .structure: .structure
        default: .string
        }
    }

    // MARK: Lists

    /// Compiles a list's length, once.
    mutating func list(_ spec: FieldSpec) throws(YAMLError) -> ListInfo {
        if let known = lists[spec.name] { return known }
        guard case .list(let count, let element)? = spec.generator else {
            throw YAMLError(
                "'\(spec.name)' is no list", at: spec.mark,
                remedy: "Give it {list: {count: 2, of: …}}, or name another field.")
        }
        let limit: Int64
        switch count {
        case .constant(let node): limit = try node.int("a length", in: 0...64)
        case .uniform(let low, let high, 0) where low >= 0: limit = high
        case .weights(let items): limit = items.compactMap { Int64($0.text) }.max() ?? -1
        default: limit = -1
        }
        guard (0...64).contains(limit) else {
            throw YAMLError(
                "a list's length is known to be at most 64", at: spec.mark,
                remedy: "Use weights or uniform for 'count'.")
        }
        let (_, path) = try shape.field(spec.name, at: spec.mark)
        var counted = spec
        counted.generator = count
        let guards = try enclosing(spec.name)
        let info = try conditional(counted, path: "field:" + path + "#", scope: 0, type: nil, Context(), guards: guards)
        var result = ListInfo(count: info.cell, limit: Int(limit), siblings: [], scalar: nil)
        switch element {
        case .scalar(let generator): result.scalar = generator
        case .structure(let fields): result.siblings = fields
        }
        lists[spec.name] = result
        return result
    }

    private mutating func emitList(_ field: SchemaField, _ element: SchemaType, _ spec: FieldSpec) throws(YAMLError) {
        let info = try list(spec)
        let slot = newSlot(cell: info.count, name: spec.name, scale: 0)
        let start = program.emissions.count
        var begin = emission(.beginList, field, slot: slot)
        begin.form = form(element)
        if case .set = field.type.kind { begin.isSet = true }
        program.emissions.append(begin)
        let (_, path) = try shape.field(spec.name, at: spec.mark)
        for ordinal in 0..<info.limit {
            let head = program.emissions.count
            program.emissions.append(.init(op: .element, slot: slot, ordinal: Int32(ordinal)))
            if let generator = info.scalar {
                let made = try conditional(
                    FieldSpec(name: spec.name, mark: spec.mark, generator: generator), path: "field:\(path)#\(ordinal)",
                    scope: 0, type: element, Context(), guards: [.above(info.count, ordinal)])
                let slot = newSlot(cell: made.cell, name: "\(spec.name).\(ordinal)", scale: made.scale)
                var value = emission(.value, field, slot: slot, isElement: true)
                (value.form, value.scale) = (form(element), Int32(made.scale))
                program.emissions.append(value)
            } else {
                guard case .structure(let index) = element.kind else {
                    throw YAMLError(
                        "the elements of '\(spec.name)' are no structs", at: spec.mark,
                        remedy: "Give 'of' one generator instead of fields by name.")
                }
                try emitElement(field, shape.schemas.structures[index], spec, info, ordinal, slot)
            }
            program.emissions[head].skip = -1
        }
        let end = Int32(program.emissions.count)
        program.emissions.append(.init(op: .endList))
        for at in start..<Int(end) where program.emissions[at].op == .element && program.emissions[at].skip == -1 {
            program.emissions[at].skip = end
        }
        program.emissions[start].skip = end + 1
    }

    private mutating func emitElement(
        _ field: SchemaField, _ structure: SchemaStructure, _ list: FieldSpec, _ info: ListInfo, _ ordinal: Int,
        _ slot: Int32
    ) throws(YAMLError) {
        for spec in info.siblings { _ = try shape.field("\(list.name).\(spec.name)", at: spec.mark) }
        let start = program.emissions.count
        program.emissions.append(emission(.beginStruct, field, slot: slot, isElement: true))
        for inner in structure.fields {
            guard let spec = info.siblings.first(where: { $0.name == inner.name }) else {
                guard inner.presence != .required else {
                    throw YAMLError(
                        "the schema requires '\(list.name).\(inner.name)'", at: list.mark,
                        remedy: "Give '\(inner.name)' a generator under 'of'.")
                }
                continue
            }
            let name = "\(list.name).\(ordinal).\(inner.name)"
            let made = try compile(spec, as: name, info.context(list.name, ordinal))
            let slot = newSlot(cell: made.cell, name: name, scale: made.scale)
            var value = emission(.value, inner, slot: slot)
            (value.form, value.scale) = (form(inner.type), Int32(made.scale))
            guard value.form != .structure else {
                throw YAMLError(
                    "structs in elements are not made", at: spec.mark,
                    remedy: "Leave the field out, or make the list's elements flat.")
            }
            program.emissions.append(value)
        }
        program.emissions.append(.init(op: .endStruct))
        program.emissions[start].skip = Int32(program.emissions.count)
    }

    // MARK: Maps

    private mutating func emitMap(
        _ field: SchemaField, _ type: SchemaType, _ spec: FieldSpec, _ entries: [FieldSpec]
    ) throws(YAMLError) {
        let (_, path) = try shape.field(spec.name, at: spec.mark)
        let guards = try enclosing(spec.name)
        var bare = spec
        bare.generator = nil
        let presence = try conditional(bare, path: "field:" + path, scope: 0, type: nil, Context(), guards: guards)
        let start = program.emissions.count
        var begin = emission(.beginMap, field, slot: newSlot(cell: presence.cell, name: spec.name, scale: 0))
        (begin.form, begin.ordinal) = (form(type), Int32(entries.count))
        program.emissions.append(begin)
        for entry in entries {
            guard let generator = entry.generator, entry.condition == nil, entry.presence == nil else {
                throw YAMLError(
                    "a map's entry has a generator and no condition", at: entry.mark,
                    remedy: "Put 'when' or 'present' at the map itself.")
            }
            var key = Program.Emission(op: .mapKey)
            let (name, plain) = (intern(member: entry.name), intern(entry.name))
            (key.nameStart, key.nameLength) = (name.start, name.length)
            (key.keyStart, key.keyLength) = (plain.start, plain.length)
            program.emissions.append(key)
            let made = try conditional(
                FieldSpec(name: entry.name, mark: entry.mark, generator: generator),
                path: "field:\(path)#\(entry.name)",
                scope: 0, type: type, Context(), guards: [])
            let slot = newSlot(cell: made.cell, name: "\(spec.name).\(entry.name)", scale: made.scale)
            var value = emission(.value, field, slot: slot, isElement: true)
            (value.form, value.scale) = (form(type), Int32(made.scale))
            program.emissions.append(value)
        }
        program.emissions.append(.init(op: .endMap))
        program.emissions[start].skip = Int32(program.emissions.count)
    }
}
