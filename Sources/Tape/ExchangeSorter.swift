import Glibc

/// Puts any number of exchanges in the order of their first byte, those of the same time in the order in which they came.
///
/// What does not fit the budget goes to tapes of its own beside `scratchPath`, readable by their owner only, which are
/// removed in the end. With those, memory is the budget and one chunk of each.
package final class ExchangeSorter {
    private let scratchPath: String
    private let budgetBytes: Int
    private var held: [Exchange] = []
    private var heldBytes = 0
    private var runs: [String] = []

    package init(scratchPath: String, budgetBytes: Int = 128 << 20) {
        self.scratchPath = scratchPath
        self.budgetBytes = budgetBytes
    }

    deinit {
        for run in runs { _ = unsafe unlink(run) }
    }

    /// How many runs had to be put aside so far.
    package var runCount: Int { runs.count }

    package func add(_ exchange: Exchange) throws(TapeError) {
        held.append(exchange)
        heldBytes += Self.size(exchange)
        if heldBytes >= budgetBytes { try spill() }
    }

    /// Gives everything in order, once.
    package func drain(_ body: (Exchange) throws -> Void) throws {
        if runs.isEmpty {
            for index in order() { try body(held[index]) }
            held = []
            return
        }
        if !held.isEmpty { try spill() }
        var readers: [TapeReader] = []
        // The earliest exchange of each run, smallest first: (time, run).
        var heap: [(nanos: UInt64, run: Int)] = []
        var heads: [Exchange?] = []
        for (index, run) in runs.enumerated() {
            let reader = try TapeReader(path: run)
            readers.append(reader)
            heads.append(try reader.next())
            if let head = heads[index] { Self.push((head.startNanos, index), &heap) }
        }
        while let top = heap.first {
            if let head = heads[top.run] { try body(head) }
            heads[top.run] = try readers[top.run].next()
            if let next = heads[top.run] {
                heap[0] = (next.startNanos, top.run)
            } else {
                let last = heap.removeLast()
                if heap.isEmpty { break }
                heap[0] = last
            }
            Self.sink(&heap)
        }
    }

    private func order() -> [Int] {
        held.indices.map { (held[$0].startNanos, $0) }.sorted { $0 < $1 }.map(\.1)
    }

    private func spill() throws(TapeError) {
        let path = "\(scratchPath).\(getpid())-\(runs.count).run"
        var options = TapeWriter.Options(isRaw: true)
        options.chunkBytes = 1 << 18
        options.level = -3
        let writer = try TapeWriter(path: path, options: options)
        runs.append(path)
        for index in order() { try writer.append(held[index]) }
        try writer.finish()
        held.removeAll(keepingCapacity: true)
        heldBytes = 0
    }

    /// About what an exchange takes in memory.
    private static func size(_ exchange: Exchange) -> Int {
        var bytes = 1024 + exchange.labels.count * 512
        for message in [exchange.request, exchange.response] + exchange.interim.map({ $0 }) {
            if let message { bytes += message.wire.count + message.redactions.count * 48 + 64 }
        }
        return bytes
    }

    private static func push(_ item: (nanos: UInt64, run: Int), _ heap: inout [(nanos: UInt64, run: Int)]) {
        heap.append(item)
        var at = heap.count - 1
        while at > 0, heap[at] < heap[(at - 1) / 2] {
            heap.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    private static func sink(_ heap: inout [(nanos: UInt64, run: Int)]) {
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == at { return }
            heap.swapAt(at, least)
            at = least
        }
    }
}
