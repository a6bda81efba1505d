import Expression
import HTTP1
import JSON
import Schema
package import YAML

/// The content of a rules file.
package struct StubRules: Sendable {
    package var rules: [StubRule] = []
    package var seed: UInt64 = 0

    package init() {}

    /// Reads a rules file (schemas/stub.schema.json):
    ///
    /// ```yaml
    /// version: 1
    /// seed: 7
    /// rules:
    ///   - name: large payments
    ///     operation: RiskDecision.evaluate          # a glob, or a list of them
    ///     where: request.payment.amountMinor > 500000
    ///     answer: {body: {requestId: "${request.requestId}", decision: review, score: 700, reasons: []}}
    ///   - name: a bad minute in ten
    ///     from: 60s
    ///     until: 120s
    ///     every: 10m
    ///     delay: lognormal:20ms,0.8
    ///     faults: {reset: 0.5%, half: {share: 0.5%, of: 30%, then: stall}, error: {share: 2%, status: 503}}
    /// ```
    ///
    /// - Parameters:
    ///   - duration: reads one duration in nanoseconds; nil when it is none.
    ///   - share: likewise parts in 10⁹ of `2%`, `0.02`.
    ///   - size: likewise bytes of `64KiB`.
    package static func parse(
        _ bytes: [UInt8], file: String, duration: @escaping (String) -> UInt64?, share: @escaping (String) -> UInt64?,
        size: @escaping (String) -> UInt64?
    ) throws(YAMLError) -> StubRules {
        let reader = StubRulesReader(duration: duration, share: share, size: size)
        let root = try YAMLNode.parse(bytes, file: file).mapping("a rules file", keys: ["version", "seed", "rules"])
        _ = try root.required("version").int("rules version 1", in: 1...1)
        var rules = StubRules()
        if let seed = root["seed"] { rules.seed = UInt64(try seed.int("a seed", in: 0 ... .max)) }
        for (index, node) in try root.required("rules").sequence("a list of rules").enumerated() {
            rules.rules.append(try reader.rule(node, number: index + 1))
        }
        return rules
    }
}

private struct StubRulesReader {
    let duration: (String) -> UInt64?
    let share: (String) -> UInt64?
    let size: (String) -> UInt64?

    func rule(_ node: YAMLNode, number: Int) throws(YAMLError) -> StubRule {
        let map = try node.mapping(
            "a rule",
            keys: [
                "name", "operation", "where", "from", "until", "every", "share", "answer", "delay", "bandwidth",
                "faults",
            ])
        var rule = StubRule()
        rule.name = try map["name"]?.string("a name") ?? "rule \(number)"
        if let operation = map["operation"] {
            let list = operation.isScalar ? [operation] : try operation.sequence("an operation, or a list of them")
            for item in list { rule.operations.append(Glob(try item.string("an operation"))) }
        }
        if let condition = map["where"] {
            do { rule.condition = try Expression(try condition.string("a condition")) } catch let error
                as ExpressionError
            {
                throw YAMLError(
                    "the condition cannot be read: \(error)", at: condition.mark,
                    remedy: "Write it like 'request.amount > 100'.")
            } catch let error as YAMLError { throw error } catch {}
        }
        rule.schedule = try schedule(map)
        if let node = map["share"] { rule.shareBillionths = try share(of: node) }
        if let node = map["delay"] {
            guard let delay = Delay(try node.string("a delay"), duration: duration) else {
                throw YAMLError("this is no delay", at: node.mark, remedy: "Write it like \(Delay.forms).")
            }
            rule.delay = delay.distribution
        }
        if let node = map["bandwidth"] {
            guard let bytes = size(try node.string("bytes a second")), bytes > 0 else {
                throw YAMLError("this is no bandwidth", at: node.mark, remedy: "Write bytes a second, like 64KiB.")
            }
            rule.bytesPerSecond = bytes
        }
        if let node = map["answer"] { rule.answer = try answer(node) }
        if let node = map["faults"] { rule.faults = try faults(node) }
        if rule.answer == nil && rule.delay == nil && rule.bytesPerSecond == nil && rule.faults.isEmpty {
            throw YAMLError(
                "the rule says nothing", at: map.mark, remedy: "Give it an answer, a delay, a bandwidth or faults.")
        }
        return rule
    }

    private func schedule(_ map: YAMLMapping) throws(YAMLError) -> StubRule.Schedule {
        var schedule = StubRule.Schedule()
        if let node = map["from"] { schedule.fromNanos = try nanos(node) }
        if let node = map["until"] { schedule.untilNanos = try nanos(node) }
        if let node = map["every"] {
            schedule.everyNanos = try nanos(node)
            guard schedule.everyNanos > 0, schedule.untilNanos == .max || schedule.untilNanos <= schedule.everyNanos
            else {
                throw YAMLError("the period ends before 'until'", at: node.mark, remedy: "Give a longer 'every'.")
            }
        }
        guard schedule.fromNanos < schedule.untilNanos else {
            throw YAMLError("'until' is not after 'from'", at: map.mark, remedy: "Both count from the stub's start.")
        }
        return schedule
    }

    private func nanos(_ node: YAMLNode) throws(YAMLError) -> UInt64 {
        guard let nanos = duration(try node.string("a time")) else {
            throw YAMLError("this is no time", at: node.mark, remedy: "Write it like 500ms, 10s or 5m.")
        }
        return nanos
    }

    private func share(of node: YAMLNode) throws(YAMLError) -> UInt64 {
        guard let share = share(try node.string("a share")) else {
            throw YAMLError("this is no share", at: node.mark, remedy: "Write it like 2%, 0.5% or 0.02; at most 100%.")
        }
        return share
    }

    private func answer(_ node: YAMLNode) throws(YAMLError) -> StubRule.Answer {
        let map = try node.mapping("an answer", keys: ["status", "headers", "body", "text", "throws"])
        var answer = StubRule.Answer()
        if let status = map["status"] { answer.status = Int(try status.int("an HTTP status", in: 200...599)) }
        for entry in try map["headers"]?.entries("header fields") ?? [] {
            guard !entry.key.isEmpty, entry.key.utf8.allSatisfy(HTTPHead.isToken),
                !["content-length", "transfer-encoding"].contains(entry.key.lowercased())
            else {
                throw YAMLError("'\(entry.key)' cannot be set", at: entry.keyMark, remedy: "The body's length is ours.")
            }
            _ = try entry.value.string("a header's value")
            answer.headers.append((entry.key, try template(entry.value)))
        }
        if let body = map["body"] { answer.body = try template(body) }
        if let text = map["text"] {
            _ = try text.string("a text")
            answer.text = try template(text)
        }
        if let thrown = map["throws"] {
            guard try thrown.entries("an exception under its name").count == 1 else {
                throw thrown.expected("one exception under its name", remedy: "Write it like {error: {code: 1}}.")
            }
            answer.thrown = try template(thrown)
        }
        if [answer.body, answer.text, answer.thrown].count(where: { $0 != nil }) > 1 {
            throw YAMLError("an answer has one of body, text and throws", at: map.mark, remedy: "Keep one of them.")
        }
        return answer
    }

    private func template(_ node: YAMLNode) throws(YAMLError) -> AnswerTemplate {
        do throws(ExpressionError) { return try AnswerTemplate(JSONValue(node)) } catch {
            throw YAMLError(
                "a place to fill cannot be read: \(error)", at: node.mark, remedy: "Write it like '${request.id}'.")
        }
    }

    private func faults(_ node: YAMLNode) throws(YAMLError) -> [StubFault.Drawn] {
        _ = try node.mapping("faults", keys: StubFault.names)
        var faults: [StubFault.Drawn] = []
        for entry in try node.entries() where !entry.value.isNull {
            let (fault, share) = try fault(entry.key, entry.value)
            if share > 0 { faults.append(StubFault.Drawn(fault, shareBillionths: share)) }
        }
        if faults.reduce(0, { $0 + $1.shareBillionths }) > 1_000_000_000 {
            throw YAMLError(
                "the faults are more than 100 %", at: node.mark, remedy: "One request has one fault at most.")
        }
        return faults
    }

    private func fault(_ name: String, _ node: YAMLNode) throws(YAMLError) -> (StubFault, UInt64) {
        let keys: [String] =
            switch name {
            case "stall": ["share", "for"]
            case "half": ["share", "of", "then"]
            case "garbage": ["share", "bytes"]
            case "error": ["share", "status"]
            default: ["share"]
            }
        let map = node.isScalar ? nil : try node.mapping("the fault \(name)", keys: keys)
        let share = try share(of: try map?.required("share") ?? node)
        switch name {
        case "reset": return (.reset, share)
        case "close": return (.close, share)
        case "halfClose": return (.halfClose, share)
        case "stall":
            return (.stall(nanos: try map?["for"].map { node throws(YAMLError) in try nanos(node) } ?? .max), share)
        case "half":
            let part = try map?["of"].map { node throws(YAMLError) in try self.share(of: node) } ?? 500_000_000
            let then = try map?["then"]?.choice("end of half an answer", of: StubFault.Ending.allCases.map(\.rawValue))
            return (.half(billionths: part, then: then.flatMap { StubFault.Ending(rawValue: $0) } ?? .close), share)
        case "garbage":
            let bytes = try map?["bytes"]?.int("a number of bytes", in: 1...1_048_576) ?? 64
            return (.garbage(bytes: Int(bytes)), share)
        default:
            let status = try map?["status"]?.int("an HTTP status", in: 400...599) ?? 503
            return (.error(status: Int(status)), share)
        }
    }
}
