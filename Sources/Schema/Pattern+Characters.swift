extension Pattern.CharacterSet {
    static let last: UInt32 = 0x10FFFF

    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let previous = merged.last, range.lowerBound <= previous.upperBound &+ 1 {
                merged[merged.count - 1] = previous.lowerBound...max(previous.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    init(_ scalar: UInt32) { ranges = [scalar...scalar] }

    var inverted: Pattern.CharacterSet {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= Pattern.CharacterSet.last { result.append(next...Pattern.CharacterSet.last) }
        return Pattern.CharacterSet(result)
    }

    // ES2024 §22.2.2.9, §12.2, §12.3.
    static let digit = Pattern.CharacterSet([0x30...0x39])
    static let word = Pattern.CharacterSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let lineEnds = Pattern.CharacterSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])
    static let space = Pattern.CharacterSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])

    /// `\p{Lu}`, `\p{Letter}`, `\p{gc=L}`; nil for other properties than general categories.
    static func property(_ name: String) -> Pattern.CharacterSet? {
        let name = name.split(separator: "=").last.map(String.init) ?? name
        let short = longNames[name] ?? name
        let wanted = categories.filter { $0.key.hasPrefix(short) && (short.count == 1 || $0.key == short) }.map(\.value)
        return wanted.isEmpty ? nil : Pattern.CharacterSet(wanted.flatMap { byCategory[$0] ?? [] })
    }

    /// Of all code points, found once: there are 1.1 million.
    private static let byCategory: [Unicode.GeneralCategory: [ClosedRange<UInt32>]] = {
        var result: [Unicode.GeneralCategory: [ClosedRange<UInt32>]] = [:]
        var first: UInt32 = 0
        var category = Unicode.GeneralCategory.control
        for value in UInt32(0)...last {
            let next = Unicode.Scalar(value)?.properties.generalCategory ?? .surrogate
            if next != category {
                result[category, default: []].append(first...(value - 1))
                (first, category) = (value, next)
            }
        }
        result[category, default: []].append(first...last)
        return result
    }()

    private static let longNames = [
        "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt", "Mark": "M",
        "Number": "N", "Decimal_Number": "Nd", "digit": "Nd", "Punctuation": "P", "punct": "P", "Symbol": "S",
        "Currency_Symbol": "Sc", "Separator": "Z", "Space_Separator": "Zs", "Other": "C", "Control": "Cc",
    ]

    private static let categories: [String: Unicode.GeneralCategory] = [
        "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter, "Lm": .modifierLetter,
        "Lo": .otherLetter, "Mn": .nonspacingMark, "Mc": .spacingMark, "Me": .enclosingMark, "Nd": .decimalNumber,
        "Nl": .letterNumber, "No": .otherNumber, "Pc": .connectorPunctuation, "Pd": .dashPunctuation,
        "Ps": .openPunctuation, "Pe": .closePunctuation, "Pi": .initialPunctuation, "Pf": .finalPunctuation,
        "Po": .otherPunctuation, "Sm": .mathSymbol, "Sc": .currencySymbol, "Sk": .modifierSymbol, "So": .otherSymbol,
        "Zs": .spaceSeparator, "Zl": .lineSeparator, "Zp": .paragraphSeparator, "Cc": .control, "Cf": .format,
        "Cs": .surrogate, "Co": .privateUse, "Cn": .unassigned,
    ]
}
