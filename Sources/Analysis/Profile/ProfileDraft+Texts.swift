extension ProfileDraft {
    /// A generator for texts that are not written: by what the field is, by its shape, never by a value.
    mutating func texts(_ column: Int, siblings: [String: String]) -> String {
        let entry = profile.columns[column]
        let shapes = entry.shapes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let shape = shapes.first?.key ?? "a{8}"
        if shape == "x{8}-x{4}-x{4}-x{4}-x{12}" { return "{unique: uuid}" }
        let look = entry.looks.max { ($0.value, $1.key) < ($1.value, $0.key) }
        let kind =
            PersonalLook.of(name: entry.name)
            ?? look.flatMap { $0.value * 2 > entry.texts ? $0.key : nil }
        switch kind {
        case "email"?:
            let boxes = shapes.filter { $0.value >= options.least && $0.key.hasSuffix("@") }.prefix(6)
            let box = helper("mailbox", patterns(boxes.map { (String($0.key.dropLast()), $0.value) }, "mailbox", []))
            return "{text: \"{\(box)}@example.com\"}"
        case "card"?:
            let bin = helper("bin", "{constant: \"40000000\"}")
            return "{identifier: card, bin: \(bin)}"
        case "nationalId"?:
            let name = entry.name.lowercased()
            if name.contains("cnpj") { return "{identifier: cnpj}" }
            if name.contains("cpf") || shape == "#{11}" { return "{identifier: cpf}" }
            if shape == "#{18}" || shape == "#{17}A" {
                let date = helper("birth", "{date: {from: 1950-01-01, to: 2007-12-31}}")
                return "{identifier: residentId, birthDate: \(date)}"
            }
        case "account"? where shape == "#{18}": return "{identifier: clabe}"
        case "ip"? where shape.filter({ $0 == "." }).count == 3: return "{pattern: \"10.1#.1##.1##\"}"
        case "name"?: return "{pattern: \"^~~~~ ^~~~~~\"}"
        default: break
        }
        if shape == "#{4}-#{2}-#{2}" {
            let isBirth = kind == "birthDate"
            return isBirth
                ? "{date: {from: 1950-01-01, to: 2007-12-31}}" : "{date: {from: 2024-01-01, to: 2026-12-31}}"
        }
        if shape.hasPrefix("#{4}-#{2}-#{2}T#{2}:#{2}:#{2}") {
            let day = helper("day", "{date: {from: 2026-01-01, to: 2026-12-31}}")
            let clock = helper("clock", "{pattern: \"1#:1#:1#\"}")
            let rest = shape.dropFirst("#{4}-#{2}-#{2}T#{2}:#{2}:#{2}".count)
            return "{text: \"{\(day)}T{\(clock)}\(rest.hasPrefix(".") ? ".000" : "")Z\"}"
        }
        let kept = shapes.filter { $0.value >= options.least && !$0.key.contains("…") && !$0.key.contains("+}") }
            .prefix(6)
        // Of somebody's name the beginning tells too much; of a serial number, what all have in common tells nothing.
        let prefix = kind == nil || kind == "phone" ? entry.prefix ?? [] : []
        let isUnique = entry.distinctShare > 0.95 && kept.count == 1
        if isUnique, let serial = serial(shape, prefix) { return serial }
        return patterns(kept.isEmpty ? [(shape, UInt64(1))] : kept.map { ($0.key, $0.value) }, entry.name, prefix)
    }

    /// Texts of these shapes, as often as they are.
    private mutating func patterns(_ shapes: [(String, UInt64)], _ name: String, _ prefix: [UInt8]) -> String {
        if shapes.count < 2 {
            return "{pattern: \(Self.quoted(Self.pattern(shapes.first?.0 ?? "a{8}#{2}", prefix)))}"
        }
        let weights = shapes.enumerated().map { "s\($0.offset): \($0.element.1)" }
        let choice = helper("\(name)Shape", "{weights: {\(weights.joined(separator: ", "))}}")
        let cases = shapes.enumerated().map {
            "s\($0.offset): {pattern: \(Self.quoted(Self.pattern($0.element.0, prefix)))}"
        }
        return "{by: \(choice), cases: {\(cases.joined(separator: ", "))}}"
    }

    /// `u` and ten digits: unique without repeating a value.
    func serial(_ shape: String, _ prefix: [UInt8]) -> String? {
        let letters = String(decoding: prefix.prefix { !(0x30...0x39).contains($0) }, as: UTF8.self)
        let plain = Self.expand(shape)
        let digits = plain.count - letters.count
        guard letters.utf8.allSatisfy({ $0 < 0x80 && $0 > 0x20 && $0 != 0x22 && $0 != 0x5C }),
            (4...18).contains(digits),
            plain.suffix(digits).allSatisfy({ $0 == "#" })
        else { return nil }
        return "{unique: {prefix: \(Self.quoted(letters)), digits: \(digits)}}"
    }

    /// `a{3}-#{2}` written out: `aaa-##`.
    static func expand(_ shape: String) -> [Character] {
        var result: [Character] = []
        var rest = shape[...]
        while let sign = rest.popFirst() {
            var count = 1
            if rest.first == "{", let close = rest.firstIndex(of: "}"),
                let number = Int(rest[rest.index(after: rest.startIndex)..<close].filter { $0 != "+" })
            {
                count = min(number, 64)
                rest = rest[rest.index(after: close)...]
            }
            result += [Character](repeating: sign, count: count)
        }
        return result
    }

    /// A pattern of the scenario's language with the shape, beginning as all values do.
    static func pattern(_ shape: String, _ prefix: [UInt8]) -> String {
        var result = ""
        let known = Array(String(decoding: prefix, as: UTF8.self))
        for (place, sign) in expand(shape).enumerated() {
            if place < known.count && known[place].isASCII {
                result += "#^~%\\".contains(known[place]) ? "\\\(known[place])" : String(known[place])
                continue
            }
            switch sign {
            case "#": result += "#"
            case "a", "ü": result += "~"
            case "A": result += "^"
            case "x": result += "%"
            case "^", "~", "%", "\\": result += "\\\(sign)"
            default: result.append(sign)
            }
        }
        return result
    }

    /// A value that only others use, of the exchange or of the entity at hand; one generator under one name is written once.
    mutating func helper(_ name: String, _ generator: String) -> String {
        let plain = String(name.filter { $0.isASCII && ($0.isLetter || $0.isNumber) })
        let first = (scope == nil ? helperPrefix : "_") + plain
        var free = first
        var number = 1
        let known = scope.map { attributeHelpers[$0] ?? [] } ?? values
        while let other = known.first(where: { $0.name == free }) {
            if other.generator == generator && !name.hasSuffix("Shape") { return free }
            number += 1
            free = "\(first)\(number)"
        }
        if let scope {
            attributeHelpers[scope, default: []].append((free, generator))
        } else {
            values.append((free, generator))
        }
        return free
    }

    /// A text of YAML that is read as it stands.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            default:
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028
                    || scalar.value == 0x2029
                {
                    let hex = String(scalar.value, radix: 16, uppercase: true)
                    result += "\\u" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    /// A name as a key: plain where YAML reads it as a text.
    static func key(_ text: String) -> String {
        let isPlain =
            text.first.map { $0.isASCII && ($0.isLetter || $0 == "_") } ?? false
            && text.utf8.allSatisfy {
                $0 == 0x2E || $0 == 0x5F || $0 == 0x2D || ($0 < 0x80 && Character(Unicode.Scalar($0)).isLetter)
                    || $0 &- 0x30 < 10
            }
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        return isPlain && !words.contains(text.lowercased()) ? text : quoted(text)
    }
}
