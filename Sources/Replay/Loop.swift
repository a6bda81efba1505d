import EventLoop
import Glibc
import Metrics
import Pacing
import Signing
import Synchronization

/// One thread of a run: its connections, its share of the tape, its counts. Nothing is shared with other loops while
/// requests are sent, except what ``RunControl`` holds.
///
/// All state lies in memory that this value owns and is reached through pointers, so that a send and a reply cost no
/// allocation, no reference counting and no exclusivity check.
@safe
struct Loop: ~Copyable {
    let plan: LoopPlan
    let control: RunControl
    let queue: BlockQueue
    let judge: Judge?
    let tape: RunTapeQueue?
    let isOpen: Bool
    /// Whether any target speaks TLS.
    let isSecure: Bool
    /// No time-out of a request in flight is shorter.
    let shortestNanos: UInt64

    var poller: Poller
    /// Nil when everything goes through the poller.
    var ring: Ring?
    /// Connections with a send in the ring's next turn.
    let staged: UnsafeMutablePointer<Int32>
    var stagedCount = 0
    var isPollerWatched = false
    let connections: UnsafeMutablePointer<Connection>
    let connectionCount: Int
    /// First connection of each target, with the end behind the last.
    var poolStart: [Int] = []
    /// Idle connections, most recently used first, and requests that any connection of the target may take.
    var idleHead: [Int32] = []
    var idleTail: [Int32] = []
    var freeHead: [Int32] = []
    var freeTail: [Int32] = []
    /// The places of all connections, each one's next to each other.
    let flights: UnsafeMutablePointer<Flight>
    /// Bits of a seqid that say the place on its connection.
    let placeBits: UInt32
    var inFlightCount = 0
    /// Before this no flight's time can have run out.
    var nextExpiry: UInt64 = 0
    var spares: SpareBuffers
    /// Connections whose output is to be written.
    var gatheringHead: Int32 = -1
    /// What keeps its order here: lanes, and flows on connections that carry several requests at once.
    var flows = FlowTable()
    /// Something that waited for its predecessors may go over any idle connection.
    var hasReady = false
    var thinking = ThinkingUsers()
    /// Values that replies gave; nil without bindings.
    let bindings: BindingStore?
    /// Signs requests; nil when none is signed.
    let finisher: Finisher?
    /// Sends that have drawn a number of their own.
    var draws: UInt64 = 0
    /// Requests as they were sent, by place in flight, when a run tape is written and a template does not tell.
    var sentCopies: [Int32: SentCopy] = [:]
    /// Of flows that open connections of their own.
    var recorded = RecordedConnections(poolStart: [])
    var nextSweep: UInt64 = 0
    /// Connections that are down or connecting.
    var unestablished = 0

    var nodes: UnsafeMutablePointer<Waiting>
    var nodeCapacity: Int32
    var freeNode: Int32 = -1
    var usedNodes: Int32 = 0
    var waitingCount = 0

    var cursor = Cursor()
    var blocks = BlockTable()
    var eventClock = EventClock()

    var now: UInt64 = 0
    var start: UInt64 = 0
    var isStopping = false
    var stopDeadline: UInt64 = .max

    /// The loop's books, and what of them lies open: by operation, made when first counted.
    let books: LoopPages
    var isOnSecondPage = false
    var operations: UnsafeMutablePointer<UnsafeMutablePointer<OperationCounts>?>
    var lateness: Histogram.Recorder
    /// Since the last part of the run ended.
    var report: LoopReport
    /// Parts of the run that have ended, and what had been sent to each target before.
    var endedParts = 0
    var sentBefore: [UInt64] = []
    var second = SecondCounts()
    /// The part of a second whose books are open, which is a second unless somebody looks closer.
    var tickIndex = 0
    var tickEnd: UInt64 = 0
    let tickNanos: UInt64
    /// Requests due before this warm the run up; monotonic.
    var measuredFrom: UInt64 = 0
    /// Requests due before this are not counted on the open page: 0 while the run warms up, which has pages of its own.
    var countedFrom: UInt64 = 0
    var pace: PaceCursor
    private var dueWatch: DueWatch
    var slowest: SlowestKeeper
    var worst = WorstConnections()
    /// Of the reply that is being counted, on its way to the run tape.
    var decision: String?

    static let waitingLimit: Int32 = 1 << 20
    /// Requests of other connections that a closed loop takes up while it looks for the one that comes next.
    var lookahead: Int { max(4096, plan.users * 32, connectionCount << Int(placeBits + 2)) }

    init(
        plan: LoopPlan, control: RunControl, queue: BlockQueue, judge: Judge?, tape: RunTapeQueue?
    ) throws(SystemError) {
        let poller = try Poller(maximumEvents: 256)
        let ring = try Loop.ring(for: plan)
        self.poller = poller
        self.ring = ring
        self.plan = plan
        self.control = control
        self.queue = queue
        self.judge = judge
        self.tape = tape
        bindings = plan.hasBindings ? BindingStore() : nil
        finisher = plan.finishing.map { Finisher(keys: $0.keys, tokens: $0.tokens) }
        isOpen = plan.isOpenLoop
        tickNanos = 1_000_000_000 / UInt64(plan.ticksPerSecond)
        shortestNanos = plan.patience.shortestNanos
        isSecure = plan.pools.contains { $0.security != nil }
        pace = PaceCursor(plan.pace)
        dueWatch = DueWatch(plan.dueWatch)
        slowest = SlowestKeeper(capacity: plan.keepSlowest)
        books = plan.books
        report = LoopReport(loop: plan.index)
        unsafe operations = books.pages.0.operations
        lateness = books.pages.0.lateness.recorder
        unsafe staged = .allocate(capacity: Ring.sendLimit)
        connectionCount = plan.pools.reduce(0) { $0 + $1.connections }
        unsafe connections = .allocate(capacity: max(1, connectionCount))
        spares = SpareBuffers(limit: connectionCount)
        nodeCapacity = 1024
        unsafe nodes = .allocate(capacity: 1024)
        let places = plan.pools.reduce(0) { $0 + $1.connections * $1.window }
        let widest = plan.pools.reduce(1) { max($0, $1.window) }
        placeBits = UInt32(truncatingIfNeeded: Int.bitWidth - (widest - 1).leadingZeroBitCount)
        // One to a line of the processor's caches.
        unsafe flights = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, places) * MemoryLayout<Flight>.stride, alignment: 64
        ).bindMemory(to: Flight.self, capacity: max(1, places))
        unsafe flights.initialize(repeating: Flight(), count: max(1, places))
        var index = 0
        var place = 0
        for (target, pool) in plan.pools.enumerated() {
            poolStart.append(index)
            idleHead.append(-1)
            idleTail.append(-1)
            freeHead.append(-1)
            freeTail.append(-1)
            for _ in 0..<pool.connections {
                unsafe (connections + index).initialize(
                    to: Connection(
                        buffer: .allocate(capacity: Connection.usualCapacity), target: UInt8(clamping: target),
                        firstPlace: Int32(clamping: place), window: Int32(clamping: pool.window)))
                freePlaces(index)
                index += 1
                place += pool.window
            }
        }
        poolStart.append(index)
        if plan.recordsConnections {
            recorded = RecordedConnections(poolStart: poolStart)
            for connection in 0..<connectionCount { unsafe connections[connection].retryAt = .max }
        }
        unestablished = plan.recordsConnections ? 0 : connectionCount
    }

    deinit {
        for index in 0..<connectionCount {
            unsafe connections[index].tls?.close(isBroken: false)
            unsafe connections[index].session?.free()
            if unsafe connections[index].fd >= 0 { unsafe Socket.close(connections[index].fd) }
            unsafe connections[index].deallocate()
        }
        unsafe connections.deallocate()
        unsafe staged.deallocate()
        unsafe flights.deallocate()
        unsafe nodes.deallocate()
    }

    /// Connects, waits for the start, sends and receives to the end.
    mutating func run() -> LoopReport {
        connectAll()
        control.ready.add(1, ordering: .releasing)
        while control.start.load(ordering: .acquiring) == 0 && !control.isStopped.load(ordering: .relaxed) {
            now = Clock.monotonicNanos()
            pollOnce(timeoutNanos: 500_000)
            keepConnecting()
        }
        start = control.start.load(ordering: .acquiring)
        now = Clock.monotonicNanos()
        if start == 0 { start = now }
        tickEnd = start + tickNanos
        measuredFrom = plan.warmUpNanos == 0 ? 0 : start + plan.warmUpNanos
        while true {
            now = Clock.monotonicNanos()
            if countedFrom < measuredFrom && now >= measuredFrom { endWarmUp() }
            if now >= tickEnd { turnTick() }
            if !isStopping && control.isStopped.load(ordering: .relaxed) { beginStop() }
            if now >= start {
                if isOpen { dispatchDue() } else { pump() }
            }
            if let wake = thinking.nextWake, wake <= now { wakeUsers() }
            if hasReady { serveReady() }
            if plan.recordsConnections && recorded.hasWaiting { sweepRecorded() }
            if gatheringHead >= 0 { flushGathered() }
            if inFlightCount > 0 { expireFlights() }
            if unestablished > 0 { expire() }
            if isFinished { break }
            pollOnce(timeoutNanos: waitNanos())
        }
        abandonInFlight()
        return finish()
    }

    private var isFinished: Bool {
        if isStopping && now >= stopDeadline { return true }
        return inFlightCount == 0 && waitingCount == 0 && cursor.isFinished
    }

    /// How long nothing needs to be done unless the kernel reports something.
    private mutating func waitNanos() -> UInt64 {
        var wake = min(now + 100_000_000, tickEnd)
        if gatheringHead >= 0 || hasReady { return 0 }
        if inFlightCount > 0 { wake = min(wake, nextExpiry) }
        if unestablished > 0 { wake = min(wake, now + 1_000_000) }
        if let next = thinking.nextWake { wake = min(wake, next) }
        if isStopping { wake = min(wake, stopDeadline) }
        if plan.recordsConnections && recorded.hasWaiting { wake = min(wake, nextSweep) }
        if now < start {
            wake = min(wake, start)
        } else if !cursor.isFinished && !isStopping {
            if isOpen {
                if let due = nextDue() {
                    wake = min(wake, dueWatch.sleepEnd(before: due, now: now))
                } else {
                    dueWatch.rest(now: now)
                    wake = min(wake, now + 200_000)
                }
            } else if waitingCount < lookahead && hasIdle {
                wake = min(wake, now + 200_000)
            }
        }
        return wake > now ? wake - now : 0
    }

    private var hasIdle: Bool { idleHead.contains { unsafe $0 >= 0 && connections[Int($0)].flightCount == 0 } }

    mutating func pollOnce(timeoutNanos: UInt64) {
        if ring != nil { turnRing(timeoutNanos: timeoutNanos) } else { poll(timeoutNanos: timeoutNanos) }
    }

    mutating func poll(timeoutNanos: UInt64) {
        let count = poller.wait(timeoutNanos: timeoutNanos)
        if count == 0 { return }
        for index in 0..<count {
            let connection = Int(truncatingIfNeeded: poller.token(at: index))
            prefetchNext(connection)
            if unsafe connections[connection].awaitsWritable {
                if poller.isWritable(at: index) { becameWritable(connection) }
                if unsafe connections[connection].fd < 0 || connections[connection].state == .connecting { continue }
            }
            // The clock is read after each receive: a batch of replies must not share one time.
            if poller.isReadable(at: index), unsafe !connections[connection].isInRing {
                receive(connection)
                if isSecure { receivePending(connection) }
            }
        }
    }

    /// Nothing more is sent from here on; what is in flight may still be answered for a moment.
    private mutating func beginStop() {
        isStopping = true
        stopDeadline = now + min(plan.timeoutNanos, 1_000_000_000)
        queue.cancel()
        if isOpen {
            while let due = nextDue(), due <= now { passOver(.unsent) }
        }
        dropWaiting()
        cursor.finish()
        blocks.release(cursor.takeSlot())
    }
}
