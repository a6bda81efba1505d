package import EventLoop
package import Metrics
package import Pacing
import Synchronization
package import Tagging

/// One replay: sends what a tape holds to admitted targets and says what came of it.
package final class Run: Sendable {
    package struct Options: Sendable {
        package var pacer: Pacer
        package var carriers: [Carrier]
        /// The tag's value.
        package var tag: String
        /// Of each target; at least one for each loop.
        package var connections = 64
        package var threads = LoopThread.availableCPUs
        /// Thrift calls that may be in flight on one connection, and whether as many HTTP requests may.
        package var inFlight = 1
        package var pipelines = false
        /// Nil: the tape's end ends the run.
        package var durationNanos: UInt64?
        package var patience = Patience()
        /// ``Patience/exchangeNanos``.
        package var timeoutNanos: UInt64 {
            get { patience.exchangeNanos }
            set { patience.exchangeNanos = newValue }
        }
        /// For targets that speak TLS; without it they are refused.
        package var tls: TLSContext?
        package var keepsHost = false
        package var allowsDuplicates = false
        package var fidelity = Fidelity()
        /// What is due before this is sent and not measured.
        package var warmUpNanos: UInt64 = 0
        /// Of Poisson arrivals; nil: from the tag.
        package var seed: UInt64?
        /// How long the callers of the recorded requests wait.
        package var budget = CallerBudget()
        /// How many of the slowest exchanges are kept.
        package var keepSlowest = 10
        /// Due times that are decided while the run lasts, in place of the pacer's.
        package var program: PaceProgram?

        package init(pacer: Pacer, carriers: [Carrier], tag: String) {
            self.pacer = pacer
            self.carriers = carriers
            self.tag = tag
        }
    }

    /// What the progress line shows.
    package struct Progress: Sendable {
        package var elapsedNanos: UInt64 = 0
        package var due: UInt64 = 0
        package var sent: UInt64 = 0
        package var answered: UInt64 = 0
        package var errors: UInt64 = 0

        init(elapsedNanos: UInt64, _ counts: SecondCounts) {
            self.elapsedNanos = elapsedNanos
            due = counts.due
            sent = counts.sent
            answered = counts.answered
            errors = counts.errors
        }
    }

    package let options: Options
    package let gatekeeper: Guard
    let source: any ExchangeSource
    private let identities: any IdentityFinder
    private let judge: Judge?
    private let writer: (any RunTapeWriter)?
    private let control = RunControl()

    package init(
        options: Options, gatekeeper: Guard, source: any ExchangeSource, identities: any IdentityFinder,
        judge: Judge? = nil, writer: (any RunTapeWriter)? = nil
    ) {
        self.options = options
        self.gatekeeper = gatekeeper
        self.source = source
        self.identities = identities
        self.judge = judge
        self.writer = writer
    }

    /// Ends the run: no send begins after the loops have seen it, which takes them less than 100 ms.
    package func stop() { control.isStopped.store(true, ordering: .relaxed) }

    private var loops: Int { max(1, min(options.threads, options.connections, 256)) }

    /// When sending is over; nil: the tape's end decides.
    var durationNanos: UInt64? { options.durationNanos ?? options.pacer.ownDurationNanos }
    /// How often the tape is sent at most.
    var rounds: UInt32 {
        options.fidelity.rounds ?? (durationNanos != nil || options.program != nil ? Fidelity.endless : 1)
    }
    var paceSeed: UInt64 { options.seed ?? tagDigest }
    var tagDigest: UInt64 {
        options.tag.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// - Parameter forRepetition: identities are looked for although the tape is sent once.
    func makeCompiler(forRepetition: Bool = false) -> Compiler {
        Compiler(
            gatekeeper: gatekeeper, tagger: Tagger(carriers: options.carriers, run: options.tag),
            keepsHost: options.keepsHost, allowsDuplicates: options.allowsDuplicates,
            repeats: forRepetition || rounds > 1, identities: identities, fidelity: options.fidelity, seed: tagDigest,
            overlap: options.inFlight > 1 ? FlowOverlap() : nil, patience: options.patience,
            budget: options.budget)
    }

    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - signals: watched meanwhile; a signal stops the run.
    ///   - watchers: look on, on this thread, and may stop the run.
    ///   - progress: called some ten times a second on this thread.
    /// - Throws: when nothing could be sent; nothing was then.
    package func run(
        signals: SignalWatch?, watchers: [any RunWatcher] = [], progress: (Progress) -> Void
    ) throws(ReplayError) -> RunResult {
        let feeder = Feeder(
            source: options.fidelity.users == nil ? source : FlowsInTurn(source), loops: loops, rounds: rounds)
        let compiler = makeCompiler()
        let feederThread = try thread { feeder.run(compiler) }
        do throws(ReplayError) {
            while !feeder.isPrimed.load(ordering: .acquiring) {
                if signals?.wait(timeoutNanos: 1_000_000) != nil {
                    throw ReplayError("stopped by a signal before anything was sent")
                }
                if signals == nil { Clock.sleep(nanos: 1_000_000) }
            }
            try refuseBeforeSending(feeder.state)
        } catch {
            feeder.cancel()
            feederThread.join()
            throw error
        }
        return try runLoops(feeder, feederThread, signals, watchers, progress)
    }

    private func thread(_ body: @escaping @Sendable () -> Void) throws(ReplayError) -> LoopThread {
        do throws(SystemError) { return try LoopThread(isBackground: true, body) } catch {
            throw ReplayError("a thread cannot be started (\(error))", isFailure: true)
        }
    }

    private func plans() -> [LoopPlan] {
        let allowances = Allowances(gatekeeper, ratesMayGrow: options.program != nil)
        let pace = options.program ?? PaceProgram(options.pacer, seed: paceSeed)
        return (0..<loops).map { index in
            LoopPlan(
                pools: gatekeeper.admitted.map { admitted in
                    let connections = admitted.target.connections ?? options.connections
                    let share = connections / loops + (index < connections % loops ? 1 : 0)
                    let window = admitted.target.scheme == .thrift || options.pipelines ? options.inFlight : 1
                    return .init(
                        address: admitted.address, security: TLSEndpoint(admitted.target, options.tls),
                        connections: max(1, share), window: max(1, window))
                }, pace: pace, isOpenLoop: options.pacer.isOpenLoop, warmUpNanos: options.warmUpNanos,
                books: LoopPages(), durationNanos: durationNanos, patience: options.patience, index: index,
                loops: loops, seed: tagDigest, eventTime: options.fidelity.eventTime,
                hasLanesPerRound: options.fidelity.users == nil && options.fidelity.rules?.isPerRound ?? false,
                users: options.fidelity.users ?? 0, thinkNanos: options.fidelity.thinkNanos,
                opensForEach: options.fidelity.opensForEach,
                hasBindings: options.fidelity.rules != nil,
                keepsReplies: judge != nil || writer != nil || options.fidelity.rules != nil,
                allowances: allowances, keepSlowest: options.keepSlowest)
        }
    }

    private final class Reports: Sendable {
        let all = Mutex<[LoopReport]>([])
        let failure = Mutex<SystemError?>(nil)
    }

    private func runLoops(
        _ feeder: Feeder, _ feederThread: LoopThread, _ signals: SignalWatch?, _ watchers: [any RunWatcher],
        _ progress: (Progress) -> Void
    ) throws(ReplayError) -> RunResult {
        let reports = Reports()
        let queue = writer == nil ? nil : RunTapeQueue()
        let (control, judge) = (control, judge)
        var threads: [LoopThread] = []
        let plans = plans()
        for plan in plans {
            let blocks = feeder.queues[plan.index]
            do throws(SystemError) {
                threads.append(
                    try LoopThread(sharpTimers: true, pinnedTo: plans.count > 1 ? plan.index : nil) {
                        do throws(SystemError) {
                            var loop = try Loop(plan: plan, control: control, queue: blocks, judge: judge, tape: queue)
                            let report = loop.run()
                            reports.all.withLock { $0.append(report) }
                        } catch {
                            reports.failure.withLock { $0 = error }
                            control.ready.add(1, ordering: .releasing)
                            control.isStopped.store(true, ordering: .relaxed)
                        }
                        control.ended.add(1, ordering: .releasing)
                    })
            } catch {
                control.isStopped.store(true, ordering: .relaxed)
                control.ended.add(1, ordering: .releasing)
                reports.failure.withLock { $0 = error }
            }
        }
        let writerThread = try queue.map { queue throws(ReplayError) in
            let (writer, feeder) = (self.writer, feeder)
            return try thread { writer?.drain(queue) { feeder.state.operations } }
        }
        while control.ready.load(ordering: .acquiring) < threads.count { Clock.sleep(nanos: 200_000) }
        let clockOffset = Clock.realtimeNanos() &- Clock.monotonicNanos()
        let start = Clock.monotonicNanos() + 5_000_000
        let cpuStart = Clock.processSeconds()
        writer?.begin(clockOffsetNanos: clockOffset)
        for watcher in watchers { watcher.began(startNanos: start &+ clockOffset) }
        control.start.store(start, ordering: .releasing)
        var collector = Collector(loops: plans.map(\.books), isOpenLoop: options.pacer.isOpenLoop)
        var stop: RunStop?
        while control.ended.load(ordering: .acquiring) < threads.count {
            var found: RunStop?
            if let signals {
                // A signal wakes at once; everything else is looked at this often.
                if let number = signals.wait(timeoutNanos: 20_000_000) { found = .signal(number) }
            } else {
                Clock.sleep(nanos: 5_000_000)
            }
            let now = Clock.monotonicNanos()
            let elapsed = now > start ? now - start : 0
            collector.collect { second in
                for watcher in watchers { found = watcher.closed(second, feeder.state.operations) ?? found }
            }
            for watcher in watchers { found = watcher.poll(elapsedNanos: elapsed) ?? found }
            if let openFor = gatekeeper.openForSeconds, elapsed / 1_000_000_000 >= openFor {
                found = RunStop(reason: "guard", detail: "the policy's hours are over")
            }
            if let found, stop == nil {
                stop = found
                self.stop()
            }
            progress(Progress(elapsedNanos: elapsed, collector.totals))
        }
        for thread in threads { thread.join() }
        // What the last pages hold cannot stop a run that has ended.
        collector.collect { second in
            for watcher in watchers { _ = watcher.closed(second, feeder.state.operations) }
        }
        let cpuSeconds = Clock.processSeconds() - cpuStart
        feeder.cancel()
        feederThread.join()
        queue?.finish()
        writerThread?.join()
        if control.isExhausted.load(ordering: .relaxed) && stop == nil {
            stop = RunStop(reason: "guard", detail: "the policy's volume is used up")
        }
        if let failure = reports.failure.withLock({ $0 }) {
            throw ReplayError("a loop failed (\(failure))", isFailure: true)
        }
        let summary = RunSummary(
            options: options, gatekeeper: gatekeeper, feeder: feeder.state, reports: reports.all.withLock { $0 },
            collector: collector, stop: stop, startNanos: start, clockOffsetNanos: clockOffset, cpuSeconds: cpuSeconds,
            threads: threads.count)
        return summary.result()
    }

    /// Reads and compiles the tape without opening a connection: what a run would do.
    package func rehearse() throws(ReplayError) -> Rehearsal {
        let feeder = Feeder(source: source, loops: 1, rounds: 1)
        let compiler = makeCompiler()
        let thread = try thread { feeder.run(compiler) }
        var bytes: UInt64 = 0
        var isFinished = false
        while !isFinished {
            switch feeder.queues[0].next() {
            case .block(let entry): bytes += entry.blocks.reduce(0) { $0 + $1.requestBytes }
            case .starved: Clock.sleep(nanos: 500_000)
            case .finished: isFinished = true
            }
        }
        thread.join()
        let state = feeder.state
        try refuseBeforeSending(state)
        return Rehearsal(
            requests: state.sendable, bytes: bytes, operations: state.operations,
            refusals: state.refusals(),
            notAddressed: state.refused.values.reduce(0) { $0 + ($1[.notAddressed] ?? 0) },
            samples: state.samples.map {
                Rehearsal.Sample(
                    sourceID: $0.sourceID, operation: $0.operation, before: $0.before, after: $0.after,
                    target: gatekeeper.admitted[$0.target].target.description)
            })
    }
}
