import Bytes
package import Expression

/// What may be sent where: the content of a policy file. `schemas/policy.schema.json` describes the file.
package struct Policy: Sendable, Equatable {
    /// One place, or a block of them, that may be sent to.
    package struct Target: Sendable, Equatable {
        package var name = ""
        /// The name or the numeric address that `--to` must give; empty: any address within ``network``.
        package var host = ""
        /// Where the address must lie, whether it was given or found for the name.
        package var network: Network?
        package var ports: ClosedRange<UInt16> = 0...0
        /// The path of a Unix socket, instead of host, network and port.
        package var socketPath: String?
        /// Carriers of which each must be written, as in `http:x-stress-test`: those that the target honours.
        package var carriers: [String] = []
        /// Requests in 1000 seconds; nil: no cap.
        package var maxRatePerThousandSeconds: UInt64?
        package var maxRequests: UInt64?
        /// Minutes of the day (UTC) within which sending may go on, as [from, to); from > to spans midnight.
        package var hours: Hours?
        /// What may be called; empty: everything that is not denied. What moves money or freezes accounts must be named
        /// here without a wildcard.
        package var allowed: [Glob] = []
        package var denied: [Glob] = []
        /// Requests that are broken on the wire, so that their tag may not be readable, may be sent.
        package var allowsWireFaults = false
        /// The target's certificate may go unverified (`--insecure`).
        package var allowsInsecure = false
        package var acknowledgement: Acknowledgement?

        package init() {}

        /// `host:port`, `10.0.0.0/8:9000-9100`, `unix:/path`.
        package var place: String {
            if let socketPath { return "unix:\(socketPath)" }
            let host = host.isEmpty ? network?.description ?? "" : host.contains(":") ? "[\(host)]" : host
            let ports = ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
            return "\(host):\(ports)"
        }
    }

    /// How a target says that it has recognised the tag: it gets one tagged request for each safe operation before any load.
    package struct Acknowledgement: Sendable, Equatable {
        /// A header field of the reply, and what it must hold (nil: anything).
        package var header: (name: String, value: String?)?
        /// Over the decoded reply, as for `--success`.
        package var reply: Expression?
        /// A program with its arguments that ends with 0 when the canary was recognised; `{tag}` and `{operation}` in them
        /// stand for the canary's.
        package var probe: [String] = []
        /// What may be sent as a canary; empty: operations that read, by their names.
        package var operations: [Glob] = []
        package var timeoutNanos: UInt64 = 5_000_000_000

        package init() {}

        package static func == (a: Acknowledgement, b: Acknowledgement) -> Bool {
            a.header?.name == b.header?.name && a.header?.value == b.header?.value && a.reply == b.reply
                && a.probe == b.probe && a.operations == b.operations && a.timeoutNanos == b.timeoutNanos
        }

        package func isSafe(_ operation: String) -> Bool {
            operations.isEmpty
                ? DangerousOperations.isReading(operation) : operations.contains { $0.matches(operation) }
        }
    }

    package struct Hours: Sendable, Equatable {
        package var fromMinute: Int
        package var toMinute: Int

        /// `HH:MM-HH:MM`; nil when it is not that.
        package init?(parsing text: String) {
            let sides = text.split(separator: "-", omittingEmptySubsequences: false).map { Hours.minute($0) }
            guard sides.count == 2, let from = sides[0], let to = sides[1], from != to, from < 1440 else { return nil }
            fromMinute = from
            toMinute = to
        }

        private static func minute(_ text: Substring) -> Int? {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].utf8.count == 2, parts[1].utf8.count == 2,
                text.utf8.allSatisfy({ (0x30...0x3A).contains($0) }), let hour = UInt8(parts[0]),
                let minute = UInt8(parts[1]), minute < 60, hour < 24 || hour == 24 && minute == 0
            else { return nil }
            return Int(hour) * 60 + Int(minute)
        }

        package func contains(secondsOfDay: UInt64) -> Bool {
            let minute = Int(secondsOfDay % 86_400 / 60)
            if fromMinute < toMinute { return (fromMinute..<toMinute).contains(minute) }
            return minute >= fromMinute || minute < toMinute
        }

        /// Until they end, for a time within them.
        package func secondsLeft(secondsOfDay: UInt64) -> UInt64 {
            let end = UInt64(toMinute) * 60
            let now = secondsOfDay % 86_400
            return end > now ? end - now : end + 86_400 - now
        }

        package var description: String {
            func text(_ minute: Int) -> String {
                let (hour, rest) = (minute / 60, minute % 60)
                return "\(hour < 10 ? "0" : "")\(hour):\(rest < 10 ? "0" : "")\(rest)"
            }
            return "\(text(fromMinute))-\(text(toMinute))"
        }
    }

    package var targets: [Target]
    /// A run stops when this file is there; nil: the command line decides alone.
    package var killFile: String?
    /// The file it was read from, for messages.
    package var source: String
    /// Of that file's bytes, in hexadecimal, for the audit.
    package var sha256 = ""

    package init(targets: [Target], source: String = "") {
        self.targets = targets
        self.source = source
    }
}
