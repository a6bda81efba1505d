package import Expression

/// What may be sent where: the content of a policy file.
package struct Policy: Sendable, Equatable {
    /// One place that may be sent to.
    package struct Target: Sendable, Equatable {
        package var name = ""
        package var host = ""
        package var port: UInt16 = 0
        /// Carriers of which each must be written, as in `http:x-stress-test`: those that the target honours.
        package var carriers: [String] = []
        /// Requests in 1000 seconds; nil: no cap.
        package var maxRatePerThousandSeconds: UInt64?
        package var maxRequests: UInt64?
        /// Minutes of the day (UTC) within which sending may go on, as [from, to); from > to spans midnight.
        package var hours: Hours?
        /// What may be called; empty: everything that is not denied.
        package var allowed: [Glob] = []
        package var denied: [Glob] = []
        /// Requests that are broken on the wire, so that their tag may not be readable, may be sent.
        package var allowsWireFaults = false

        package init() {}
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
            guard parts.count == 2, parts[0].utf8.count == 2, parts[1].utf8.count == 2, let hour = Int(parts[0]),
                let minute = Int(parts[1]), (0..<60).contains(minute), (0...24).contains(hour), hour < 24 || minute == 0
            else { return nil }
            return hour * 60 + minute
        }

        package func contains(secondsOfDay: UInt64) -> Bool {
            let minute = Int(secondsOfDay % 86_400 / 60)
            if fromMinute < toMinute { return (fromMinute..<toMinute).contains(minute) }
            return minute >= fromMinute || minute < toMinute
        }
    }

    package var targets: [Target]
    /// The file it was read from, for messages.
    package var source: String

    package init(targets: [Target], source: String = "") {
        self.targets = targets
        self.source = source
    }
}
