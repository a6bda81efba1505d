import Bytes
package import EventLoop
package import Metrics
import Pacing
import Synchronization
import Tagging

/// One replay: sends what a tape holds to admitted targets and says what came of it.
package final class Run: Sendable {
    package let options: Options
    package let gatekeeper: Guard
    /// One for each mirror, which gets what the primary gets when the primary gets it.
    package let mirrors: [Guard]
    let source: any ExchangeSource
    private let identities: any IdentityFinder
    private let judge: Judge?
    private let writer: (any RunTapeWriter)?
    /// Of the primary, then of each mirror.
    private let controls: [RunControl]
    private let comparison: MirrorComparison?

    package init(
        options: Options, gatekeeper: Guard, mirrors: [Guard] = [], source: any ExchangeSource,
        identities: any IdentityFinder, judge: Judge? = nil, writer: (any RunTapeWriter)? = nil
    ) {
        self.options = options
        self.gatekeeper = gatekeeper
        self.mirrors = mirrors
        let rounds = RoundStarts()
        controls = (0...mirrors.count).map { _ in RunControl(rounds: rounds) }
        comparison =
            mirrors.isEmpty || judge?.decision == nil
            ? nil : MirrorComparison(mirrors: mirrors.count)
        self.source = source
        self.identities = identities
        self.judge = judge
        self.writer = writer
    }

    /// Ends the run: no send begins after the loops have seen it, which takes them less than 100 ms.
    package func stop() {
        for control in controls { control.isStopped.store(true, ordering: .relaxed) }
    }

    /// The primary's, then each mirror's.
    var guards: [Guard] { [gatekeeper] + mirrors }

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

    /// What requests are signed with; nil without rules that do.
    var finishing: Finishing? {
        let context = options.fidelity.ruleContext
        if options.fidelity.rules?.changes.isEmpty ?? true { return nil }
        // Two runs under one tag draw other nonces.
        return Finishing(
            keys: context.keys, tokens: context.tokens, seed: tagDigest ^ FreshValues.mix(Clock.realtimeNanos()))
    }

    /// - Parameter forRepetition: identities are looked for although the tape is sent once.
    func makeCompiler(for gatekeeper: Guard, forRepetition: Bool = false) -> Compiler {
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
    ///   - parts: gets the results of ``Options/partSeconds``.
    ///   - progress: called some ten times a second on this thread.
    /// - Throws: when nothing could be sent; nothing was then.
    package func run(
        signals: SignalWatch?, watchers: [any RunWatcher] = [], parts: (any RunPartWriter)? = nil,
        progress: (Progress) -> Void
    ) throws(ReplayError) -> RunResult {
        if options.transfers == .ioUring, let obstacle = Transfers.obstacle {
            throw ReplayError(
                "io_uring cannot be used here (\(obstacle))",
                remedy:
                    "It needs Linux 6.1 and permission (kernel.io_uring_disabled, seccomp); --io auto takes epoll then."
            )
        }
        let pace = options.program ?? PaceProgram(options.pacer, seed: paceSeed)
        let feeder = Feeder(
            source: options.fidelity.users == nil ? source : FlowsInTurn(source), loops: loops,
            mirrors: mirrors.count, rounds: rounds,
            pace: options.program == nil && options.pacer.mixesRecordedTime ? pace : nil,
            findsEnds: options.recordsConnections)
        let compilers = guards.map { makeCompiler(for: $0) }
        let feederThread = try thread { feeder.run(compilers) }
        do throws(ReplayError) {
            while !feeder.isPrimed.load(ordering: .acquiring) {
                if signals?.wait(timeoutNanos: 1_000_000) != nil {
                    throw ReplayError("stopped by a signal before anything was sent")
                }
                if signals == nil { Clock.sleep(nanos: 1_000_000) }
            }
            try refuseBeforeSending(feeder)
        } catch {
            feeder.cancel()
            feederThread.join()
            throw error
        }
        return try runLoops(feeder, feederThread, pace, signals, watchers, parts, progress)
    }

    func thread(_ body: @escaping @Sendable () -> Void) throws(ReplayError) -> LoopThread {
        do throws(SystemError) { return try LoopThread(isBackground: true, body) } catch {
            throw ReplayError("a thread cannot be started (\(error))", isFailure: true)
        }
    }

    /// Watching the clock takes nothing from anybody when the loops leave a CPU of the machine free.
    private var dueWatch: DueWatch.Mode {
        let isFree = options.dueWatch == .automatic && LoopThread.leaveRoom(loops * guards.count)
        return isFree ? .fixed(DueWatch.generousNanos) : options.dueWatch
    }

    /// Those of the primary (0), or of a mirror. Connections and targets are numbered over all of them.
    private func plans(_ leg: Int, _ pace: PaceProgram, ticks: Bool) -> [LoopPlan] {
        let gatekeeper = guards[leg]
        let allowances = Allowances(gatekeeper, ratesMayGrow: options.program != nil)
        let firstTarget = guards[..<leg].reduce(0) { $0 + $1.admitted.count }
        var firstConnection = guards[..<leg].reduce(0) { sum, gatekeeper in
            sum + (0..<loops).reduce(0) { $0 + pools(gatekeeper, loop: $1).reduce(0) { $0 + $1.connections } }
        }
        let finishing = finishing
        return (0..<loops).map { index in
            let pools = pools(gatekeeper, loop: index)
            var plan = LoopPlan(
                pools: pools, pace: pace, isOpenLoop: options.pacer.isOpenLoop, warmUpNanos: options.warmUpNanos,
                books: LoopPages(), durationNanos: durationNanos, patience: options.patience, index: index,
                loops: loops, seed: tagDigest, finishing: finishing, eventTime: options.fidelity.eventTime,
                hasLanesPerRound: options.fidelity.users == nil && options.fidelity.hasBindings
                    && options.fidelity.rules?.isPerRound ?? false,
                users: options.fidelity.users ?? 0, thinkNanos: options.fidelity.thinkNanos,
                opensForEach: options.fidelity.opensForEach,
                hasBindings: options.fidelity.hasBindings,
                keepsReplies: judge != nil || writer != nil || options.fidelity.hasBindings,
                allowances: allowances, transfers: options.transfers, keepSlowest: options.keepSlowest)
            plan.dueWatch = dueWatch
            plan.leg = leg
            plan.recordsConnections = options.recordsConnections
            plan.ticksPerSecond = ticks ? RunTick.perSecond : 1
            plan.partTicks = options.partSeconds.map { [ticks = plan.ticksPerSecond] in $0 * ticks }
            plan.firstTarget = firstTarget
            plan.firstConnection = firstConnection
            firstConnection += pools.reduce(0) { $0 + $1.connections }
            return plan
        }
    }

    private func pools(_ gatekeeper: Guard, loop: Int) -> [LoopPlan.Pool] {
        gatekeeper.admitted.map { admitted in
            let connections = admitted.target.connections ?? options.connections
            let share = connections / loops + (loop < connections % loops ? 1 : 0)
            let window = admitted.target.scheme == .thrift || options.pipelines ? options.inFlight : 1
            return .init(
                address: admitted.address, security: TLSEndpoint(admitted.target, options.tls),
                connections: max(1, share), window: max(1, window))
        }
    }

    private final class Reports: Sendable {
        /// Of the primary, then of each mirror.
        let all: Lock<[[LoopReport]]>
        let failure = Lock<SystemError?>(nil)

        init(legs: Int) { all = Lock(.init(repeating: [], count: legs)) }
    }

    private func runLoops(
        _ feeder: Feeder, _ feederThread: LoopThread, _ pace: PaceProgram, _ signals: SignalWatch?,
        _ watchers: [any RunWatcher], _ partWriter: (any RunPartWriter)?, _ progress: (Progress) -> Void
    ) throws(ReplayError) -> RunResult {
        LoopThread.keepPages()
        let reports = Reports(legs: guards.count)
        let written = comparison.map { $0.showing(to: writer) } ?? writer
        let queue = written == nil ? nil : RunTapeQueue()
        let ticks = watchers.contains(where: \.wantsTicks)
        let legs = guards.indices.map { plans($0, pace, ticks: ticks && $0 == 0) }
        var threads: [LoopThread] = []
        for (leg, plans) in legs.enumerated() {
            for plan in plans { threads += start(plan, leg, feeder, queue, reports).map { [$0] } ?? [] }
        }
        let writerThread = try queue.map { queue throws(ReplayError) in
            try thread { written?.drain(queue) { feeder.state(of: $0).operations } }
        }
        while controls.reduce(0, { $0 + $1.ready.load(ordering: .acquiring) }) < threads.count {
            Clock.sleep(nanos: 200_000)
        }
        let clockOffset = Clock.realtimeNanos() &- Clock.monotonicNanos()
        let start = Clock.monotonicNanos() + 5_000_000
        let cpuStart = Clock.processSeconds()
        written?.begin(clockOffsetNanos: clockOffset)
        for watcher in watchers { watcher.began(startNanos: start &+ clockOffset) }
        for control in controls {
            control.clockOffsetNanos.store(clockOffset, ordering: .relaxed)
            control.start.store(start, ordering: .releasing)
        }
        var parts = RunParts(
            RunParts.Frame(
                options: options, guards: guards, startNanos: start, clockOffsetNanos: clockOffset, threads: loops),
            writer: partWriter)
        var collectors = legs.map { Collector($0, isOpenLoop: options.pacer.isOpenLoop) }
        var stop: RunStop?
        while controls.contains(where: { $0.ended.load(ordering: .acquiring) < loops }) {
            var found: RunStop?
            if let signals {
                // A signal wakes at once; everything else is looked at this often, and no oftener, for a loop that watches the
                // clock may have no other CPU to give.
                if let number = signals.wait(timeoutNanos: ticks ? 10_000_000 : 40_000_000) { found = .signal(number) }
            } else {
                Clock.sleep(nanos: 5_000_000)
            }
            let now = Clock.monotonicNanos()
            let elapsed = now > start ? now - start : 0
            collectors[0].collect { second in
                for watcher in watchers { found = watcher.closed(second, feeder.state.operations) ?? found }
            }
            for tick in collectors[0].takeTicks() {
                for watcher in watchers { found = watcher.ticked(tick) ?? found }
            }
            for leg in collectors.indices.dropFirst() { collectors[leg].collect { _ in } }
            parts.take(from: &collectors, feeder, stop: stop)
            for watcher in watchers { found = watcher.poll(elapsedNanos: elapsed) ?? found }
            if let openFor = guards.compactMap(\.openForSeconds).min(), elapsed / 1_000_000_000 >= openFor {
                found = RunStop(reason: "guard", detail: "the policy's hours are over")
            }
            if let found, stop == nil {
                stop = found
                self.stop()
            }
            // A mirror sends nothing that the primary does not.
            if controls[0].isExhausted.load(ordering: .relaxed), controls[0].ended.load(ordering: .acquiring) == loops {
                self.stop()
            }
            progress(Progress(elapsedNanos: elapsed, collectors[0].totals))
        }
        for thread in threads { thread.join() }
        // What the last pages hold cannot stop a run that has ended.
        collectors[0].collect { second in
            for watcher in watchers { _ = watcher.closed(second, feeder.state.operations) }
        }
        for leg in collectors.indices.dropFirst() { collectors[leg].collect { _ in } }
        let cpuSeconds = Clock.processSeconds() - cpuStart
        feeder.cancel()
        feederThread.join()
        queue?.finish()
        writerThread?.join()
        if controls[0].isExhausted.load(ordering: .relaxed) && stop == nil {
            stop = RunStop(reason: "guard", detail: "the policy's volume is used up")
        }
        if let failure = reports.failure.withLock({ $0 }) {
            throw ReplayError("a loop failed (\(failure))", isFailure: true)
        }
        for leg in collectors.indices { collectors[leg].finish(reports.all.withLock { $0[leg] }) }
        parts.take(from: &collectors, feeder, stop: stop, isLast: true)
        return parts.result(feeder, stop: stop, cpuSeconds: cpuSeconds, comparison)
    }

    /// Nil, and the run is stopped, when it cannot be started.
    private func start(
        _ plan: LoopPlan, _ leg: Int, _ feeder: Feeder, _ queue: RunTapeQueue?, _ reports: Reports
    ) -> LoopThread? {
        let blocks = feeder.queue(of: leg, loop: plan.index)
        let (controls, judge) = (controls, judge)
        let control = controls[leg]
        @Sendable func fail(_ error: SystemError) {
            reports.failure.withLock { $0 = error }
            for control in controls { control.isStopped.store(true, ordering: .relaxed) }
        }
        do throws(SystemError) {
            return try LoopThread(sharpTimers: true, pinnedTo: plan.loops > 1 ? plan.index : nil) {
                do throws(SystemError) {
                    var loop = try Loop(plan: plan, control: control, queue: blocks, judge: judge, tape: queue)
                    let report = loop.run()
                    reports.all.withLock { $0[leg].append(report) }
                } catch {
                    fail(error)
                    control.ready.add(1, ordering: .releasing)
                }
                control.ended.add(1, ordering: .releasing)
            }
        } catch {
            fail(error)
            control.ended.add(1, ordering: .releasing)
            return nil
        }
    }
}
