package import Expression

/// One entry of a rules file: for which requests, and what then.
///
/// Of the rules that hold for a request, the first that states an answer gives the answer, the first that states a delay the
/// delay, and so on for faults and bandwidth.
package struct StubRule: Sendable {
    /// When, counted from the stub's start.
    package struct Schedule: Sendable, Equatable {
        package var fromNanos: UInt64 = 0
        package var untilNanos: UInt64 = .max
        /// Over and over with this period; 0: once.
        package var everyNanos: UInt64 = 0

        package init() {}

        func holds(_ elapsedNanos: UInt64) -> Bool {
            let time = everyNanos > 0 ? elapsedNanos % everyNanos : elapsedNanos
            return time >= fromNanos && time < untilNanos
        }
    }

    /// What a rule's answer is made of; ``AnswerTemplate`` is that with places to fill.
    package struct Answer: Sendable {
        package var status = 200
        package var headers: [(name: String, value: AnswerTemplate)] = []
        /// The JSON body, or what a Thrift method returns.
        package var body: AnswerTemplate?
        /// A body that is no JSON.
        package var text: AnswerTemplate?
        /// A declared exception under its name in the `throws` list.
        package var thrown: AnswerTemplate?

        package init() {}

        var templates: [AnswerTemplate] { headers.map(\.value) + [body, text, thrown].compactMap { $0 } }
        var readsRequest: Bool { templates.contains(where: \.readsRequest) }
    }

    package var name = ""
    /// Empty: every operation, and what is none.
    package var operations: [Glob] = []
    package var condition: Expression?
    package var schedule = Schedule()
    /// Of the requests for which all else holds, so many in 10⁹.
    package var shareBillionths: UInt64 = 1_000_000_000
    package var answer: Answer?
    package var delay: Delay.Distribution?
    package var faults: [StubFault.Drawn] = []
    /// Of each answer.
    package var bytesPerSecond: UInt64?

    package init() {}
}

/// Something that goes wrong with an answer.
package enum StubFault: Sendable, Equatable {
    /// How a connection goes on behind half an answer.
    package enum Ending: String, Sendable, CaseIterable { case close, reset, stall }

    /// The connection is reset instead of an answer.
    case reset
    /// The connection is closed instead of an answer.
    case close
    /// Our side of the connection ends instead of an answer; what the peer sends is read and dropped.
    case halfClose
    /// The answer comes so much later; `.max`: never. What follows on the connection waits too.
    case stall(nanos: UInt64)
    /// So much of the answer in 10⁹, at least a byte and never all of it.
    case half(billionths: UInt64, then: Ending)
    /// So many random bytes instead of the answer. The first is FF, with which no reply begins.
    case garbage(bytes: Int)
    /// This HTTP status instead of the answer; in Thrift a `TApplicationException` of type 6.
    case error(status: Int)

    /// One of the faults of a rule, and how often.
    package struct Drawn: Sendable, Equatable {
        package var fault: StubFault
        package var shareBillionths: UInt64

        package init(_ fault: StubFault, shareBillionths: UInt64) {
            self.fault = fault
            self.shareBillionths = shareBillionths
        }
    }

    /// As rules and summaries name them, in the order of ``index``.
    package static let names = ["reset", "close", "halfClose", "stall", "half", "garbage", "error"]

    package var index: Int {
        switch self {
        case .reset: 0
        case .close: 1
        case .halfClose: 2
        case .stall: 3
        case .half: 4
        case .garbage: 5
        case .error: 6
        }
    }
}
