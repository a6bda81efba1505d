/// What is due when, earliest first (a binary heap).
struct TimerHeap {
    struct Entry: Equatable {
        var dueNanos: UInt64
        var token: UInt64
    }

    private var entries: [Entry] = []

    var nextDueNanos: UInt64? { entries.first?.dueNanos }

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if entries[parent].dueNanos <= entries[child].dueNanos { break }
            entries.swapAt(parent, child)
            child = parent
        }
    }

    /// The earliest entry that is due at `now`, or nil.
    mutating func popDue(_ now: UInt64) -> Entry? {
        guard let first = entries.first, first.dueNanos <= now else { return nil }
        let last = entries.removeLast()
        if entries.isEmpty { return first }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child].dueNanos < entries[least].dueNanos { least = child }
            }
            if least == parent { return first }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
