extension Array {
    /// Removes all elements and keeps their memory, without the general replacement that the standard library carries out
    /// even where there are none. A few are taken away one by one at less cost.
    @inlinable @inline(__always)
    package mutating func empty() {
        if count > 4 { return removeAll(keepingCapacity: true) }
        while !isEmpty { removeLast() }
    }
}
