import Replay
import Testing

/// Runs a test over epoll, and again over io_uring where the kernel permits it.
struct BothTransfers: SuiteTrait, TestTrait, TestScoping {
    /// What the options of ``Sample`` state.
    @TaskLocal static var current = Transfers.automatic

    let isRecursive = true

    private static let ways: [Transfers] = {
        guard let obstacle = Transfers.obstacle else { return [.epoll, .ioUring] }
        print("skipped: tests over io_uring (\(obstacle))")
        return [.epoll]
    }()

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        if testCase == nil { return try await function() }
        for way in Self.ways { try await Self.$current.withValue(way) { try await function() } }
    }
}

extension Trait where Self == BothTransfers {
    static var overBothTransfers: Self { Self() }
}
