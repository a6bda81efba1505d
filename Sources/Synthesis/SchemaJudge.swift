import JSON
import Schema

/// Whether a schema refuses what an anomaly wrote: what decides between `detectableAt` schema and record.
extension Injection {
    func isRefusedBySchema(_ machine: borrowing Machine) -> Bool {
        guard let target = primary else { return false }
        let cell = machine.cells[Int(machine.slots[target.slot])]
        if !cell.isPresent { return target.isRequired }
        let form = machine.layout[target.emission].form
        if form == .null { return !target.type.constraints.isNullable }
        // Thrift skips a field of another type; then it is missing.
        if form != target.form && form != .negativeZero { return isHTTP || target.isRequired }
        guard isHTTP else { return false }
        if target.form == .enumeration { return !target.cases.contains { $0.name == machine.text(cell) } }
        if target.form == .string { return isRefused(machine.text(cell), target.type.constraints) }
        return isRefused(cell.int, Int(machine.layout[target.emission].scale), target)
    }

    private func isRefused(_ text: String, _ constraints: Constraints) -> Bool {
        let length = text.unicodeScalars.count
        if let least = constraints.minimumLength, length < least { return true }
        if let most = constraints.maximumLength, length > most { return true }
        guard let pattern = constraints.pattern, let matcher = PatternMatcher(pattern) else { return false }
        return !matcher.matches(text)
    }

    private func isRefused(_ number: Int64, _ scale: Int, _ target: Target) -> Bool {
        guard [.i8, .i16, .i32, .i64, .double].contains(target.form) else { return false }
        var divisor = 1.0
        for _ in 0..<min(scale, 18) { divisor *= 10 }
        let value = Double(number) / divisor
        let constraints = target.type.constraints
        if let least = constraints.minimum {
            let isBelow = scale == 0 && least.int64 != nil ? number < (least.int64 ?? 0) : value < least.double
            if isBelow || (constraints.isMinimumExclusive && value == least.double) { return true }
        }
        if let most = constraints.maximum {
            let isAbove = scale == 0 && most.int64 != nil ? number > (most.int64 ?? 0) : value > most.double
            if isAbove || (constraints.isMaximumExclusive && value == most.double) { return true }
        }
        return false
    }
}

/// The part of ECMA 262 expressions that schemas use: classes, groups, alternatives, counts and anchors.
///
/// Nil for anything else, which then counts as unknown. Matching backtracks and gives up after a million steps.
struct PatternMatcher: Sendable {
    private indirect enum Node: Sendable {
        case set([ClosedRange<UInt32>], isNegated: Bool)
        case start, end
        case group([[Piece]])
    }

    private struct Piece: Sendable {
        var node: Node
        var least: Int
        var most: Int
    }

    private let alternatives: [[Piece]]

    init?(_ pattern: String) {
        var parser = Parser(Array(pattern.unicodeScalars).map(\.value))
        guard let alternatives = parser.alternatives(depth: 0), parser.at == parser.text.count else { return nil }
        self.alternatives = alternatives
    }

    /// True when some part of `text` matches.
    func matches(_ text: String) -> Bool {
        let scalars = text.unicodeScalars.map(\.value)
        var steps = 0
        for start in 0...scalars.count {
            if Self.match(alternatives, scalars, start, &steps, { _, _ in true }) { return true }
        }
        return false
    }

    private static func match(
        _ alternatives: [[Piece]], _ text: [UInt32], _ at: Int, _ steps: inout Int,
        _ then: (Int, inout Int) -> Bool
    ) -> Bool {
        for pieces in alternatives where match(pieces[...], text, at, &steps, then) { return true }
        return false
    }

    private static func match(
        _ pieces: ArraySlice<Piece>, _ text: [UInt32], _ at: Int, _ steps: inout Int, _ then: (Int, inout Int) -> Bool
    ) -> Bool {
        guard let piece = pieces.first else { return then(at, &steps) }
        return repeated(piece, 0, pieces.dropFirst(), text, at, &steps, then)
    }

    private static func repeated(
        _ piece: Piece, _ count: Int, _ rest: ArraySlice<Piece>, _ text: [UInt32], _ at: Int, _ steps: inout Int,
        _ then: (Int, inout Int) -> Bool
    ) -> Bool {
        steps += 1
        if steps > 1_000_000 { return false }
        if count < piece.most {
            let isMatch = one(piece.node, text, at, &steps) { next, steps in
                // A turn that takes nothing would go on for ever.
                (next > at || count < piece.least)
                    && repeated(piece, count + 1, rest, text, next, &steps, then)
            }
            if isMatch { return true }
        }
        return count >= piece.least && match(rest, text, at, &steps, then)
    }

    private static func one(
        _ node: Node, _ text: [UInt32], _ at: Int, _ steps: inout Int, _ then: (Int, inout Int) -> Bool
    ) -> Bool {
        switch node {
        case .start: return at == 0 && then(at, &steps)
        case .end: return at == text.count && then(at, &steps)
        case .set(let ranges, let isNegated):
            guard at < text.count else { return false }
            return ranges.contains { $0.contains(text[at]) } != isNegated && then(at + 1, &steps)
        case .group(let alternatives): return match(alternatives, text, at, &steps, then)
        }
    }

    private struct Parser {
        let text: [UInt32]
        var at = 0

        init(_ text: [UInt32]) { self.text = text }

        private func peek(_ character: Character) -> Bool {
            at < text.count && text[at] == character.unicodeScalars.first?.value
        }

        private mutating func take(_ character: Character) -> Bool {
            guard peek(character) else { return false }
            at += 1
            return true
        }

        mutating func alternatives(depth: Int) -> [[Piece]]? {
            guard depth < 32 else { return nil }
            var result: [[Piece]] = []
            repeat {
                var pieces: [Piece] = []
                while at < text.count, !peek("|"), !peek(")") {
                    guard let piece = piece(depth) else { return nil }
                    pieces.append(piece)
                }
                result.append(pieces)
            } while take("|")
            return result
        }

        private mutating func piece(_ depth: Int) -> Piece? {
            guard let node = atom(depth) else { return nil }
            var piece = Piece(node: node, least: 1, most: 1)
            if take("*") {
                (piece.least, piece.most) = (0, .max)
            } else if take("+") {
                piece.most = .max
            } else if take("?") {
                piece.least = 0
            } else if take("{") {
                guard let least = number() else { return nil }
                (piece.least, piece.most) = (least, least)
                if take(",") { piece.most = number() ?? .max }
                guard take("}"), piece.least <= piece.most else { return nil }
            }
            // Lazy counts match the same texts.
            if piece.least != 1 || piece.most != 1 { _ = take("?") }
            return piece
        }

        private mutating func number() -> Int? {
            var value: Int?
            while at < text.count, (0x30...0x39).contains(text[at]), (value ?? 0) < 100_000 {
                value = (value ?? 0) * 10 + Int(text[at] - 0x30)
                at += 1
            }
            return value
        }

        private mutating func atom(_ depth: Int) -> Node? {
            if take("^") { return .start }
            if take("$") { return .end }
            if take(".") { return .set([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029], isNegated: true) }
            if take("(") {
                if take("?") { guard take(":") else { return nil } }
                guard let inner = alternatives(depth: depth + 1), take(")") else { return nil }
                return .group(inner)
            }
            if take("[") { return set() }
            if take("\\") { return escape() }
            guard at < text.count, !peek("*"), !peek("+"), !peek("?"), !peek("{"), !peek("]"), !peek("}") else {
                return nil
            }
            at += 1
            return .set([text[at - 1]...text[at - 1]], isNegated: false)
        }

        private mutating func escape() -> Node? {
            guard at < text.count else { return nil }
            at += 1
            switch text[at - 1] {
            case 0x64: return .set(Self.digits, isNegated: false)
            case 0x44: return .set(Self.digits, isNegated: true)
            case 0x77: return .set(Self.words, isNegated: false)
            case 0x57: return .set(Self.words, isNegated: true)
            case 0x73: return .set(Self.blanks, isNegated: false)
            case 0x53: return .set(Self.blanks, isNegated: true)
            // Letters and digits behind a backslash mean more than is read here.
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: return nil
            default: return .set([text[at - 1]...text[at - 1]], isNegated: false)
            }
        }

        private mutating func set() -> Node? {
            let isNegated = take("^")
            var ranges: [ClosedRange<UInt32>] = []
            while at < text.count, !peek("]") {
                if take("\\") {
                    guard case .set(let inner, false)? = escape() else { return nil }
                    ranges += inner
                    continue
                }
                let low = text[at]
                at += 1
                if peek("-"), at + 1 < text.count, text[at + 1] != 0x5D {
                    at += 1
                    guard !peek("\\"), low <= text[at] else { return nil }
                    ranges.append(low...text[at])
                    at += 1
                } else {
                    ranges.append(low...low)
                }
            }
            return take("]") ? .set(ranges, isNegated: isNegated) : nil
        }

        private static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
        private static let words: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
        private static let blanks: [ClosedRange<UInt32>] = [
            0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x2028...0x2029, 0xFEFF...0xFEFF,
        ]
    }
}
