/// A queue that gives up its front in constant time.
struct Deque<Element> {
    private var items: [Element?] = []
    private var head = 0

    var count: Int { items.count - head }
    var isEmpty: Bool { head == items.count }

    var first: Element? { head < items.count ? items[head] : nil }

    mutating func append(_ item: consuming Element) { items.append(item) }

    mutating func popFirst() -> Element? {
        guard head < items.count else { return nil }
        let item = items[head].take()
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64 && head * 2 > items.count {
            items.removeFirst(head)
            head = 0
        }
        return item
    }

    /// The position, from the front, of the first element that `matches`.
    func firstIndex(_ matches: (Element) -> Bool) -> Int? {
        for index in head..<items.count {
            if let item = items[index], matches(item) { return index - head }
        }
        return nil
    }

    /// The element `index` places behind the front.
    func at(_ index: Int) -> Element? { head + index < items.count ? items[head + index] : nil }

    mutating func remove(at index: Int) -> Element? {
        if index == 0 { return popFirst() }
        guard index > 0, head + index < items.count else { return nil }
        return items.remove(at: head + index)
    }

    var last: Element? { head < items.count ? items[items.count - 1] : nil }

    mutating func popLast() -> Element? {
        guard head < items.count, let item = items.removeLast() else { return nil }
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        }
        return item
    }
}
