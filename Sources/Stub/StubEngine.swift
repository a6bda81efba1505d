import Bytes
import HTTP1
package import Schema
import Thrift

/// What a request gets besides its bytes: how a session sends the answer that was just composed.
struct AnswerEffects: Sendable {
    /// The connection ends behind the answer, as the answer says.
    var ends = false
    var delayNanos: UInt64 = 0
    var fault: StubFault?
    /// 0: as fast as it goes.
    var bytesPerSecond: UInt64 = 0

    /// The answer may go as it is, at once.
    var isPlain: Bool { delayNanos == 0 && fault == nil && bytesPerSecond == 0 }
}

/// Decides what to answer, and counts. One for all connections of a thread.
package struct StubEngine: Sendable {
    let book: AnswerBook
    let probe: TagProbe
    package var delay: Delay
    package internal(set) var counts: StubCounts
    /// How often each operation, and each chain of equal requests, was answered in turn.
    private var turns: [Int]
    private var chainTurns: [Int]
    /// For calls whose method the tape does not know.
    let unknownTree: FieldTree
    private var runner = RuleRunner()
    private var garbage: Randomness
    /// Writes a tape of what comes; nil when nobody asked for one.
    package var recorder: StubRecorder?
    /// From which the rules' schedules count.
    var startNanos: UInt64 = 0

    package init(book: AnswerBook, probe: TagProbe = TagProbe(), delay: Delay = .none) {
        self.book = book
        self.probe = probe
        self.delay = delay
        garbage = Randomness(seed: 0)
        counts = StubCounts(operations: book.operationNames, carriers: probe.names)
        turns = [Int](repeating: 0, count: book.operations.count)
        chainTurns = [Int](repeating: 0, count: book.chains.count)
        var tree = FieldTree()
        for field in probe.fields { tree.probe(field.path, field.carrier, field.condition) }
        unknownTree = tree
    }

    /// Applies rules besides the book's answers.
    ///
    /// - Throws: for an answer that does not fit the schema.
    package mutating func use(_ rules: StubRules, _ schemas: SchemaSet) throws(ComposingError) {
        runner = try RuleRunner(rules.rules, seed: rules.seed, book, schemas)
        garbage = Randomness(seed: rules.seed)
        counts.rules = runner.names.map { StubCounts.Rule(name: $0) }
    }

    /// What the rules say about a request, and the answer of one of them.
    mutating func consult(
        _ bytes: RawSpan, _ form: RequestFields.Form, _ operation: Int?, isThrift: Bool, _ nowNanos: UInt64
    ) -> (effects: AnswerEffects, answer: ComposedAnswer?, isFailed: Bool) {
        var effects = AnswerEffects()
        if runner.isEmpty {
            if !delay.isZero { effects.delayNanos = delay.nextNanos() }
            return (effects, nil, false)
        }
        var fields = runner.fields(bytes, form, operation, number: counts.requests)
        let verdict = runner.verdict(operation, elapsedNanos: nowNanos &- startNanos, &fields, &counts)
        effects.delayNanos = verdict.delayNanos ?? (delay.isZero ? 0 : delay.nextNanos())
        effects.fault = verdict.fault
        effects.bytesPerSecond = verdict.bytesPerSecond ?? 0
        guard let rule = verdict.answer else { return (effects, nil, false) }
        let answer = runner.answer(rule, operation, isThrift: isThrift, &fields)
        if answer == nil { counts.rules[rule].failed += 1 } else { counts.rules[rule].answered += 1 }
        return (effects, answer, answer == nil)
    }

    /// Bytes with which no reply begins.
    mutating func appendGarbage(_ count: Int, to output: inout [UInt8]) {
        output.append(0xFF)
        for _ in 1..<max(count, 1) { output.append(UInt8(truncatingIfNeeded: garbage.next())) }
    }

    /// The answer to the same request, else the next in turn; nil when the operation has none.
    mutating func choose(_ operation: Int, _ fingerprint: UInt64) -> AnswerBook.Answer? {
        if let known = book.matches[fingerprint] {
            counts.matched += 1
            counts.operations[operation].matched += 1
            if known >= 0 { return book.answers[Int(known)] }
            let chain = Int(-1 - known)
            let answers = book.chains[chain]
            let answer = answers[chainTurns[chain] % answers.count]
            chainTurns[chain] &+= 1
            return book.answers[Int(answer)]
        }
        let answers = book.operations[operation].answers
        if answers.isEmpty { return nil }
        let answer = answers[turns[operation] % answers.count]
        turns[operation] = (turns[operation] + 1) % answers.count
        return book.answers[Int(answer)]
    }
}

extension Array where Element == UInt8 {
    /// Appends the bytes of a span.
    @inline(__always)
    mutating func append(copying span: RawSpan) {
        unsafe span.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}
