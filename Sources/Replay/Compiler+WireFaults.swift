import Tagging
import Tape

/// Requests with a fault of the wire: tagged while they are whole, and then spoiled as they were on the tape.
extension Compiler {
    /// Nil where the tape does not say what was spoiled, or nothing can carry the tag.
    func spoiledDraft(_ exchange: borrowing Exchange, _ wire: [UInt8], _ target: Int) -> TemplateBlock.Draft? {
        let format = TagFormat(exchange.format)
        let labels = exchange.labels
        guard let label = labels.first(where: { $0.layer == "L0" && $0.detectableAt == "wire" }),
            var fault = WireFault(label, exchange.format), let clean = fault.undone(wire)
        else { return nil }
        do throws(TagError) {
            var (whole, spoiled) = (clean, wire)
            if format == .http1 {
                let rewritten = try RequestRewriting.rewrite(
                    clean, host: keepsHost ? nil : hosts[target], closes: fidelity.opensForEach)
                spoiled = fault.again(spoiled: wire, clean: clean, tagged: rewritten.bytes).bytes
                whole = rewritten.bytes
                fault = WireFault(clean: whole, spoiled: spoiled, exchange.format)
            }
            let tagged = try tagger.tag(whole, format)
            if gatekeeper.refusal(written: tagged.written, format: format, target: target) != nil { return nil }
            let again = fault.again(spoiled: spoiled, clean: whole, tagged: tagged.bytes)
            var draft = TemplateBlock.Draft(bytes: again.bytes, reply: format == .http1 ? .http : .frame)
            draft.isTagged = again.keepsTag
            draft.isExclusive = true
            return draft
        } catch { return nil }
    }
}
