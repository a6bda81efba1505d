/// A value in memory of its own, reached through a plain pointer: copies of a place name the same value.
///
/// Flows and streams are touched several times for each packet. As structs they would be copied on the way, as objects
/// counted and checked; a place costs neither. Whoever makes a place owns it and calls ``destroy()`` once, after which no
/// copy of it may be used: the ``Reassembler`` does so when a flow is released, the decoder when it is closed.
@safe
package struct Place<Value> {
    @usableFromInline let pointer: UnsafeMutablePointer<Value>

    @inlinable
    package init(_ value: consuming Value) {
        unsafe pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        // Fresh memory, initialised once.
        unsafe pointer.initialize(to: value)
    }

    /// The value, in place.
    @inlinable @inline(__always)
    package var value: Value {
        // The pointer is valid until the owner destroys the place.
        @inline(__always) unsafeAddress { unsafe UnsafePointer(pointer) }
        @inline(__always) nonmutating unsafeMutableAddress { unsafe pointer }
    }

    package func destroy() {
        unsafe pointer.deinitialize(count: 1)
        unsafe pointer.deallocate()
    }
}
