/// Why synthesis stopped after the scenario was read.
package enum SynthesisError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The request cannot be met: wrong N, rate or scenario.
    case impossible(String, remedy: String)
    /// An anomaly cannot be put into exchange `index`.
    case notApplicable(anomaly: String, index: UInt64, reason: String)
    /// The oracle does not find in the bytes what the label says, or finds what no label says.
    case mismatch(anomaly: String, index: UInt64, reason: String)

    static func strangeName(_ index: UInt64) -> SynthesisError {
        .impossible(
            "a value made for exchange \(index) is no name of its field's enumeration",
            remedy: "Give the enumeration's own names where the value is made.")
    }

    package var description: String {
        switch self {
        case .impossible(let what, let remedy): remedy.isEmpty ? what : "\(what)\n  \(remedy)"
        case .notApplicable(let anomaly, let index, let reason):
            "the anomaly '\(anomaly)' cannot be put into exchange \(index): \(reason)\n  Make its exchanges fit under 'with'."
        case .mismatch(let anomaly, let index, let reason):
            "exchange \(index) does not bear out '\(anomaly)': \(reason)"
        }
    }
}
