import JSON
import Metrics

/// A value of a result with the path to it.
struct ResultReader {
    let value: JSONValue
    let path: String

    func wrong(_ key: String) -> ResultError {
        ResultError(description: "\(path.isEmpty ? key : "\(path).\(key)") is missing or not what the schema says")
    }

    func at(_ key: String) throws(ResultError) -> ResultReader {
        guard let found = value[key] else { throw wrong(key) }
        return ResultReader(value: found, path: path.isEmpty ? key : "\(path).\(key)")
    }

    func has(_ key: String) -> Bool { value[key] != nil }

    func list(_ key: String) throws(ResultError) -> [ResultReader] {
        guard let array = value[key]?.array else { throw wrong(key) }
        return array.enumerated().map {
            ResultReader(value: $1, path: "\(path.isEmpty ? key : "\(path).\(key)").\($0)")
        }
    }

    func text(_ key: String) throws(ResultError) -> String {
        guard let text = value[key]?.string else { throw wrong(key) }
        return text
    }

    func texts(_ key: String) throws(ResultError) -> [String] {
        guard let array = value[key]?.array else { throw wrong(key) }
        return array.compactMap(\.string)
    }

    func flag(_ key: String) throws(ResultError) -> Bool {
        guard let flag = value[key]?.bool else { throw wrong(key) }
        return flag
    }

    func number(_ key: String) throws(ResultError) -> Double {
        guard let number = value[key]?.double else { throw wrong(key) }
        return number
    }

    func count(_ key: String) throws(ResultError) -> UInt64 {
        // Sums of many of them must not overflow.
        guard let count = value[key]?.number?.uint64, count < 1 << 62 else { throw wrong(key) }
        return count
    }

    func outcomes(_ key: String) throws(ResultError) -> [UInt64] {
        let counts = try at(key)
        var result: [UInt64] = []
        for outcome in Outcome.allCases {
            result.append(counts.value[outcome.name] == nil ? 0 : try counts.count(outcome.name))
        }
        return result
    }

    func latency(_ key: String) throws(ResultError) -> RunResult.Latency {
        let reader = try at(key)
        var latency = RunResult.Latency()
        latency.corrected = try reader.percentiles("corrected")
        latency.raw = try reader.percentiles("raw")
        return latency
    }

    func percentiles(_ key: String) throws(ResultError) -> Percentiles {
        let hdr = try at(key).text("hdr")
        guard let histogram = try? Histogram(hdr: hdr) else { throw try at(key).wrong("hdr") }
        var percentiles = histogram.percentiles
        percentiles.meanMicros = try at(key).number("meanMicros")
        percentiles.hdr = hdr
        return percentiles
    }

    /// Each with its reason and its count.
    func reasons(_ key: String) throws(ResultError) -> [RunResult.Count] {
        var counts: [RunResult.Count] = []
        for entry in try list(key) { counts.append(.init(try entry.text("reason"), try entry.count("count"))) }
        return counts
    }

    func operations() throws(ResultError) -> [RunResult.Operation] {
        var operations: [RunResult.Operation] = []
        for entry in try list("operations") {
            var operation = RunResult.Operation(name: try entry.text("operation"))
            operation.count = try entry.count("count")
            operation.outcomes = try entry.outcomes("outcomes")
            operation.latency = try entry.latency("latency")
            for decision in try entry.list("decisions") {
                operation.decisions.append(.init(try decision.text("decision"), try decision.count("count")))
            }
            operations.append(operation)
        }
        return operations
    }

    func refusals() throws(ResultError) -> [RunResult.Refusal] {
        var refusals: [RunResult.Refusal] = []
        for entry in try list("refusals") {
            refusals.append(
                .init(
                    operation: try entry.text("operation"), reason: try entry.text("reason"),
                    count: try entry.count("count")))
        }
        return refusals
    }
}

extension RunResult.Mirror {
    init(_ reader: ResultReader) throws(ResultError) {
        self.init()
        target = try reader.text("target")
        totals = try RunResult.Totals(reader.at("totals"))
        outcomes = try reader.outcomes("outcomes")
        latency = try reader.latency("latency")
        lateness = try reader.percentiles("lateness")
        operations = try reader.operations()
        refusals = try reader.refusals()
        protocolErrors = try reader.reasons("protocolErrors")
        if reader.value["decisions"] != nil { decisions = try RunResult.Comparison(reader.at("decisions")) }
    }
}

extension RunResult.Comparison {
    init(_ reader: ResultReader) throws(ResultError) {
        self.init()
        compared = try reader.count("compared")
        different = try reader.count("different")
        incomparable = try reader.count("incomparable")
        for entry in try reader.list("differences") {
            var difference = Difference(
                operation: try entry.text("operation"), primary: try entry.text("primary"),
                mirror: try entry.text("mirror"))
            difference.count = try entry.count("count")
            difference.examples = entry.value["examples"]?.array?.compactMap { $0.number?.uint64 } ?? []
            differences.append(difference)
        }
    }
}
