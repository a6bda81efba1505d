import Metrics

/// One of the slowest exchanges of a loop.
struct SlowExchange: Sendable {
    var sourceID: UInt64
    var operation: UInt16
    var round: UInt32
    var outcome: Outcome
    /// Monotonic.
    var dueNanos: UInt64
    var sentNanos: UInt64
    var endNanos: UInt64

    var elapsedNanos: UInt64 { endNanos &- dueNanos }
}

/// Keeps the slowest exchanges of a loop: a heap whose root is the fastest of them, in memory of its own.
@safe
struct SlowestKeeper: ~Copyable {
    private let entries: UnsafeMutablePointer<SlowExchange>
    private let capacity: Int
    private var count = 0
    /// What is not slower than this need not be shown to it.
    private(set) var thresholdNanos: UInt64

    init(capacity: Int) {
        self.capacity = capacity
        unsafe entries = .allocate(capacity: max(1, capacity))
        thresholdNanos = capacity == 0 ? .max : 0
    }

    deinit { unsafe entries.deallocate() }

    mutating func insert(_ exchange: SlowExchange) {
        if count < capacity {
            unsafe entries[count] = exchange
            count += 1
            var child = count - 1
            while child > 0 {
                let parent = (child - 1) / 2
                if unsafe entries[parent].elapsedNanos <= entries[child].elapsedNanos { break }
                exchangeEntries(parent, child)
                child = parent
            }
        } else {
            unsafe entries[0] = exchange
            var parent = 0
            while true {
                var least = 2 * parent + 1
                if least >= count { break }
                if least + 1 < count, unsafe entries[least + 1].elapsedNanos < entries[least].elapsedNanos {
                    least += 1
                }
                if unsafe entries[parent].elapsedNanos <= entries[least].elapsedNanos { break }
                exchangeEntries(parent, least)
                parent = least
            }
        }
        if count == capacity { thresholdNanos = unsafe entries[0].elapsedNanos }
    }

    private func exchangeEntries(_ a: Int, _ b: Int) {
        let held = unsafe entries[a]
        unsafe entries[a] = entries[b]
        unsafe entries[b] = held
    }

    mutating func removeAll() {
        count = 0
        thresholdNanos = capacity == 0 ? .max : 0
    }

    /// In no order.
    var list: [SlowExchange] { (0..<count).map { unsafe entries[$0] } }
}
