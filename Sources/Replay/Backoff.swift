/// Pauses between attempts to connect.
enum Backoff {
    static let firstNanos: UInt64 = 10_000_000
    static let longestNanos: UInt64 = 500_000_000

    /// 10 ms, doubling to 500 ms, less up to a quarter, so that connections do not come back in step. A function of the
    /// number of failures and the seed alone.
    static func nanos(failures: UInt8, seed: UInt64) -> UInt64 {
        let doublings = UInt64(min(6, max(1, failures) - 1))
        let pause = min(longestNanos, firstNanos << doublings)
        return pause - FreshValues.mix(seed ^ UInt64(failures) << 56) % (pause / 4)
    }
}
