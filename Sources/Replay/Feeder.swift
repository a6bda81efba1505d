import Bytes
import EventLoop
import Metrics
import Pacing
import Synchronization
import Tagging
import Tape

/// Reads the tape, compiles each exchange once, and hands blocks of templates to the loops, ahead of what they need.
///
/// A tape whose templates fit in memory is read once, whatever the number of rounds; a larger one is read again each
/// round, so that memory stays bounded.
///
/// Mirrors get what the primary gets, each compiled for itself, at the same place in the sequence: what the primary may
/// not be sent goes nowhere.
final class Feeder: Sendable {
    /// How far the feeder may be ahead of each loop: some ten thousand requests, in less than 64 MiB as a rule.
    static let blocksAhead = 48

    /// Those of the primary's loops, then those of each mirror's.
    let queues: [BlockQueue]
    private let loops: Int
    /// Set once the loops may begin: a queue is full, or the tape has ended.
    let isPrimed = Atomic<Bool>(false)
    private let source: any ExchangeSource
    private let rounds: UInt32
    private let residentLimit: Int
    private let findsEnds: Bool
    /// What has to be told where the requests stand on the tape; nil when nothing has to.
    private let pace: PaceProgram?
    /// Of the primary, then of each mirror.
    private let progress: Lock<[Progress]>
    private let isCancelled = Atomic<Bool>(false)

    /// Signalled by the queues.
    private let room = Semaphore()
    private let samples: Int

    /// - Parameter samples: how many of the first requests are kept for a dry run.
    init(
        source: any ExchangeSource, loops: Int, mirrors: Int = 0, rounds: UInt32, pace: PaceProgram? = nil,
        findsEnds: Bool = false, residentLimit: Int = 512 << 20, samples: Int = 0
    ) {
        self.samples = samples
        self.pace = pace
        self.findsEnds = findsEnds
        self.source = source
        self.rounds = rounds
        self.residentLimit = residentLimit
        self.loops = max(1, loops)
        let room = room
        queues = (0..<self.loops * (1 + mirrors)).map { _ in BlockQueue(capacity: Feeder.blocksAhead, room: room) }
        progress = Lock(.init(repeating: Progress(), count: 1 + mirrors))
    }

    /// Of the primary.
    var state: Progress { state(of: 0) }

    /// Of the primary (0), or of a mirror.
    func state(of leg: Int) -> Progress { progress.withLock { $0[leg] } }

    /// That of one loop of the primary (0), or of a mirror.
    func queue(of leg: Int, loop: Int) -> BlockQueue { queues[leg * loops + loop] }

    func cancel() {
        isCancelled.store(true, ordering: .relaxed)
        for queue in queues { queue.cancel() }
    }

    /// Runs to the end of what the loops want.
    ///
    /// - Parameter compilers: that of the primary, then one for each mirror.
    func run(_ compilers: [Compiler]) {
        var compilers = compilers
        var pass = Pass(queues: queues.count)
        // Each round stands at other places of the run.
        pass.isResident = pace == nil
        do throws(ReplayError) {
            if findsEnds { pass.ends = try flowEnds(compilers[0]) }
            try readOnce(&compilers, &pass)
            if rounds > 1 && !isDone { try repeatRounds(&compilers, &pass) }
        } catch {
            progress.withLock { $0[0].error = error }
        }
        for queue in queues { queue.finish() }
        isPrimed.store(true, ordering: .releasing)
    }

    private var isDone: Bool { isCancelled.load(ordering: .relaxed) || queues.allSatisfy { $0.isCancelled } }

    /// What one reading of the tape keeps.
    struct Pass {
        var open: [TemplateBlock?]
        /// Blocks of each queue, as long as all of them fit.
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
        /// Exchanges of the round so far.
        var read: UInt64 = 0
        /// Where each flow has its last request, counted in exchanges; where that is asked for.
        var ends: FlowEnds?
        /// Requests without a flow, of the primary and of each mirror.
        var free: [UInt64]

        init(queues: Int) {
            open = .init(repeating: nil, count: queues)
            resident = .init(repeating: [], count: queues)
            free = .init(repeating: 0, count: queues)
        }

        func entry(_ blocks: [TemplateBlock]) -> BlockQueue.Entry {
            BlockQueue.Entry(
                blocks: blocks, round: round, baseSequence: baseSequence, baseOffsetNanos: baseOffsetNanos,
                sequenceStride: sequenceStride, offsetStrideNanos: offsetStrideNanos)
        }
    }

    private func readOnce(_ compilers: inout [Compiler], _ pass: inout Pass) throws(ReplayError) {
        pass.sequence = 0
        pass.laterSequence = 0
        var read = 0
        var position: UInt64 = 0
        var exchange = Exchange()
        while !isDone, try source.next(into: &exchange) {
            position += 1
            pass.read = position
            guard var draft = compile(exchange, 0, &compilers, pass) else { continue }
            let first = pass.firstNanos ?? exchange.startNanos
            pass.firstNanos = first
            draft.recordedOffsetNanos = exchange.startNanos > first ? exchange.startNanos - first : 0
            pass.spanNanos = max(pass.spanNanos, draft.recordedOffsetNanos)
            draft.sequence = pass.sequence
            pass.sequence += 1
            if !compilers[0].allowsDuplicates && !draft.hasIdentity {
                draft.laterSequence = Template.refused
            } else {
                draft.laterSequence = pass.laterSequence
                pass.laterSequence += 1
            }
            let sequence = pass.round == 0 ? draft.sequence : draft.laterSequence
            if let pace, sequence != Template.refused {
                pace.reach(
                    sequence: pass.baseSequence &+ sequence,
                    recordedOffsetNanos: pass.baseOffsetNanos &+ draft.recordedOffsetNanos)
            }
            if pass.round == 0 && read < samples { keepSample(exchange, draft) }
            read += 1
            pass.ends?.mark(&draft, exchange, at: position)
            append(draft, 0, &pass)
            for leg in compilers.indices.dropFirst() {
                guard var copy = compile(exchange, leg, &compilers, pass) else { continue }
                copy.recordedOffsetNanos = draft.recordedOffsetNanos
                copy.sequence = draft.sequence
                copy.laterSequence = draft.laterSequence
                copy.endsFlow = draft.endsFlow
                copy.flow = draft.flow
                append(copy, leg, &pass)
            }
            if read % 1024 == 0 { publish(compilers, pass) }
        }
        for queue in queues.indices { push(queue, &pass) }
        publish(compilers, pass)
        progress.withLock { legs in
            for leg in legs.indices { legs[leg].hasReadAll = true }
        }
    }

    /// Reads the tape once to see where its flows end.
    private func flowEnds(_ compiler: Compiler) throws(ReplayError) -> FlowEnds {
        var ends = FlowEnds()
        var exchange = Exchange()
        var position: UInt64 = 0
        while !isDone, try source.next(into: &exchange) {
            position += 1
            if compiler.mayBeSent(exchange) { try ends.note(exchange, at: position) }
        }
        try source.rewind()
        return ends
    }

    /// Nil, and noted in the first round, when it is not sent.
    private func compile(
        _ exchange: borrowing Exchange, _ leg: Int, _ compilers: inout [Compiler], _ pass: Pass
    ) -> TemplateBlock.Draft? {
        switch compilers[leg].compile(exchange) {
        case .draft(let draft): return draft
        case .refused(let outcome, let operation, let reason):
            if pass.round == 0 { note(outcome, operation, reason, leg) }
            return nil
        }
    }

    private func append(_ draft: TemplateBlock.Draft, _ leg: Int, _ pass: inout Pass) {
        var loop: Int
        if draft.lane != Template.free {
            loop = Int(draft.lane % UInt32(loops))
        } else if draft.flow == Template.free {
            loop = Int(pass.free[leg] % UInt64(loops))
            pass.free[leg] += 1
        } else {
            loop = Int(draft.flow % UInt32(loops))
        }
        loop += leg * loops
        if let block = pass.open[loop] {
            if block.append(draft) { return }
            push(loop, &pass)
        }
        let block = TemplateBlock.roomy(for: draft)
        _ = block.append(draft)
        pass.open[loop] = block
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
            for other in queues.indices where other != loop { queues[other].awaitRoom() }
            // Whoever cancels the run signals too; the time is for what nobody has thought of.
            room.wait(atMostNanos: 100_000_000)
        }
    }

    /// Every round after the first.
    private func repeatRounds(_ compilers: inout [Compiler], _ pass: inout Pass) throws(ReplayError) {
        let first = pass.sequence
        let later = pass.laterSequence
        if later == 0 {
            progress.withLock { $0[0].endedForIdentities = first > 0 }
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
            try readOnce(&compilers, &pass)
            pass.round += 1
            pass.baseSequence &+= later
            pass.baseOffsetNanos &+= stride
        }
    }

    private func note(_ outcome: Outcome, _ operation: UInt16, _ reason: String, _ leg: Int) {
        progress.withLock { legs in
            legs[leg].refused[operation, default: [:]][outcome, default: 0] += 1
            if reason.isEmpty { return }
            var key = Progress.Reason(operation: operation, text: reason)
            if legs[leg].reasons[key] == nil && legs[leg].reasons.count >= Progress.reasonLimit {
                key.text = "other reasons"
            }
            legs[leg].reasons[key, default: 0] += 1
        }
    }

    private func publish(_ compilers: [Compiler], _ pass: Pass) {
        progress.withLock { legs in
            for (leg, compiler) in compilers.enumerated() { legs[leg].take(compiler, pass, isPrimary: leg == 0) }
        }
    }

    private func keepSample(_ exchange: Exchange, _ draft: TemplateBlock.Draft) {
        progress.withLock { state in
            state[0].samples.append(
                Sample(
                    sourceID: exchange.id, operation: exchange.operation, before: exchange.request?.wire ?? [],
                    draft: draft, target: Int(draft.target)))
        }
    }
}
