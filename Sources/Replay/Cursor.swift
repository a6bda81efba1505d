/// Where a loop stands on its share of the tape.
@safe
struct Cursor {
    var templates: UnsafeMutablePointer<Template>?
    var position = 0
    var count = 0
    var round: UInt32 = 0
    var baseSequence: UInt64 = 0
    var baseOffsetNanos: UInt64 = 0
    var repeats: UInt32 = 0
    var sequenceStride: UInt64 = 0
    var offsetStrideNanos: UInt64 = 0
    /// Of the block it stands in; -1 for none.
    var slot: Int32 = -1
    private(set) var isFinished = false
    /// When the loop first found nothing to take, 0 while it is not starved.
    var starvedSince: UInt64 = 0

    /// The blocks it goes through, and which of them it stands in.
    private var blocks: [TemplateBlock] = []
    private var index = 0

    /// Begins with the first block of an entry that holds templates.
    mutating func begin(_ entry: BlockQueue.Entry) {
        blocks = entry.blocks
        index = 0
        round = entry.round
        baseSequence = entry.baseSequence
        baseOffsetNanos = entry.baseOffsetNanos
        repeats = entry.repeats
        sequenceStride = entry.sequenceStride
        offsetStrideNanos = entry.offsetStrideNanos
        enter()
    }

    /// The block it stands in; nil before the first.
    var block: TemplateBlock? { index < blocks.count ? blocks[index] : nil }

    /// Goes on to the next block, or to the first one as the next round; false when there is none.
    mutating func goOn() -> Bool {
        if index + 1 < blocks.count {
            index += 1
        } else if repeats > 0 && !blocks.isEmpty {
            index = 0
            repeats -= 1
            round += 1
            baseSequence &+= sequenceStride
            baseOffsetNanos &+= offsetStrideNanos
        } else {
            return false
        }
        enter()
        return true
    }

    private mutating func enter() {
        position = 0
        count = block?.count ?? 0
        unsafe templates = block?.templates
    }

    /// Stands nowhere until the next entry.
    mutating func leave() {
        blocks = []
        enter()
    }

    mutating func finish() {
        isFinished = true
        repeats = 0
        leave()
    }

    mutating func takeSlot() -> Int32 {
        defer { slot = -1 }
        return slot
    }
}

/// The blocks that a loop still needs, with how many sends refer to each.
@safe
struct BlockTable {
    private var entries: [TemplateBlock?] = []
    private var uses: [Int] = []
    private var unused: [Int32] = []

    mutating func hold(_ block: TemplateBlock) -> Int32 {
        if let slot = unused.popLast() {
            entries[Int(slot)] = block
            uses[Int(slot)] = 1
            return slot
        }
        entries.append(block)
        uses.append(1)
        return Int32(clamping: entries.count - 1)
    }

    @inline(__always)
    mutating func retain(_ slot: Int32) { uses[Int(slot)] &+= 1 }

    /// What a template of a held block has to do with bindings; nil for nothing.
    func boundCall(_ slot: Int32, _ index: Int32) -> BoundCall? {
        guard slot >= 0, index >= 0, let block = entries[Int(slot)], block.boundCalls.indices.contains(Int(index))
        else {
            return nil
        }
        return block.boundCalls[Int(index)]
    }

    @inline(__always)
    mutating func release(_ slot: Int32) {
        if slot < 0 { return }
        uses[Int(slot)] &-= 1
        if uses[Int(slot)] == 0 { drop(slot) }
    }

    private mutating func drop(_ slot: Int32) {
        entries[Int(slot)] = nil
        unused.append(slot)
    }
}
