package import Bytes

/// Something that is wrong, or looks wrong, with a schema document that can be used all the same.
package struct SchemaFinding: Sendable, Equatable, CustomStringConvertible {
    package enum Severity: String, Sendable, Comparable, CaseIterable {
        case note, warning, error

        package static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
        private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
    }

    package var severity: Severity
    /// Stable, for filters: `unused-include`.
    package var rule: String
    package var document: String
    package var position: TextPosition?
    package var message: String
    package var remedy: String

    package init(
        _ severity: Severity, _ rule: String, _ document: String, _ position: TextPosition?, _ message: String,
        remedy: String
    ) {
        self.severity = severity
        self.rule = rule
        self.document = document
        self.position = position
        self.message = message
        self.remedy = remedy
    }

    /// A document that cannot be used.
    package init(_ error: SchemaError) {
        self.init(.error, "unusable", error.document, error.position, error.message, remedy: error.remedy)
    }

    /// `risk.thrift:3:9: warning: base.thrift is included and not used [unused-include]`, the remedy in the next line.
    package var description: String {
        let place = position.map { "\(document):\($0.line):\($0.column)" } ?? document
        return "\(place): \(severity.rawValue): \(message) [\(rule)]" + (remedy.isEmpty ? "" : "\n  \(remedy)")
    }
}
