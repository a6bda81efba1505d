import Signing
import Tagging

/// Identities, times and values of earlier replies are written anew at each send; none of them may be written over the tag.
extension Compiler {
    /// Changes every such place of the tagged request and tags it again: that must change nothing.
    ///
    /// - Throws: `conflict` when one of them takes up a byte of the tag.
    func refuseWritesOverTag(_ draft: TemplateBlock.Draft) throws(TagError) {
        let bound = draft.bound?.targets ?? []
        if draft.slots.isEmpty && bound.isEmpty && draft.steps.isEmpty { return }
        let format = TagFormat(draft.format)
        var changed = draft.bytes
        for slot in draft.slots {
            Compiler.change(&changed, Int(slot.offset)..<Int(slot.offset) + Int(slot.length), slot.kind)
        }
        for step in draft.steps where step.step.width > 0 { Compiler.change(&changed, step.step.target, .text) }
        for target in bound {
            let kind: Slot.Kind
            switch target.span.encoding {
            case .integer, .double, .doubleLittleEndian: kind = .integer
            case .zigzag: kind = .zigzag
            default: kind = .text
            }
            Compiler.change(&changed, target.span.range, kind)
        }
        if let again = try? tagger.tag(changed, format), again.bytes == changed { return }
        throw TagError(
            .conflict, "an identity, a time, a signature or a bound value would be written over the tag",
            remedy: "Declare other fields with --id, --time and the rules, or another carrier.")
    }

    /// Another value of the same form: what was odd is even, no bit of a number is set, and no letter stays.
    private static func change(_ bytes: inout [UInt8], _ range: Range<Int>, _ kind: Slot.Kind) {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return }
        let isText = bytes[range].allSatisfy { (0x20...0x7E).contains($0) }
        let isVarint = range.dropLast().allSatisfy { bytes[$0] >= 0x80 }
        for index in range {
            let byte = bytes[index]
            switch kind {
            case .integer: bytes[index] = 0
            // The upper bit says whether another byte follows.
            case .zigzag: bytes[index] = byte & 0x80
            case .time where !isText, .now where !isText: bytes[index] = isVarint ? byte & 0x80 : 0
            default:
                switch byte {
                case 0x30...0x39: bytes[index] = byte == 0x32 ? 0x34 : 0x32
                case 0x41...0x5A: bytes[index] = byte == 0x41 ? 0x42 : 0x41
                case 0x61...0x7A: bytes[index] = byte == 0x61 ? 0x62 : 0x61
                default: break
                }
            }
        }
    }
}
