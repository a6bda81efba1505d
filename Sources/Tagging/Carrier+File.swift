package import YAML

extension Carrier {
    /// Reads a file of carriers, which are enabled beside those of `--carrier`; `schemas/carriers.schema.json` describes it:
    ///
    /// ```yaml
    /// version: 1
    /// carriers:
    ///   - {http: x-rehearsal}                # holds the tag; http, baggage, theader, ttheader, ttheader-int or json
    ///   - {ttheader-int: 21, value: "1"}     # holds this instead
    ///   - thrift: 1.20.5                     # argument id, then field ids
    ///     or: 0x1                            # bits of an integer; or value: a text; neither: the tag as text
    ///     missing: create                    # or skip, or refuse
    ///     with:                              # siblings that the struct requires, when it has to be created
    ///       - {id: 1, type: string, value: tinct}
    ///       - {id: 2, type: i32, value: 7}
    /// ```
    package static func parse(file bytes: [UInt8], name: String) throws(YAMLError) -> [Carrier] {
        let root = try YAMLNode.parse(bytes, file: name).mapping("a file of carriers", keys: ["version", "carriers"])
        _ = try root.required("version").int("carriers version 1", in: 1...1)
        var carriers: [Carrier] = []
        for node in try root.required("carriers").sequence("a list of carriers") {
            let carrier = try carrier(node)
            if carriers.contains(where: { $0.place == carrier.place }) {
                throw YAMLError(
                    "the carrier \(carrier.description) stands here a second time", at: node.mark,
                    remedy: "Keep one of them.")
            }
            carriers.append(carrier)
        }
        if carriers.isEmpty { throw YAMLError("the file has no carrier", at: root.mark, remedy: "Name at least one.") }
        return carriers
    }

    private static let kinds = ["http", "baggage", "theader", "ttheader", "ttheader-int", "json", "thrift"]

    private static func carrier(_ node: YAMLNode) throws(YAMLError) -> Carrier {
        let map = try node.mapping("a carrier", keys: kinds + ["value", "or", "missing", "with"])
        for entry in map.entries where entry.value.isNull {
            throw YAMLError(
                "'\(entry.key)' says nothing", at: entry.keyMark, remedy: "Give it a value, or leave it out.")
        }
        let places = map.entries.filter { kinds.contains($0.key) }
        guard places.count == 1, let entry = places.first else {
            throw YAMLError(
                "a carrier has one place", at: node.mark, remedy: "Give one of: \(kinds.joined(separator: ", ")).")
        }
        if entry.key == "thrift" { return try thrift(entry.value, map) }
        if let other = map["or"] ?? map["missing"] ?? map["with"] {
            throw YAMLError(
                "only a Thrift field has bits, siblings, or can be missing", at: other.mark,
                remedy: "Remove it; value: says what another place holds.")
        }
        let text: String
        switch entry.value.value {
        case .int(let number) where entry.key == "ttheader-int": text = String(number)
        case .string(let name) where entry.key != "ttheader-int": text = name
        default:
            throw entry.value.expected(
                "the name of the place", remedy: "Write a text, like http: x-rehearsal, or a number for ttheader-int.")
        }
        do throws(TagError) {
            return Carrier(try place(entry.key, text, "\(entry.key):\(text)"), try value(map["value"]) ?? .run)
        } catch {
            throw YAMLError(error.message, at: entry.value.mark, remedy: error.remedy)
        }
    }

    private static func value(_ node: YAMLNode?) throws(TagError) -> Value? {
        guard let node else { return nil }
        guard case .string(let text) = node.value, isFieldText(text) else {
            throw TagError(
                .unreadable, "a carrier's value must be a text of visible ASCII",
                remedy: "Put it in quotes, and leave out line breaks.")
        }
        return .fixed(text)
    }

    private static func thrift(_ node: YAMLNode, _ map: YAMLMapping) throws(YAMLError) -> Carrier {
        guard let path = fieldPath(try node.string("a field path")), (2...32).contains(path.count) else {
            throw node.expected(
                "argument id, then field ids", remedy: "Write them like \"1.20.5\", in quotes if there are two.")
        }
        var place = ThriftPlace(path: path)
        if let missing = map["missing"] {
            switch try missing.choice("way to treat a missing field", of: ["create", "skip", "refuse"]) {
            case "skip": place.missing = .skip
            case "refuse": place.missing = .refuse
            default: place.missing = .create
            }
        }
        for sibling in try map["with"]?.sequence("a list of fields") ?? [] {
            place.siblings.append(try self.sibling(sibling))
        }
        if let bits = map["or"] {
            if let value = map["value"] {
                throw YAMLError(
                    "a field holds bits or a text, not both", at: value.mark, remedy: "Keep 'or' or 'value'.")
            }
            let mask = try bits.int("bits", in: 1 ... .max)
            return Carrier(.thriftField(place), .mask(mask))
        }
        do throws(TagError) { return Carrier(.thriftField(place), try value(map["value"]) ?? .run) } catch {
            throw YAMLError(error.message, at: node.mark, remedy: error.remedy)
        }
    }

    private static func sibling(_ node: YAMLNode) throws(YAMLError) -> ThriftPlace.Sibling {
        let map = try node.mapping("a field", keys: ["id", "type", "value"])
        let id = Int16(clamping: try map.required("id").int("a field id", in: 1...32_767))
        let value = try map.required("value")
        switch try map.required("type").choice("type", of: ["string", "bool", "i8", "i16", "i32", "i64"]) {
        case "bool": return .init(id: id, value: .bool(try value.bool()))
        case "i8": return .init(id: id, value: .i8(Int8(clamping: try value.int("an i8", in: -128...127))))
        case "i16": return .init(id: id, value: .i16(Int16(clamping: try value.int("an i16", in: -32_768...32_767))))
        case "i32":
            return .init(
                id: id, value: .i32(Int32(clamping: try value.int("an i32", in: -2_147_483_648...2_147_483_647))))
        case "i64": return .init(id: id, value: .i64(try value.int("an i64")))
        default:
            guard case .string(let text) = value.value else {
                throw value.expected("a text", remedy: "Put it in quotes.")
            }
            return .init(id: id, value: .text(text))
        }
    }
}
