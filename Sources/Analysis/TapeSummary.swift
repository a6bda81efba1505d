package import JSON
package import Metrics
package import Tape

/// What is on a tape, in counts: the model behind `tinct info`. Feed it every exchange once; memory grows with the
/// number of operations, not with the tape.
package struct TapeSummary {
    /// One operation of a protocol.
    package struct Operation {
        package let name: String
        package let format: WireFormat
        package fileprivate(set) var exchanges: UInt64 = 0
        package fileprivate(set) var requests: UInt64 = 0
        package fileprivate(set) var responses: UInt64 = 0
        package fileprivate(set) var tagged: UInt64 = 0
        package fileprivate(set) var bytes: UInt64 = 0
        package let latency = Histogram()
    }

    /// Operations beyond this are counted together as `other`.
    package static let operationLimit = 1000

    package private(set) var exchanges: UInt64 = 0
    package private(set) var requests: UInt64 = 0
    package private(set) var responses: UInt64 = 0
    package private(set) var interim: UInt64 = 0
    /// Exchanges whose request carries the tag in at least one carrier.
    package private(set) var tagged: UInt64 = 0
    package private(set) var requestBytes: UInt64 = 0
    package private(set) var responseBytes: UInt64 = 0
    package private(set) var redactions: UInt64 = 0
    package private(set) var firstNanos: UInt64 = .max
    package private(set) var lastNanos: UInt64 = 0
    package private(set) var operations: [Operation] = []
    package private(set) var losses: [String: UInt64] = [:]
    package private(set) var carriers: [String: UInt64] = [:]
    package private(set) var labels: [String: UInt64] = [:]
    package private(set) var outcomes: [String: UInt64] = [:]
    package private(set) var expected: [String: UInt64] = [:]
    private var indexes: [Key: Int] = [:]

    private struct Key: Hashable {
        var name: String
        var format: WireFormat
    }

    package init() {}

    package mutating func add(_ exchange: Exchange) {
        exchanges += 1
        let bytes = (exchange.request?.wireLength ?? 0) + (exchange.response?.wireLength ?? 0)
        if let request = exchange.request {
            requests += 1
            requestBytes += request.wireLength
            addTimes(of: request)
        }
        if let response = exchange.response {
            responses += 1
            responseBytes += response.wireLength
            addTimes(of: response)
        }
        interim += UInt64(exchange.interim.count)
        if !exchange.tags.isEmpty { tagged += 1 }
        for carrier in Set(exchange.tags.map(\.carrier)) { carriers[carrier, default: 0] += 1 }
        for loss in exchange.losses { losses[loss.reason, default: 0] += 1 }
        for type in Set(exchange.labels.map { "\($0.layer) \($0.type)" }) { labels[type, default: 0] += 1 }
        if !exchange.expected.isEmpty { expected[exchange.expected, default: 0] += 1 }
        if let run = exchange.run { outcomes[run.outcome, default: 0] += 1 }

        let index = index(for: exchange)
        operations[index].exchanges += 1
        operations[index].bytes += bytes
        if exchange.request != nil { operations[index].requests += 1 }
        if exchange.response != nil { operations[index].responses += 1 }
        if !exchange.tags.isEmpty { operations[index].tagged += 1 }
        if let latency = exchange.latencyNanos { operations[index].latency.record(nanos: latency) }
    }

    private mutating func addTimes(of message: Message) {
        redactions += UInt64(message.redactions.count)
        firstNanos = min(firstNanos, message.startNanos)
        lastNanos = max(lastNanos, message.endNanos)
    }

    private mutating func index(for exchange: Exchange) -> Int {
        var key = Key(name: exchange.operation, format: exchange.format)
        if let known = indexes[key] { return known }
        if operations.count >= Self.operationLimit {
            key = Key(name: "other", format: WireFormat())
            if let known = indexes[key] { return known }
        }
        operations.append(Operation(name: key.name, format: key.format))
        indexes[key] = operations.count - 1
        return operations.count - 1
    }

    /// Share of requests that carry the tag, 0…1; nil when there are no requests.
    package var tagCoverage: Double? { requests == 0 ? nil : Double(tagged) / Double(requests) }

    /// Most frequent first, then by name.
    package var rankedOperations: [Operation] {
        operations.sorted { ($1.exchanges, $0.name) < ($0.exchanges, $1.name) }
    }
}

extension TapeSummary {
    /// The object that `tinct info --json` prints for the exchanges.
    package var json: JSONObject {
        var object = JSONObject()
        object.append("exchanges", JSONValue(exchanges))
        object.append("requests", JSONValue(requests))
        object.append("responses", JSONValue(responses))
        object.append("interim", JSONValue(interim))
        object.append("requestBytes", JSONValue(requestBytes))
        object.append("responseBytes", JSONValue(responseBytes))
        object.append("redactions", JSONValue(redactions))
        object.append("firstNanos", exchanges == 0 ? .null : JSONValue(firstNanos))
        object.append("lastNanos", exchanges == 0 ? .null : JSONValue(lastNanos))
        object.append("tagged", JSONValue(tagged))
        object.append("tagCoverage", tagCoverage.map { JSONValue($0) } ?? .null)
        object.append("carriers", Self.counts(carriers))
        object.append("lost", Self.counts(losses))
        object.append("labels", Self.counts(labels))
        object.append("expected", Self.counts(expected))
        object.append("outcomes", Self.counts(outcomes))
        object.append("operations", JSONValue(rankedOperations.map(Self.json)))
        return object
    }

    private static func json(_ operation: Operation) -> JSONValue {
        var object = JSONObject()
        object.append("operation", JSONValue(operation.name))
        object.append("protocol", JSONValue("\(operation.format.protocol)"))
        object.append("transport", JSONValue("\(operation.format.transport)"))
        object.append("encoding", JSONValue("\(operation.format.encoding)"))
        object.append("exchanges", JSONValue(operation.exchanges))
        object.append("requests", JSONValue(operation.requests))
        object.append("responses", JSONValue(operation.responses))
        object.append("bytes", JSONValue(operation.bytes))
        object.append("tagged", JSONValue(operation.tagged))
        let percentiles = operation.latency.percentiles
        var latency = JSONObject()
        latency.append("count", JSONValue(percentiles.count))
        latency.append("p50Micros", JSONValue(percentiles.p50Micros))
        latency.append("p95Micros", JSONValue(percentiles.p95Micros))
        latency.append("p99Micros", JSONValue(percentiles.p99Micros))
        latency.append("maxMicros", JSONValue(percentiles.maxMicros))
        object.append("latency", .object(latency))
        return .object(object)
    }

    private static func counts(_ table: [String: UInt64]) -> JSONValue {
        var object = JSONObject()
        for (name, count) in table.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            object.append(name, JSONValue(count))
        }
        return .object(object)
    }
}
