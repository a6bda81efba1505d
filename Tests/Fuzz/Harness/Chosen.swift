/// The target of this run: a C function pointer carries no context.
enum Chosen {
    // Written once, before the only thread that reads it begins to.
    nonisolated(unsafe) static var target: FuzzTarget?
}

/// Called by libFuzzer with each input.
func runChosen(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    // The buffer is libFuzzer's and outlives the call.
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
    unsafe Chosen.target?.run(buffer.bytes)
    return 0
}
