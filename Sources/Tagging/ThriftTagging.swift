import Bytes
import Thrift

/// The tag in a field of the Thrift arguments.
enum ThriftTagging {
    /// False when the field is missing and the carrier says to skip it.
    static func write(
        _ place: Carrier.ThriftPlace, _ value: Carrier.Value, run: String, into message: inout [UInt8],
        _ journal: inout EditJournal, isFramed: Bool, isCompact: Bool
    ) throws(TagError) -> Bool {
        guard let path = FieldPath(ids: place.path) else {
            throw TagError(.unreadable, "the field path \(place.pathText) is too deep")
        }
        let editor = ThriftEditor(isFramed ? .framed : .unframed, isCompact ? .compact : .binary)
        let siblings = place.siblings.map { ThriftField($0.id, siblingValue($0)) }
        let creation: ThriftEditor.Creation = place.missing == .create ? .structs(siblings: siblings) : .nothing
        let outcome: ThriftEditor.Outcome
        do throws(ParsingError) {
            switch value {
            case .mask(let bits):
                outcome = try editor.setBits(path, bits, creating: creation, in: &message, journal: &journal)
            case .run:
                outcome = try editor.set(
                    path, to: .binary(Array(run.utf8)), creating: creation, in: &message, journal: &journal)
            case .fixed(let text):
                outcome = try editor.set(
                    path, to: .binary(Array(text.utf8)), creating: creation, in: &message, journal: &journal)
            }
        } catch {
            throw TagError(
                .malformed, "the field \(place.pathText) cannot be set (\(error))",
                remedy: "Check the path against the IDL: argument id, then field ids.")
        }
        if outcome != .missing { return true }
        if place.missing == .skip { return false }
        throw TagError(
            .nothingCanCarry, "the request has no field \(place.pathText) for the tag",
            remedy: "Give another path, or missing=create.")
    }

    private static func siblingValue(_ sibling: Carrier.ThriftPlace.Sibling) -> ThriftValue {
        switch sibling.value {
        case .text(let text): .binary(Array(text.utf8))
        case .bool(let flag): .bool(flag)
        case .i8(let number): .i8(number)
        case .i16(let number): .i16(number)
        case .i32(let number): .i32(number)
        case .i64(let number): .i64(number)
        }
    }

    /// The integer or text at the carrier's place; nil when there is none.
    static func read(
        _ place: Carrier.ThriftPlace, _ message: RawSpan, isFramed: Bool, isCompact: Bool
    ) -> ThriftValue? {
        guard let path = FieldPath(ids: place.path) else { return nil }
        let editor = ThriftEditor(isFramed ? .framed : .unframed, isCompact ? .compact : .binary)
        return (try? editor.value(at: path, in: message)) ?? nil
    }
}
