/// A regular expression of JSON Schema: ECMA-262 (ES2024 §22.2) with the `u` flag, searched for anywhere in a text.
///
/// Matching takes time in proportion to text × pattern whatever the pattern is, so one from a hostile schema cannot hang;
/// what would need more (backreferences, lookbehind) is refused by name. `\A`, `\z` and `\Z` are understood as Go's RE2 has them,
/// for `vt.pattern`.
package struct Pattern: Sendable, Equatable {
    package let text: String
    /// What it is made of, for whoever makes texts that match.
    package let root: Node
    let program: [Instruction]

    package indirect enum Node: Sendable, Equatable {
        case empty
        /// One character of these.
        case characters(CharacterSet)
        case sequence([Node])
        case alternatives([Node])
        /// Without an upper bound when `maximum` is nil.
        case repetition(Node, minimum: Int, maximum: Int?)
        case start, end
        case wordBoundary(Bool)
        case lookahead(Node, isNegative: Bool)
    }

    /// Unicode scalars, as disjoint ranges in order.
    package struct CharacterSet: Sendable, Equatable {
        package internal(set) var ranges: [ClosedRange<UInt32>]

        func contains(_ scalar: UInt32) -> Bool {
            var low = 0
            var high = ranges.count
            while low < high {
                let middle = (low + high) / 2
                if scalar > ranges[middle].upperBound { low = middle + 1 } else { high = middle }
            }
            return low < ranges.count && ranges[low].contains(scalar)
        }
    }

    enum Instruction: Sendable, Equatable {
        case characters(CharacterSet)
        /// Goes on at both places.
        case split(Int, Int)
        case jump(Int)
        case start, end
        case wordBoundary(Bool)
        /// What is looked for stands from the next instruction to the one before `end`.
        case lookahead(end: Int, isNegative: Bool)
        case match
    }

    /// - Throws: with the offset in scalars, what is wrong there and what to write instead.
    package init(_ text: String) throws(PatternError) {
        var parser = PatternParser(text)
        self.text = text
        root = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.emit(root)
        compiler.program.append(.match)
        program = compiler.program
    }

    /// Whether the pattern is found anywhere in `text`.
    package func matches(_ text: String) -> Bool {
        var matcher = PatternMatcher(program: program, text: text.unicodeScalars.map(\.value))
        return matcher.search()
    }
}

/// Why a pattern cannot be used.
package struct PatternError: Error, Sendable, Equatable {
    /// In Unicode scalars from the beginning of the pattern.
    package var offset: Int
    package var message: String
    package var remedy: String

    init(_ offset: Int, _ message: String, _ remedy: String) {
        self.offset = offset
        self.message = message
        self.remedy = remedy
    }
}

struct PatternCompiler {
    /// Counted repetitions are written out.
    static let limit = 20_000

    var program: [Pattern.Instruction] = []

    private mutating func add(_ instruction: Pattern.Instruction) throws(PatternError) {
        guard program.count < PatternCompiler.limit else {
            throw PatternError(
                0, "the pattern is too large once its repetitions are written out",
                "Use minLength and maxLength for long counts.")
        }
        program.append(instruction)
    }

    mutating func emit(_ node: Pattern.Node) throws(PatternError) {
        switch node {
        case .empty: return
        case .characters(let set): try add(.characters(set))
        case .sequence(let nodes): for node in nodes { try emit(node) }
        case .alternatives(let nodes):
            var jumps: [Int] = []
            for (index, node) in nodes.enumerated() {
                guard index < nodes.count - 1 else {
                    try emit(node)
                    break
                }
                let split = program.count
                try add(.split(split + 1, 0))
                try emit(node)
                jumps.append(program.count)
                try add(.jump(0))
                program[split] = .split(split + 1, program.count)
            }
            for jump in jumps { program[jump] = .jump(program.count) }
        case .repetition(let node, let minimum, let maximum):
            for _ in 0..<minimum { try emit(node) }
            guard let maximum else {
                let split = program.count
                try add(.split(split + 1, 0))
                try emit(node)
                try add(.jump(split))
                program[split] = .split(split + 1, program.count)
                return
            }
            var splits: [Int] = []
            for _ in minimum..<max(minimum, maximum) {
                splits.append(program.count)
                try add(.split(program.count + 1, 0))
                try emit(node)
            }
            for split in splits { program[split] = .split(split + 1, program.count) }
        case .start: try add(.start)
        case .end: try add(.end)
        case .wordBoundary(let isWanted): try add(.wordBoundary(isWanted))
        case .lookahead(let node, let isNegative):
            let start = program.count
            try add(.lookahead(end: 0, isNegative: isNegative))
            try emit(node)
            try add(.match)
            program[start] = .lookahead(end: program.count, isNegative: isNegative)
        }
    }
}

/// Follows every way through the program at once (Thompson, CACM 11(6), 1968), so each place of the text is visited once.
struct PatternMatcher {
    let program: [Pattern.Instruction]
    let text: [UInt32]
    /// What a lookahead said, by instruction and place.
    private var looks: [Int: Bool] = [:]

    init(program: [Pattern.Instruction], text: [UInt32]) {
        self.program = program
        self.text = text
    }

    mutating func search() -> Bool { run(from: 0, at: 0, isAnchored: false) }

    private mutating func run(from first: Int, at begin: Int, isAnchored: Bool) -> Bool {
        var current: [Int] = []
        var marks = [Int](repeating: -1, count: program.count)
        var at = begin
        while true {
            if (!isAnchored || at == begin), follow(first, at, &current, &marks) { return true }
            if at == text.count || (isAnchored && current.isEmpty) { return false }
            var next: [Int] = []
            let scalar = text[at]
            at += 1
            for state in current {
                if case .characters(let set) = program[state], set.contains(scalar),
                    follow(state + 1, at, &next, &marks)
                {
                    return true
                }
            }
            current = next
        }
    }

    /// Adds what can be reached from `start` without taking a character; true at the end of the program.
    private mutating func follow(_ start: Int, _ at: Int, _ states: inout [Int], _ marks: inout [Int]) -> Bool {
        var stack = [start]
        while let state = stack.popLast() {
            if marks[state] == at { continue }
            marks[state] = at
            switch program[state] {
            case .characters: states.append(state)
            case .split(let a, let b):
                stack.append(b)
                stack.append(a)
            case .jump(let target): stack.append(target)
            case .start: if at == 0 { stack.append(state + 1) }
            case .end: if at == text.count { stack.append(state + 1) }
            case .wordBoundary(let isWanted): if isBoundary(at) == isWanted { stack.append(state + 1) }
            case .lookahead(let end, let isNegative): if look(state, at) != isNegative { stack.append(end) }
            case .match: return true
            }
        }
        return false
    }

    private mutating func look(_ state: Int, _ at: Int) -> Bool {
        let key = state * (text.count + 1) + at
        if let known = looks[key] { return known }
        let found = run(from: state + 1, at: at, isAnchored: true)
        looks[key] = found
        return found
    }

    private func isBoundary(_ at: Int) -> Bool {
        let before = at > 0 && Pattern.CharacterSet.word.contains(text[at - 1])
        let after = at < text.count && Pattern.CharacterSet.word.contains(text[at])
        return before != after
    }
}
