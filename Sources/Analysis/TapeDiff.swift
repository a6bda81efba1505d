package import Expression
package import JSON
package import Tape

/// How the responses of a replay differ from those of the tape that was replayed. Feed it pairs; memory grows with the
/// number of different fields, not with the tapes.
package struct TapeDiff {
    package struct Options: Sendable {
        /// Where the decision stands in a response; nil: found from the first response that has one.
        package var decision: ExpressionPath?
        /// What is not compared.
        package var ignored: [PathPattern] = []
        /// Keeps values of examples, which are payload.
        package var keepsValues = false

        package init() {}
    }

    /// How often one decision became another.
    package struct Transition: Sendable, Equatable {
        package var operation: String
        package var from: String
        package var to: String
        package var count: UInt64 = 0
        /// Ids of the first such exchanges on the tape that was replayed.
        package var examples: [UInt64] = []
    }

    /// A field that differs.
    package struct Field: Sendable, Equatable {
        package struct Example: Sendable, Equatable {
            package var id: UInt64
            package var before: JSONValue?
            package var after: JSONValue?
        }

        package var operation: String
        /// `status`, or the path within the body with `*` for each index.
        package var path: String
        package var added: UInt64 = 0
        package var removed: UInt64 = 0
        package var changed: UInt64 = 0
        package var examples: [Example] = []

        package var count: UInt64 { added + removed + changed }
    }

    package static let exampleLimit = 3
    /// Fields beyond this are counted together as `…`.
    package static let fieldLimit = 10_000

    package let options: Options
    /// Pairs with a reply on both sides, or with an expectation and a reply.
    package private(set) var compared: UInt64 = 0
    package private(set) var identical: UInt64 = 0
    package private(set) var decisionsCompared: UInt64 = 0
    package private(set) var decisionsChanged: UInt64 = 0
    /// Pairs in which anything but the decision of a synthesized exchange was compared, and differed.
    package private(set) var responsesCompared: UInt64 = 0
    package private(set) var responsesChanged: UInt64 = 0
    /// Compared with what the scenario expects.
    package private(set) var againstExpectation: UInt64 = 0
    /// Replayed, but no reply came: by outcome.
    package private(set) var missing: [String: UInt64] = [:]
    /// Replayed, but the tape holds neither a response nor an expectation.
    package private(set) var withoutReference: UInt64 = 0
    /// On the run tape with an id that the tape does not have.
    package var unknownSource: UInt64 = 0
    /// On the tape, but not on the run tape.
    package var notReplayed: UInt64 = 0
    /// The path that was detected; nil when it was given or none was found.
    package private(set) var detected: ExpressionPath?

    private let renderThrift: ExchangeView.ThriftRenderer
    private var transitionIndex: [String: Int] = [:]
    private var transitionList: [Transition] = []
    private var fieldIndex: [String: Int] = [:]
    private var fieldList: [Field] = []

    package init(_ options: Options = Options(), renderThrift: @escaping ExchangeView.ThriftRenderer) {
        self.options = options
        self.renderThrift = renderThrift
    }

    /// Every transition, equal ones too; changed ones first, most frequent first.
    package var transitions: [Transition] {
        transitionList.sorted {
            let (a, b) = (($0.from == $0.to, UInt64.max - $0.count), ($1.from == $1.to, UInt64.max - $1.count))
            if a.0 != b.0 { return b.0 }
            return a.1 != b.1 ? a.1 < b.1 : ($0.operation, $0.from, $0.to) < ($1.operation, $1.from, $1.to)
        }
    }

    /// Most frequent first.
    package var fields: [Field] {
        fieldList.sorted {
            $0.count != $1.count ? $0.count > $1.count : ($0.operation, $0.path) < ($1.operation, $1.path)
        }
    }

    package var missingCount: UInt64 { missing.values.reduce(0, +) }
    /// Nothing differs and nothing is missing.
    package var isClean: Bool { decisionsChanged == 0 && responsesChanged == 0 && missingCount == 0 }
    package var decisionPath: ExpressionPath? { options.decision ?? detected }

    /// Compares the response of `source` with that of `replayed`, its replay.
    package mutating func add(source: Exchange, replayed: Exchange) {
        let expects = source.response == nil && !source.expected.isEmpty
        guard expects || source.response != nil else {
            // A oneway has no reply on either side.
            if replayed.response != nil { withoutReference += 1 }
            return
        }
        guard let reply = replayed.response else {
            let outcome = replayed.run?.outcome ?? ""
            missing[outcome.isEmpty ? "noReply" : outcome, default: 0] += 1
            return
        }
        compared += 1
        // The request on the run tape carries the tag and perhaps other ids; the format and the method are the same.
        let after = ResponseContent(reply, of: replayed, renderThrift: renderThrift)
        if decisionPath == nil { detected = after.likelyDecision }
        var differs = false
        if expects {
            againstExpectation += 1
            differs = compare(expected: source.expected, after, source)
        } else if let recorded = source.response {
            let before = ResponseContent(recorded, of: source, renderThrift: renderThrift)
            if decisionPath == nil { detected = before.likelyDecision }
            differs = compare(before, after, source)
        }
        if !differs { identical += 1 }
    }

    /// An expectation is about the decision alone.
    private mutating func compare(expected: String, _ after: ResponseContent, _ source: Exchange) -> Bool {
        let given = decision(of: after)
        // `reject` and `4xx` are expected of requests that should not have been decided at all.
        let wantsRejection = ["reject", "4xx"].contains(expected)
        let fits = wantsRejection ? after.isRejection : given.lowercased() == expected.lowercased()
        decisionsCompared += 1
        if !fits { decisionsChanged += 1 }
        note(expected, fits ? expected : given, source)
        return !fits
    }

    private mutating func compare(_ before: ResponseContent, _ after: ResponseContent, _ source: Exchange) -> Bool {
        var differs = false
        if let path = decisionPath, before.decision(at: path) != nil || after.decision(at: path) != nil {
            decisionsCompared += 1
            let (from, to) = (decision(of: before), decision(of: after))
            if from != to {
                decisionsChanged += 1
                differs = true
            }
            note(from, to, source)
        }
        responsesCompared += 1
        var differences: [JSONDifference] = []
        if before.status != after.status, !options.ignored.contains(where: { $0.covers(["status"]) }) {
            differences.append(
                JSONDifference(
                    path: ["status"], kind: .changed, before: .string(before.status), after: .string(after.status)))
        }
        switch (before.body, after.body) {
        case (let a?, let b?): differences += JSONDifference.between(a, b, ignoring: options.ignored)
        case (nil, nil): break
        case (let a, let b):
            differences.append(JSONDifference(path: ["body"], kind: a == nil ? .added : .removed, before: a, after: b))
        }
        if differences.isEmpty { return differs }
        responsesChanged += 1
        for difference in differences { note(difference, source) }
        return true
    }

    /// The decision, or in parentheses what came in its place.
    private func decision(of response: ResponseContent) -> String {
        if let path = decisionPath, let text = response.decision(at: path) { return text }
        if response.status == "200" || response.status == "reply" { return "(none)" }
        return Int(response.status) == nil ? "(\(response.status))" : "(status \(response.status))"
    }

    private mutating func note(_ from: String, _ to: String, _ source: Exchange) {
        let key = "\(source.operation)\u{0}\(from)\u{0}\(to)"
        let index = transitionIndex[key] ?? transitionList.count
        if index == transitionList.count {
            transitionIndex[key] = index
            transitionList.append(Transition(operation: source.operation, from: from, to: to))
        }
        transitionList[index].count += 1
        if from != to && transitionList[index].examples.count < Self.exampleLimit {
            transitionList[index].examples.append(source.id)
        }
    }

    private mutating func note(_ difference: JSONDifference, _ source: Exchange) {
        let path = fieldList.count < Self.fieldLimit ? difference.path.isEmpty ? "body" : difference.field : "…"
        let key = "\(source.operation)\u{0}\(path)"
        let index = fieldIndex[key] ?? fieldList.count
        if index == fieldList.count {
            fieldIndex[key] = index
            fieldList.append(Field(operation: source.operation, path: path))
        }
        switch difference.kind {
        case .added: fieldList[index].added += 1
        case .removed: fieldList[index].removed += 1
        case .changed: fieldList[index].changed += 1
        }
        if fieldList[index].examples.count < Self.exampleLimit {
            let keeps = options.keepsValues
            fieldList[index].examples.append(
                .init(id: source.id, before: keeps ? difference.before : nil, after: keeps ? difference.after : nil))
        }
    }
}
