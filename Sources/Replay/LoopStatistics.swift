import Metrics
import Synchronization

/// What a loop counts of the second that it is in.
struct SecondCounts {
    var due: UInt64 = 0
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    var errors: UInt64 = 0

    mutating func add(_ other: SecondCounts) {
        due += other.due
        sent += other.sent
        answered += other.answered
        errors += other.errors
    }

    var isEmpty: Bool { due == 0 && sent == 0 && answered == 0 && errors == 0 }
}

/// What one loop counts for one operation.
struct OperationCounts: ~Copyable {
    var outcomes = InlineArray<18, UInt64>(repeating: 0)
    /// From the due time; not kept in a closed loop, where both are the same.
    let corrected = Histogram()
    /// From the send.
    let raw = Histogram()
    /// Of both.
    let correctedRecorder: Histogram.Recorder
    let rawRecorder: Histogram.Recorder
    var decisions: [String: UInt64] = [:]

    init() {
        correctedRecorder = corrected.recorder
        rawRecorder = raw.recorder
    }
}

/// One page of a loop's books: what it has counted since it began the page. A loop writes on one page while the control
/// thread reads the other, so that neither waits for the other and nothing is locked or allocated.
@safe
final class CountPage: @unchecked Sendable {
    // Written by the loop while `isFull` is false, by the control thread while it is true.
    let isFull = Atomic<Bool>(false)
    /// By operation, made when first counted; those beyond the limit share the last.
    let operations: UnsafeMutablePointer<UnsafeMutablePointer<OperationCounts>?>
    /// How late the generator was.
    let lateness = Histogram()
    /// The tick of the run in which the page was handed over, and what was counted in it.
    var tick = 0
    var counts = SecondCounts()
    /// All of it was due while the run warmed up.
    var isWarmUp = false
    /// When the page was handed over.
    var inFlight = 0
    var waiting = 0
    /// Of everything since the last one, when a part of the run ends with this page.
    var report: LoopReport?

    static let operationLimit = 1024

    init() {
        unsafe operations = .allocate(capacity: CountPage.operationLimit)
        unsafe operations.initialize(repeating: nil, count: CountPage.operationLimit)
    }

    deinit {
        for index in 0..<CountPage.operationLimit {
            unsafe operations[index]?.deinitialize(count: 1)
            unsafe operations[index]?.deallocate()
        }
        unsafe operations.deallocate()
    }

    /// Gives the page back to its loop, blank.
    func clear() {
        for index in 0..<CountPage.operationLimit {
            guard let counts = unsafe operations[index] else { continue }
            unsafe counts.pointee.outcomes = InlineArray(repeating: 0)
            unsafe counts.pointee.corrected.reset()
            unsafe counts.pointee.raw.reset()
            unsafe counts.pointee.decisions.removeAll(keepingCapacity: true)
        }
        lateness.reset()
        counts = SecondCounts()
        report = nil
        isFull.store(false, ordering: .releasing)
    }
}

/// The two pages of each loop, and how far it has got.
final class LoopPages: Sendable {
    let pages = (CountPage(), CountPage())
    /// Ticks of the run that the loop has passed; `.max` when it has ended.
    let passed = Atomic<Int>(0)

    /// Pages that wait for the control thread, the older first.
    var full: [CountPage] {
        [pages.0, pages.1].filter { $0.isFull.load(ordering: .acquiring) }.sorted { $0.tick < $1.tick }
    }
}
