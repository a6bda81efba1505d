import Metrics
import Tagging
import Tape

/// What a feeder has come to, for those who watch it.
extension Feeder {
    struct Progress: Sendable {
        /// Exchanges of the first round that are sent, and that are sent again in later ones.
        var sendable: UInt64 = 0
        var sendableLater: UInt64 = 0
        /// What was not sent, by operation and outcome, and why.
        var refused: [UInt16: [Outcome: UInt64]] = [:]
        var reasons: [Reason: UInt64] = [:]
        var operations: [String] = []
        var untaggableMessage = ""
        var withoutIdentity: [String] = []
        var error: ReplayError?
        /// The first round was read to its end.
        var hasReadAll = false
        /// Another round was wanted, and nothing of it may be sent.
        var endedForIdentities = false
        /// Requests of the first round that have the key of the affinity, and requests that hold an event time.
        var keyed: UInt64 = 0
        var timed: UInt64 = 0
        /// Fields that the command line names and that no request has, with their flags.
        var unmet: [(flag: String, field: RequestField)] = []
        /// Exchanges that were read in the first round, sent or not.
        var read: UInt64 = 0
        /// A binding that found nothing to do, and on which side.
        var idleBinding: (binding: Rules.Binding, isSource: Bool)?
        var idleChange: Rules.Change?
        var samples: [Sample] = []

        struct Reason: Hashable, Sendable {
            var operation: UInt16
            var text: String
        }

        /// Different reasons that are told apart; errors that name offsets could make any number of them.
        static let reasonLimit = 4096

        /// Most frequent first.
        func refusals() -> [RunResult.Refusal] {
            reasons.map { reason, count in
                let operation = Int(reason.operation)
                return .init(
                    operation: operation < operations.count ? operations[operation] : "", reason: reason.text,
                    count: count)
            }.sorted { ($1.count, $0.operation, $0.reason) < ($0.count, $1.operation, $1.reason) }
        }
    }

    /// A request before and after, for a dry run.
    struct Sample: Sendable {
        var sourceID: UInt64
        var operation: String
        var before: [UInt8]
        var draft: TemplateBlock.Draft
        var target: Int
    }
}

extension Feeder.Progress {
    mutating func take(_ compiler: Compiler, _ pass: Feeder.Pass, isPrimary: Bool) {
        operations = compiler.operations
        if pass.round == 0 {
            sendable = isPrimary ? pass.sequence : compiler.compiled
            sendableLater = pass.laterSequence
            keyed = compiler.keyed
            timed = compiler.timed
            idleBinding = compiler.bindings?.idle
            idleChange = compiler.changes?.idle
            unmet = compiler.unmet
            read = pass.read
        }
        untaggableMessage = compiler.untaggable?.description ?? ""
        withoutIdentity = compiler.withoutIdentity.sorted()
    }
}
