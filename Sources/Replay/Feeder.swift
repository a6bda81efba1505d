import EventLoop
import Metrics
import Synchronization
import Tagging
import Tape

/// Reads the tape, compiles each exchange once, and hands blocks of templates to the loops, ahead of what they need.
///
/// A tape whose templates fit in memory is read once, whatever the number of rounds; a larger one is read again each
/// round, so that memory stays bounded.
final class Feeder: Sendable {
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
        /// A binding that found nothing to do, and on which side.
        var idleBinding: (binding: Rules.Binding, isSource: Bool)?
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
        var after: [UInt8]
        var target: Int
    }

    /// How far the feeder may be ahead of each loop: some ten thousand requests, in less than 64 MiB as a rule.
    static let blocksAhead = 48

    let queues: [BlockQueue]
    /// Set once the loops may begin: a queue is full, or the tape has ended.
    let isPrimed = Atomic<Bool>(false)
    private let source: any ExchangeSource
    private let rounds: UInt32
    private let residentLimit: Int
    private let progress: Mutex<Progress>
    private let isCancelled = Atomic<Bool>(false)

    init(source: any ExchangeSource, loops: Int, rounds: UInt32, residentLimit: Int = 512 << 20) {
        self.source = source
        self.rounds = rounds
        self.residentLimit = residentLimit
        queues = (0..<max(1, loops)).map { _ in BlockQueue(capacity: Feeder.blocksAhead) }
        progress = Mutex(Progress())
    }

    var state: Progress { progress.withLock { $0 } }

    func cancel() {
        isCancelled.store(true, ordering: .relaxed)
        for queue in queues { queue.cancel() }
    }

    /// Runs to the end of what the loops want.
    func run(_ compiler: Compiler) {
        var compiler = compiler
        var pass = Pass(loops: queues.count)
        do throws(ReplayError) {
            try readOnce(&compiler, &pass)
            if rounds > 1 && !isDone { try repeatRounds(&compiler, &pass) }
        } catch {
            progress.withLock { $0.error = error }
        }
        for queue in queues { queue.finish() }
        isPrimed.store(true, ordering: .releasing)
    }

    private var isDone: Bool { isCancelled.load(ordering: .relaxed) || queues.allSatisfy { $0.isCancelled } }

    /// What one reading of the tape keeps.
    private struct Pass {
        var open: [TemplateBlock?]
        /// Blocks of each loop, as long as all of them fit.
        var resident: [[TemplateBlock]]
        var residentBytes = 0
        var isResident = true
        var round: UInt32 = 0
        var baseSequence: UInt64 = 0
        var baseOffsetNanos: UInt64 = 0
        /// What each round after the second adds to the two.
        var sequenceStride: UInt64 = 0
        var offsetStrideNanos: UInt64 = 0
        var firstNanos: UInt64?
        var spanNanos: UInt64 = 0
        var sequence: UInt64 = 0
        var laterSequence: UInt64 = 0
        var free: UInt64 = 0

        init(loops: Int) {
            open = .init(repeating: nil, count: loops)
            resident = .init(repeating: [], count: loops)
        }

        func entry(_ blocks: [TemplateBlock]) -> BlockQueue.Entry {
            BlockQueue.Entry(
                blocks: blocks, round: round, baseSequence: baseSequence, baseOffsetNanos: baseOffsetNanos,
                sequenceStride: sequenceStride, offsetStrideNanos: offsetStrideNanos)
        }
    }

    private func readOnce(_ compiler: inout Compiler, _ pass: inout Pass) throws(ReplayError) {
        pass.sequence = 0
        pass.laterSequence = 0
        var read = 0
        var exchange = Exchange()
        while !isDone, try source.next(into: &exchange) {
            let result = compiler.compile(exchange)
            guard case .draft(var draft) = result else {
                if pass.round == 0, case .refused(let outcome, let operation, let reason) = result {
                    note(outcome, operation, reason, compiler)
                }
                continue
            }
            let first = pass.firstNanos ?? exchange.startNanos
            pass.firstNanos = first
            draft.recordedOffsetNanos = exchange.startNanos > first ? exchange.startNanos - first : 0
            pass.spanNanos = max(pass.spanNanos, draft.recordedOffsetNanos)
            draft.sequence = pass.sequence
            pass.sequence += 1
            if !compiler.allowsDuplicates && !draft.hasIdentity {
                draft.laterSequence = Template.refused
            } else {
                draft.laterSequence = pass.laterSequence
                pass.laterSequence += 1
            }
            if pass.round == 0 && read < 3 { keepSample(exchange, draft) }
            read += 1
            append(draft, &pass)
            if read % 1024 == 0 { publish(compiler, pass) }
        }
        flush(&pass)
        publish(compiler, pass)
        progress.withLock { $0.hasReadAll = true }
    }

    private func append(_ draft: TemplateBlock.Draft, _ pass: inout Pass) {
        let loop: Int
        if draft.lane != Template.free {
            loop = Int(draft.lane % UInt32(queues.count))
        } else if draft.flow == Template.free {
            loop = Int(pass.free % UInt64(queues.count))
            pass.free += 1
        } else {
            loop = Int(draft.flow % UInt32(queues.count))
        }
        if let block = pass.open[loop] {
            if block.append(draft) { return }
            push(loop, &pass)
        }
        let block = TemplateBlock.roomy(for: draft)
        _ = block.append(draft)
        pass.open[loop] = block
    }

    private func flush(_ pass: inout Pass) {
        for loop in queues.indices { push(loop, &pass) }
    }

    /// Hands the open block of a loop over, waiting while its queue is full.
    private func push(_ loop: Int, _ pass: inout Pass) {
        guard let block = pass.open[loop] else { return }
        pass.open[loop] = nil
        keep(block, loop, &pass)
        let entry = pass.entry([block])
        wait(loop, entry) {
            // Meanwhile nobody else may run dry over a block that is not full yet.
            for other in queues.indices where other != loop && queues[other].count == 0 {
                guard let open = pass.open[other] else { continue }
                pass.open[other] = nil
                keep(open, other, &pass)
                _ = queues[other].push(pass.entry([open]))
            }
        }
    }

    private func keep(_ block: TemplateBlock, _ loop: Int, _ pass: inout Pass) {
        guard pass.isResident && rounds > 1 && pass.round == 0 else { return }
        pass.residentBytes += block.byteCount
        if pass.residentBytes > residentLimit {
            pass.isResident = false
            pass.resident = .init(repeating: [], count: queues.count)
        } else {
            pass.resident[loop].append(block)
        }
    }

    private func wait(_ loop: Int, _ entry: BlockQueue.Entry, meanwhile: () -> Void = {}) {
        while !queues[loop].push(entry) {
            if isDone { return }
            isPrimed.store(true, ordering: .releasing)
            meanwhile()
            Clock.sleep(nanos: 2_000_000)
        }
    }

    /// Every round after the first.
    private func repeatRounds(_ compiler: inout Compiler, _ pass: inout Pass) throws(ReplayError) {
        let first = pass.sequence
        let later = pass.laterSequence
        if later == 0 {
            progress.withLock { $0.endedForIdentities = first > 0 }
            return
        }
        // The pause between two rounds is the mean one within them.
        let stride = pass.spanNanos + max(1, pass.spanNanos / max(1, first))
        pass.baseSequence = first
        pass.baseOffsetNanos = stride
        pass.sequenceStride = later
        pass.offsetStrideNanos = stride
        pass.round = 1
        if pass.isResident {
            // The loops go round by themselves from here on.
            for loop in queues.indices where !pass.resident[loop].isEmpty {
                var entry = pass.entry(pass.resident[loop])
                entry.repeats = rounds == Fidelity.endless ? .max - 1 : rounds - 2
                wait(loop, entry)
            }
            return
        }
        while !isDone && (rounds == Fidelity.endless || pass.round < rounds) {
            try source.rewind()
            try readOnce(&compiler, &pass)
            pass.round += 1
            pass.baseSequence &+= later
            pass.baseOffsetNanos &+= stride
        }
    }

    private func note(_ outcome: Outcome, _ operation: UInt16, _ reason: String, _ compiler: Compiler) {
        progress.withLock { state in
            state.refused[operation, default: [:]][outcome, default: 0] += 1
            if reason.isEmpty { return }
            var key = Progress.Reason(operation: operation, text: reason)
            if state.reasons[key] == nil && state.reasons.count >= Progress.reasonLimit { key.text = "other reasons" }
            state.reasons[key, default: 0] += 1
        }
    }

    private func publish(_ compiler: Compiler, _ pass: Pass) {
        progress.withLock { state in
            state.operations = compiler.operations
            if pass.round == 0 {
                state.sendable = pass.sequence
                state.sendableLater = pass.laterSequence
                state.keyed = compiler.keyed
                state.timed = compiler.timed
                state.idleBinding = compiler.bindings?.idle
            }
            state.untaggableMessage = compiler.untaggable?.description ?? ""
            state.withoutIdentity = compiler.withoutIdentity.sorted()
        }
    }

    private func keepSample(_ exchange: Exchange, _ draft: TemplateBlock.Draft) {
        progress.withLock { state in
            state.samples.append(
                Sample(
                    sourceID: exchange.id, operation: exchange.operation, before: exchange.request?.wire ?? [],
                    after: draft.bytes, target: Int(draft.target)))
        }
    }
}
