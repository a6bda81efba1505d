/// The flows, or lanes, of which something is in flight or waits, where no connection keeps their order by itself.
///
/// A request may go when no more of its flow's requests are in flight than were when it was recorded; else it waits here,
/// and those behind it on the same flow do too, so that their order stands. Open addressing; a flow is forgotten with its
/// last request in flight.
@safe
struct FlowTable: ~Copyable {
    private struct Entry {
        var flow: UInt32 = 0
        /// 0 marks an empty entry.
        var inFlight: Int32 = 0
        /// Nodes of the loop's pool that wait.
        var head: Int32 = -1
        var tail: Int32 = -1
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var bits: UInt32 = 8
    private var count = 0
    /// Where the last flow that was looked up stands: what follows upon it asks for the same one.
    private var found = 0

    init() {
        unsafe entries = .allocate(capacity: 256)
        unsafe entries.initialize(repeating: Entry(), count: 256)
    }

    deinit { unsafe entries.deallocate() }

    private var mask: Int { 1 << Int(bits) - 1 }

    @inline(__always)
    private func home(_ flow: UInt32) -> Int {
        Int((flow &* 0x9E37_79B1) >> (32 - bits))
    }

    /// The flow's entry, or the empty one where it belongs.
    @inline(__always)
    private func place(_ flow: UInt32) -> Int {
        var at = home(flow)
        while unsafe entries[at].inFlight > 0 && entries[at].flow != flow { at = (at + 1) & mask }
        return at
    }

    /// Takes a request as in flight when it may go now.
    @inline(__always)
    mutating func admit(_ flow: UInt32, overlap: Int32) -> Bool {
        let at = place(flow)
        let inFlight = unsafe entries[at].inFlight
        if inFlight == 0 {
            insert(flow, at)
            return true
        }
        if unsafe entries[at].head >= 0 || inFlight > overlap {
            found = at
            return false
        }
        unsafe entries[at].inFlight = inFlight + 1
        return true
    }

    private mutating func insert(_ flow: UInt32, _ at: Int) {
        if count * 2 > mask {
            grow()
            insert(flow, place(flow))
            return
        }
        unsafe entries[at] = Entry(flow: flow, inFlight: 1)
        count += 1
    }

    /// Lets a node that was just not admitted wait.
    mutating func park(_ node: Int32, _ flow: UInt32, _ nodes: UnsafeMutablePointer<Waiting>) {
        let at = unsafe entries[found].flow == flow && entries[found].inFlight > 0 ? found : place(flow)
        unsafe nodes[Int(node)].next = -1
        if unsafe entries[at].tail >= 0 {
            unsafe nodes[Int(entries[at].tail)].next = node
        } else {
            unsafe entries[at].head = node
        }
        unsafe entries[at].tail = node
    }

    /// A request of the flow is no longer in flight. True when others of it wait: see ``next(_:)``.
    @inline(__always)
    mutating func leave(_ flow: UInt32) -> Bool {
        let at = place(flow)
        unsafe entries[at].inFlight -= 1
        found = at
        if unsafe entries[at].head >= 0 { return true }
        if unsafe entries[at].inFlight == 0 { remove(at) }
        return false
    }

    /// Takes the next node as in flight that waits for the flow which was just left, when it may go now; else a negative
    /// number.
    @inline(__always)
    mutating func next(_ nodes: UnsafeMutablePointer<Waiting>) -> Int32 {
        let at = found
        let node = unsafe entries[at].head
        guard node >= 0, unsafe entries[at].inFlight <= nodes[Int(node)].overlap else {
            return -1
        }
        unsafe entries[at].head = nodes[Int(node)].next
        if unsafe entries[at].head < 0 { unsafe entries[at].tail = -1 }
        unsafe entries[at].inFlight += 1
        return node
    }

    /// Takes all nodes that wait for some flow, as one chain; a negative number when there are none.
    mutating func takeParked() -> Int32 {
        for at in 0...mask where unsafe entries[at].head >= 0 {
            let head = unsafe entries[at].head
            unsafe entries[at].head = -1
            unsafe entries[at].tail = -1
            return head
        }
        return -1
    }

    /// Moves up what stands behind a removed entry, so that every flow is found from its home.
    private mutating func remove(_ removed: Int) {
        var hole = removed
        var at = (removed + 1) & mask
        while unsafe entries[at].inFlight > 0 {
            let distance = unsafe (at - home(entries[at].flow)) & mask
            if distance >= (at - hole) & mask {
                unsafe entries[hole] = entries[at]
                hole = at
            }
            at = (at + 1) & mask
        }
        unsafe entries[hole] = Entry()
        count -= 1
    }

    private mutating func grow() {
        let old = unsafe entries
        let oldCount = mask + 1
        bits += 1
        unsafe entries = .allocate(capacity: oldCount * 2)
        unsafe entries.initialize(repeating: Entry(), count: oldCount * 2)
        for index in 0..<oldCount where unsafe old[index].inFlight > 0 {
            unsafe entries[place(old[index].flow)] = unsafe old[index]
        }
        unsafe old.deallocate()
    }
}
