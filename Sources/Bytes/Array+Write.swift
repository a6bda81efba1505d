extension Array<UInt8> {
    /// Writes over the bytes from `at` on.
    @inlinable @inline(__always)
    package mutating func write(_ bytes: RawSpan, at: Int) {
        precondition(at >= 0 && bytes.byteCount <= count - at)
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[at..<at + source.count]).copyMemory(from: source)
            }
        }
    }
}
