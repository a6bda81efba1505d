package import Tagging

/// Required carriers: what a target honours must be written, or nothing is sent to it.
extension Guard {
    static func checkCarriers(
        _ rule: Policy.Target, _ target: Target, _ carriers: [Carrier]
    ) throws(ReplayError) {
        for text in rule.carriers {
            let required: [Carrier]
            do { required = try Carrier.parse(text) } catch {
                throw ReplayError("the policy's target \(rule.name) requires an unknown carrier. \(error)")
            }
            let fitting = required.filter { carrier in
                switch (target.scheme, carrier.place) {
                case (.http, .httpHeader), (.http, .baggage), (.http, .jsonBody): true
                case (.thrift, .httpHeader), (.thrift, .baggage), (.thrift, .jsonBody): false
                default: target.scheme == .thrift
                }
            }
            if fitting.isEmpty {
                throw ReplayError(
                    "the policy's target \(rule.name) requires \(text), which \(target.scheme.rawValue) cannot carry")
            }
            // A place in the header transports cannot be required of plain Thrift: one of the preset's is enough there.
            let isPreset = fitting.count > 1
            func isWritten(_ wanted: Carrier) -> Bool { carriers.contains { $0.satisfies(wanted) } }
            if let missing = fitting.first(where: { !isWritten($0) }), !isPreset || !fitting.contains(where: isWritten)
            {
                throw ReplayError(
                    "\(target) honours the tag only in \(missing.description), which is not written, or not as it must be",
                    remedy: "Give --carrier \(text).")
            }
        }
    }

    /// Why a tagged request may not be sent: a carrier that the target requires was not written; nil when it may.
    package func refusal(written: [String], format: TagFormat, target: Int) -> String? {
        guard let rule = admitted[target].rule else { return nil }
        for text in rule.carriers {
            guard let required = try? Carrier.parse(text) else { return "its required carrier is unknown" }
            let fitting = required.filter { format.carries($0.place) }
            if fitting.isEmpty || !fitting.allSatisfy({ written.contains($0.description) }) {
                return "lacks the required carrier \(text)"
            }
        }
        return nil
    }
}
