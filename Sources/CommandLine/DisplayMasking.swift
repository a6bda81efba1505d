import Privacy
import Recording
import Schema
import Tape

/// Stars over the personal data of tapes that are not masked, for commands that show what stands on them.
struct DisplayMasking: ~Copyable {
    static let flag = Flag(
        "unmasked", help: "Show personal data and credentials of a raw tape as they are, not with stars over them.")

    /// Nil when everything is shown as it is.
    private var masker: ExchangeMasker?

    /// Says on standard error what the tape is.
    init(_ invocation: Invocation, _ reader: TapeReader, _ schemas: SchemaSet) {
        guard reader.isRaw else { return }
        if invocation.has("unmasked") {
            Output.warn("\(reader.path) is raw: personal data and credentials come along unmasked")
            return
        }
        Output.warn("\(reader.path) is raw: personal data is shown with stars over it, or with --unmasked as it is")
        masker = ExchangeMasker(MaskingPlan(key: .random(), schema: schemas, mode: .display), schema: schemas)
    }

    mutating func apply(_ exchange: inout Exchange) { masker?.mask(&exchange) { _ in } }
}
