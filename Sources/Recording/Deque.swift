/// A queue in a ring: both ends give and take in constant time, and nothing moves.
struct Deque<Element> {
    /// A power of two of them, or none.
    private var slots: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Element? { count > 0 ? slots[head] : nil }
    var last: Element? { count > 0 ? slots[place(count - 1)] : nil }

    /// The element `index` places behind the front.
    func at(_ index: Int) -> Element? { index >= 0 && index < count ? slots[place(index)] : nil }

    /// The position, from the front, of the first element that `matches`.
    func firstIndex(_ matches: (Element) -> Bool) -> Int? {
        for index in 0..<count {
            if let item = slots[place(index)], matches(item) { return index }
        }
        return nil
    }

    mutating func append(_ item: consuming Element) {
        if count == slots.count { grow() }
        slots[place(count)] = item
        count += 1
    }

    mutating func popFirst() -> Element? {
        if count == 0 { return nil }
        let item = slots[head].take()
        head = place(1)
        count -= 1
        return item
    }

    mutating func popLast() -> Element? {
        if count == 0 { return nil }
        count -= 1
        return slots[place(count)].take()
    }

    mutating func remove(at index: Int) -> Element? {
        if index == 0 { return popFirst() }
        guard index > 0, index < count else { return nil }
        let item = slots[place(index)].take()
        for later in index + 1..<count { slots[place(later - 1)] = slots[place(later)].take() }
        count -= 1
        return item
    }

    @inline(__always)
    private func place(_ index: Int) -> Int { (head &+ index) & (slots.count &- 1) }

    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(max(4, 2 * slots.count))
        for index in 0..<count { larger.append(slots[place(index)]) }
        while larger.count < max(4, 2 * count) { larger.append(nil) }
        slots = larger
        head = 0
    }
}
