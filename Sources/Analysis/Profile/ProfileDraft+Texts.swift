import Privacy

extension ProfileDraft {
    /// Shapes that are written of a field, at most.
    private static let shapeLimit = 64

    /// A generator for texts that are not written: by what the field is, by its shape, never by a value.
    mutating func texts(_ column: Int) -> String {
        let entry = profile.columns[column]
        let shapes = entry.shapes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let kept = shapes.filter { $0.value >= options.least && !$0.key.contains("…") && !$0.key.contains("+}") }
        let shape = kept.first?.key ?? (entry.personal == .email ? "a{8}@" : "a{8}")
        if case .card? = entry.personal {
            return "{identifier: card, bin: \(helper("bin", "{constant: \"40000000\"}"))}"
        }
        if shape == "#{4}-#{2}-#{2}" {
            return entry.personal == .birthDate
                ? "{date: {from: 1950-01-01, to: 2007-12-31}}" : "{date: {from: 2024-01-01, to: 2026-12-31}}"
        }
        if shape.hasPrefix("#{4}-#{2}-#{2}T#{2}:#{2}:#{2}") {
            let day = helper("day", "{date: {from: 2026-01-01, to: 2026-12-31}}")
            let clock = helper("clock", "{pattern: \"1#:1#:1#\"}")
            let rest = shape.dropFirst("#{4}-#{2}-#{2}T#{2}:#{2}:#{2}".count)
            return "{text: \"{\(day)}T{\(clock)}\(rest.hasPrefix(".") ? ".000" : "")Z\"}"
        }
        let prefix = commonPrefix(column)
        // A scenario makes more requests than there were; where digits are few, values come twice.
        let isLong = Self.expand(shape).count { $0 == "#" } >= 9
        let isUnique = entry.distinctShare > 0.95 && kept.count == 1 && isLong
        if isUnique, let serial = serial(shape, prefix, for: 1) { return serial }
        let all = kept.isEmpty ? [(shape, UInt64(1))] : kept.map { ($0.key, $0.value) }
        return patterns(all, entry.name, prefix, entry.personal)
    }

    /// What all values begin with, where that tells of nobody: of somebody's name the beginning tells too much; of a serial
    /// number, what the values of many people have in common tells nothing.
    func commonPrefix(_ column: Int) -> [UInt8] {
        let entry = profile.columns[column]
        switch entry.personal {
        case nil, .phone?, .device?, .accountID?, .token?: break
        default: return []
        }
        let least = Double(options.least)
        guard entry.distinct >= least, crowd.people.map({ $0 >= least }) ?? true, let prefix = entry.prefix else {
            return []
        }
        // With the first digits of ids known, too many of those that are made would be recorded ones.
        let known = entry.isIdentifier ? Array(prefix.prefix { !(0x30...0x39).contains($0) }) : prefix
        var finder = PersonalFinder()
        return PersonalLook.of(String(decoding: known, as: UTF8.self), &finder) == nil ? known : []
    }

    /// Texts of these shapes, as often as they are.
    private mutating func patterns(
        _ shapes: [(String, UInt64)], _ name: String, _ prefix: [UInt8], _ personal: PersonalClass?
    ) -> String {
        let kept = shapes.prefix(Self.shapeLimit)
        if kept.count < 2 { return shaped(kept.first?.0 ?? "a{8}#{2}", prefix, personal) }
        let weights = kept.enumerated().map { "s\($0.offset): \($0.element.1)" }
        let choice = helper("\(name)Shape", "{weights: {\(weights.joined(separator: ", "))}}")
        let cases = kept.enumerated().map { "s\($0.offset): \(shaped($0.element.0, prefix, personal))" }
        return "{by: \(choice), cases: {\(cases.joined(separator: ", "))}}"
    }

    /// A value of one shape: bytes, an address on the network, letters that are not English, or a pattern.
    private mutating func shaped(_ shape: String, _ prefix: [UInt8], _ personal: PersonalClass?) -> String {
        if let number = numbered(shape, personal) { return number }
        if shape == "x{8}-x{4}-x{4}-x{4}-x{12}" { return "{unique: uuid}" }
        if shape.hasSuffix("@") {
            let box = helper("mailbox", "{pattern: \(Self.quoted(Self.pattern(String(shape.dropLast()), [])))}")
            return "{text: \"{\(box)}@example.com\"}"
        }
        if shape.hasPrefix("bytes{"), let count = Int(shape.dropFirst(6).dropLast()) {
            return "{bytes: \(min(count, 4096))}"
        }
        let octets = shape.split(separator: ".", omittingEmptySubsequences: false).map { Self.octets[String($0)] }
        if octets.count == 4, !octets.contains(nil) {
            return "{pattern: \"\(octets.compactMap { $0 }.joined(separator: "."))\"}"
        }
        let signs = Self.expand(shape)
        guard signs.contains("ü"), prefix.isEmpty else {
            return "{pattern: \(Self.quoted(Self.pattern(shape, prefix)))}"
        }
        // Names in Chinese begin with such a letter, those in Portuguese and Spanish have one among others.
        let letters = signs.first == "ü" ? ("han", Self.hanLetters) : ("latin", Self.latinLetters)
        let letterCount = signs.count { $0 == "ü" }
        var (text, run, place) = ("", "", 0)
        for sign in signs + ["ü"] {
            if sign != "ü" {
                run.append(sign)
                continue
            }
            place += 1
            if !run.isEmpty {
                text += "{\(helper("part\(place)", "{pattern: \(Self.quoted(Self.pattern(run, [])))}"))}"
            }
            run = ""
            // The one behind the last only ends the text.
            if place <= letterCount { text += "{\(helper("\(letters.0)\(place)", letters.1))}" }
        }
        return "{text: \(Self.quoted(text))}"
    }

    /// What states and banks number people by, told by its class and its length; nil for every other text.
    private mutating func numbered(_ shape: String, _ personal: PersonalClass?) -> String? {
        let isNational = personal == .nationalID
        switch (shape, personal) {
        case ("#{11}", .cpf?), ("#{11}", .nationalID?), ("#{11}", .bankAccount?): return "{identifier: cpf}"
        case ("#{14}", .cnpj?), ("#{14}", .nationalID?), ("#{14}", .bankAccount?): return "{identifier: cnpj}"
        case ("#{18}", .clabe?), ("#{18}", .bankAccount?): return "{identifier: clabe}"
        case ("#{18}", _) where isNational || personal == .residentID,
            ("#{17}A", _) where isNational || personal == .residentID:
            let date = helper("birth", "{date: {from: 1950-01-01, to: 2007-12-31}}")
            return "{identifier: residentId, birthDate: \(date)}"
        default: return nil
        }
    }

    /// Parts of an address on the network, by their digits.
    private static let octets = ["#": "#", "#{2}": "1#", "#{3}": "1##"]

    /// Letters that are not English, of which names are made.
    private static let hanLetters = weights(of: "安博晨达恩芳光海佳凯丽明宁平强荣书涛伟欣雅远泽志")
    private static let latinLetters = weights(of: "áãâéêíóõôúç")

    private static func weights(of letters: String) -> String {
        "{weights: {\(letters.map { "\(quoted(String($0))): 1" }.joined(separator: ", "))}}"
    }

    /// `u` and ten digits: unique without repeating a value.
    ///
    /// - Parameter number: values that there must be; the digits become more where they are too few.
    func serial(_ shape: String, _ prefix: [UInt8], for number: Double) -> String? {
        let letters = String(decoding: prefix.prefix { !(0x30...0x39).contains($0) }, as: UTF8.self)
        let plain = Self.expand(shape)
        let digits = plain.count - letters.count
        guard letters.utf8.allSatisfy({ $0 < 0x80 && $0 > 0x20 && $0 != 0x22 && $0 != 0x5C }),
            (4...18).contains(digits),
            plain.suffix(digits).allSatisfy({ $0 == "#" })
        else { return nil }
        let needed = (1...18).first { count in (0..<count).reduce(1.0) { power, _ in power * 10 } >= number } ?? 18
        return "{unique: {prefix: \(Self.quoted(letters)), digits: \(max(digits, needed))}}"
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
