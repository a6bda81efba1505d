import CLinux
import Files
import Glibc

/// The two streams of the process. Results go to standard output, progress and warnings to standard error.
package enum Output {
    /// Writes to standard output. A closed pipe ends the process quietly, with status 0, as a filter should.
    package static func write(_ bytes: [UInt8]) { writeAll(bytes, to: 1) }
    package static func write(_ text: String) { writeAll(Array(text.utf8), to: 1) }
    package static func line(_ text: String = "") { write(text + "\n") }

    /// Writes one line to standard error.
    package static func note(_ text: String) { writeAll(Array((text + "\n").utf8), to: 2) }
    package static func warn(_ text: String) { note("warning: " + text) }

    package static var isTerminal: Bool { isatty(1) == 1 }
    package static var errorIsTerminal: Bool { isatty(2) == 1 }

    fileprivate static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                if descriptor == 1 && errno == EPIPE { exit(0) }
                if descriptor == 1 {
                    note("tinct: \(FileError(path: "-", operation: .write, code: errno))")
                    exit(ExitCode.failed.rawValue)
                }
                return
            }
        }
    }
}

/// Progress of long work: a line that rewrites itself on a terminal, plain lines elsewhere, at most once each interval.
package struct ProgressLine {
    private let intervalNanos: UInt64
    private let isTerminal: Bool
    private var lastNanos: UInt64
    private var isShown = false

    /// The first report comes after one interval, so short work prints nothing. Off a terminal the interval is ten times
    /// as long.
    package init(intervalNanos: UInt64 = 500_000_000) {
        isTerminal = Output.errorIsTerminal
        self.intervalNanos = isTerminal ? intervalNanos : intervalNanos * 10
        lastNanos = Self.now()
    }

    /// Shows `text()` if it is time to.
    package mutating func update(_ text: @autoclosure () -> String) {
        let now = Self.now()
        if now - lastNanos < intervalNanos { return }
        lastNanos = now
        if isTerminal {
            Output.writeAll(Array(("\r\u{1B}[K" + text()).utf8), to: 2)
            isShown = true
        } else {
            Output.note(text())
        }
    }

    /// Clears the line, so that what follows starts on an empty one.
    package mutating func finish() {
        if isShown { Output.writeAll(Array("\r\u{1B}[K".utf8), to: 2) }
        isShown = false
    }

    private static func now() -> UInt64 { tinct_clock_nanos(CLOCK_MONOTONIC) }
}
