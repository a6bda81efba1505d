/// What a stub saw.
package struct StubCounts: Sendable, Equatable {
    package struct Operation: Sendable, Equatable {
        package var name: String
        package var requests: UInt64 = 0
        package var tagged: UInt64 = 0
        /// Answered with what the tape holds for the same request, rather than in turn.
        package var matched: UInt64 = 0
        /// Index: the carrier's among ``StubCounts/carriers``.
        package var byCarrier: [UInt64]

        package var untagged: UInt64 { requests - tagged }
    }

    /// What one rule did.
    package struct Rule: Sendable, Equatable {
        package var name: String
        /// Requests for which it held.
        package var matched: UInt64 = 0
        package var answered: UInt64 = 0
        package var delayed: UInt64 = 0
        /// By ``StubFault/index``.
        package var faults = [UInt64](repeating: 0, count: StubFault.names.count)
        /// Its answer could not be made from the request.
        package var failed: UInt64 = 0

        init(name: String) { self.name = name }
    }

    package var rules: [Rule] = []
    /// Faults of all rules, by ``StubFault/index``.
    package var faults = [UInt64](repeating: 0, count: StubFault.names.count)

    /// Names of the carriers that were looked for.
    package var carriers: [String]
    /// Those of the tape, in its order.
    package var operations: [Operation]
    /// Every request that could be read, of known and unknown operations.
    package var requests: UInt64 = 0
    /// With the tag in at least one carrier.
    package var tagged: UInt64 = 0
    package var byCarrier: [UInt64]
    package var answered: UInt64 = 0
    package var matched: UInt64 = 0
    /// Calls that want no reply.
    package var oneway: UInt64 = 0
    /// Answered 404, or with a `TApplicationException` of type 1.
    package var unknownOperation: UInt64 = 0
    /// Of a known operation for which the tape holds no answer.
    package var withoutAnswer: UInt64 = 0
    /// Answered 400, with a `TApplicationException` of type 7, or by closing the connection.
    package var malformed: UInt64 = 0
    /// Connections that ended inside a request, or with requests behind the last one that was answered.
    package var unfinished: UInt64 = 0
    /// That of the last request; nil when it was not known.
    private(set) var lastOperation: Int?
    package var connections: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0

    package var untagged: UInt64 { requests - tagged }

    package init(operations: [String] = [], carriers: [String] = []) {
        self.carriers = carriers
        byCarrier = [UInt64](repeating: 0, count: carriers.count)
        let none = byCarrier
        self.operations = operations.map { Operation(name: $0, byCarrier: none) }
    }

    mutating func note(_ fault: StubFault, rule: Int) {
        rules[rule].faults[fault.index] += 1
        faults[fault.index] += 1
    }

    mutating func note(operation: Int?, tags: UInt64) {
        requests += 1
        lastOperation = operation
        if tags != 0 { tagged += 1 }
        if let operation {
            operations[operation].requests += 1
            if tags != 0 { operations[operation].tagged += 1 }
        }
        var rest = tags
        while rest != 0 {
            let carrier = rest.trailingZeroBitCount
            rest &= rest - 1
            byCarrier[carrier] += 1
            if let operation { operations[operation].byCarrier[carrier] += 1 }
        }
    }
}
