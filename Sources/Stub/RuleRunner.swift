import Bytes
import Expression
import Schema
import Thrift

/// Decides by rules what becomes of requests. One for all connections of a thread.
///
/// Each rule draws from streams of its own: the n-th request that meets its conditions meets the same fate under the same
/// seed, whatever connection it comes on.
struct RuleRunner: Sendable {
    /// What the rules say about one request.
    struct Verdict: Sendable {
        /// The rule that answers.
        var answer: Int?
        var delayNanos: UInt64?
        var fault: StubFault?
        var bytesPerSecond: UInt64?
    }

    private struct Entry: Sendable {
        var rule: StubRule
        var shareDraws: Randomness
        var faultDraws: Randomness
        var delay: Delay?
        /// Answers that need nothing from the request, by operation; the key -1 is that of HTTP.
        var fixed: [Int: ComposedAnswer] = [:]
    }

    private var entries: [Entry] = []
    /// Rules that may hold, by operation; the last list is for what is none.
    private var candidates: [[Int]] = []
    /// Whether one of those has to look into the request.
    private var looks: [Bool] = []
    private var operations: [(name: String, isThrift: Bool)] = []
    private let schemas: SchemaSet

    var isEmpty: Bool { entries.isEmpty }
    var names: [String] { entries.map(\.rule.name) }

    /// No rules.
    init() { schemas = SchemaSet() }

    /// - Throws: for an answer that does not fit the schema of an operation that its rule is for.
    init(_ rules: [StubRule], seed: UInt64, _ book: AnswerBook, _ schemas: SchemaSet) throws(ComposingError) {
        self.schemas = schemas
        let thrift = Set(book.methods.values)
        operations = book.operations.enumerated().map { ($1.name, thrift.contains($0)) }
        for (index, rule) in rules.enumerated() {
            let stream = UInt64(index) * 3 + 1
            var entry = Entry(
                rule: rule, shareDraws: Randomness(seed: seed, stream: stream),
                faultDraws: Randomness(seed: seed, stream: stream + 1),
                delay: rule.delay.map { Delay($0, Randomness(seed: seed, stream: stream + 2)) })
            try fix(&entry)
            entries.append(entry)
        }
        for place in 0...operations.count {
            let name = place < operations.count ? operations[place].name : nil
            let indices = rules.indices.filter { Self.concerns(rules[$0], name) }
            candidates.append(indices)
            looks.append(indices.contains { rules[$0].condition != nil || rules[$0].answer?.readsRequest == true })
        }
    }

    private static func concerns(_ rule: StubRule, _ operation: String?) -> Bool {
        guard let operation else { return rule.operations.isEmpty }
        return rule.operations.isEmpty || rule.operations.contains { $0.matches(operation) }
    }

    /// Composes what is the same for every request, and finds out what cannot be composed at all.
    private func fix(_ entry: inout Entry) throws(ComposingError) {
        guard let answer = entry.rule.answer else { return }
        for (index, operation) in operations.enumerated() where Self.concerns(entry.rule, operation.name) {
            guard operation.isThrift else { continue }
            guard let found = schemas.operation(named: operation.name) else {
                throw ComposingError(
                    [entry.rule.name], "no IDL declares \(operation.name)", remedy: "Give the IDL with --idl FILE.")
            }
            if answer.readsRequest { continue }
            do throws(ComposingError) {
                entry.fixed[index] = try ComposedAnswer(answer, found, schemas) { _ in nil }
            } catch {
                throw ComposingError(
                    [entry.rule.name] + (error.path.isEmpty ? [] : [error.path]), error.message, remedy: error.remedy)
            }
        }
        if !answer.readsRequest { entry.fixed[-1] = ComposedAnswer(answer) { _ in nil } }
    }

    /// The fields of a request, when a rule has to look into it.
    func fields(_ bytes: RawSpan, _ form: RequestFields.Form, _ operation: Int?, number: UInt64) -> RequestFields? {
        guard !looks.isEmpty, looks[operation ?? operations.count] else { return nil }
        let name = operation.map { operations[$0].name } ?? ""
        return RequestFields([UInt8](copying: bytes), form, operation: name, number: number, schemas)
    }

    /// What becomes of a request of `operation` (nil: of none that is known).
    mutating func verdict(
        _ operation: Int?, elapsedNanos: UInt64, _ fields: inout RequestFields?, _ counts: inout StubCounts
    ) -> Verdict {
        var verdict = Verdict()
        var hasFaults = false
        for index in candidates[operation ?? operations.count] {
            guard entries[index].rule.schedule.holds(elapsedNanos) else { continue }
            if let condition = entries[index].rule.condition {
                let holds = condition.isTrue { path in fields?.value(at: path).map { ExpressionValue($0) } ?? .missing }
                if !holds { continue }
            }
            let share = entries[index].rule.shareBillionths
            if share < 1_000_000_000, entries[index].shareDraws.next(below: 1_000_000_000) >= share { continue }
            counts.rules[index].matched += 1
            if verdict.answer == nil && entries[index].rule.answer != nil { verdict.answer = index }
            if verdict.delayNanos == nil, let nanos = entries[index].delay?.nextNanos() {
                verdict.delayNanos = nanos
                counts.rules[index].delayed += 1
            }
            if !hasFaults && !entries[index].rule.faults.isEmpty {
                hasFaults = true
                verdict.fault = draw(index)
                if let fault = verdict.fault { counts.note(fault, rule: index) }
            }
            if verdict.bytesPerSecond == nil { verdict.bytesPerSecond = entries[index].rule.bytesPerSecond }
        }
        return verdict
    }

    /// One draw for all faults of a rule, so that they exclude each other.
    private mutating func draw(_ index: Int) -> StubFault? {
        var place = entries[index].faultDraws.next(below: 1_000_000_000)
        for drawn in entries[index].rule.faults {
            if place < drawn.shareBillionths { return drawn.fault }
            place -= drawn.shareBillionths
        }
        return nil
    }

    /// The answer of a rule to a request of `operation`; nil when it cannot be composed from this request.
    func answer(_ rule: Int, _ operation: Int?, isThrift: Bool, _ fields: inout RequestFields?) -> ComposedAnswer? {
        if let fixed = entries[rule].fixed[isThrift ? operation ?? -2 : -1] { return fixed }
        guard let template = entries[rule].rule.answer else { return nil }
        if !isThrift { return ComposedAnswer(template) { fields?.value(at: $0) } }
        guard let operation, let found = schemas.operation(named: operations[operation].name) else { return nil }
        return try? ComposedAnswer(template, found, schemas) { fields?.value(at: $0) }
    }
}
