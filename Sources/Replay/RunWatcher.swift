import Glibc

/// Looks on while a run lasts, on the run's control thread.
package protocol RunWatcher: AnyObject {
    /// The loops are about to begin, at this time since 1970 UTC.
    func began(startNanos: UInt64)
    /// A second has passed for every loop. `operations` names the indices in it.
    func closed(_ second: RunSecond, _ operations: [String]) -> RunStop?
    /// Whether it wants to be shown ticks.
    var wantsTicks: Bool { get }
    /// A tick has passed for every loop.
    func ticked(_ tick: RunTick) -> RunStop?
    /// Called at least every 25 ms from the start on.
    func poll(elapsedNanos: UInt64) -> RunStop?
}

extension RunWatcher {
    package func began(startNanos: UInt64) {}
    package func closed(_ second: RunSecond, _ operations: [String]) -> RunStop? { nil }
    package var wantsTicks: Bool { false }
    package func ticked(_ tick: RunTick) -> RunStop? { nil }
    package func poll(elapsedNanos: UInt64) -> RunStop? { nil }
}

/// Why a run is to end before its time.
package struct RunStop: Sendable, Equatable {
    /// As in ``RunResult/Run/exitReason``.
    package var reason: String
    /// For people.
    package var detail: String

    package init(reason: String, detail: String) {
        self.reason = reason
        self.detail = detail
    }

    static func signal(_ number: Int32) -> RunStop {
        RunStop(
            reason: "signal", detail: number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "signal \(number)")
    }
}
