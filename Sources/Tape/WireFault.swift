import Bytes

/// What was done to the bytes of a finished request, written down so that it can be undone and done again.
///
/// A request is tagged before it is spoiled, or the tag would repair it or find no place. The label of a wire fault
/// therefore holds, as its parameter ``parameter``, what stood where it changed something:
///
///     offset:inserted:removed[,offset:inserted:removed]
///
/// one for each part of the request (the head and the body of HTTP; what follows the frame's length in framed Thrift,
/// a header included):
/// where in the part the change begins, how many bytes stand there now, and in hex those that stood there before. The
/// length of a frame is restored from what follows it.
package struct WireFault: Sendable, Equatable {
    package static let parameter = "undo"

    private struct Edit: Sendable, Equatable {
        var offset: Int
        var inserted: Int
        var removed: [UInt8]
    }

    private let edits: [Edit]
    private let isHTTP: Bool
    private let isFramed: Bool

    /// From a request as it was and as it goes out.
    package init(clean: [UInt8], spoiled: [UInt8], _ format: WireFormat) {
        isHTTP = format.protocol == .http1
        isFramed = format.statesLength
        let (before, after) = (
            Self.parts(clean, isHTTP, isFramed), Self.parts(spoiled, isHTTP, isFramed)
        )
        edits = zip(before, after).map { old, new in
            let prefix = zip(old, new).prefix { $0 == $1 }.count
            let room = min(old.count, new.count) - prefix
            let suffix = zip(old.reversed(), new.reversed()).prefix { $0 == $1 }.prefix(room).count
            return Edit(
                offset: prefix, inserted: new.count - prefix - suffix,
                removed: Array(old[old.startIndex + prefix..<old.endIndex - suffix]))
        }
    }

    /// From a label; nil when it does not say.
    package init?(_ label: Label, _ format: WireFormat) {
        guard let text = label.parameters.first(where: { $0.name == Self.parameter })?.value else { return nil }
        isHTTP = format.protocol == .http1
        isFramed = format.statesLength
        var edits: [Edit] = []
        for part in text.split(separator: ",") {
            let words = part.split(separator: ":", omittingEmptySubsequences: false)
            guard words.count == 3, let offset = Int(words[0]), let inserted = Int(words[1]), offset >= 0,
                inserted >= 0, let removed = Hex.decode(String(words[2]))
            else { return nil }
            edits.append(Edit(offset: offset, inserted: inserted, removed: removed))
        }
        guard edits.count == (isHTTP ? 2 : 1) else { return nil }
        self.edits = edits
    }

    package var text: String {
        edits.map { "\($0.offset):\($0.inserted):\(Hex.encode($0.removed))" }.joined(separator: ",")
    }

    /// The request as it was before; nil when these are not the bytes that the fault made.
    package func undone(_ spoiled: [UInt8]) -> [UInt8]? {
        var result: [[UInt8]] = []
        for (part, edit) in zip(Self.parts(spoiled, isHTTP, isFramed), edits) {
            guard edit.offset <= part.count, edit.inserted <= part.count - edit.offset else { return nil }
            let at = part.startIndex + edit.offset
            result.append(Array(part[..<at]) + edit.removed + part[(at + edit.inserted)...])
        }
        return join(result, frame: nil)
    }

    /// The fault in a request to which a tag was added since.
    ///
    /// - Parameters:
    ///   - spoiled: as on the tape.
    ///   - clean: as ``undone(_:)`` gave it.
    ///   - tagged: `clean` with its tag.
    /// - Returns: The bytes, and whether the tag is still whole in them.
    package func again(spoiled: [UInt8], clean: [UInt8], tagged: [UInt8]) -> (bytes: [UInt8], keepsTag: Bool) {
        let parts = (
            Self.parts(spoiled, isHTTP, isFramed), Self.parts(clean, isHTTP, isFramed),
            Self.parts(tagged, isHTTP, isFramed)
        )
        var result: [[UInt8]] = []
        var keepsTag = true
        for (at, edit) in edits.enumerated() {
            let (faulty, old, new) = (Array(parts.0[at]), Array(parts.1[at]), Array(parts.2[at]))
            // Where the tag was added, and how much longer the part became.
            let prefix = zip(old, new).prefix { $0 == $1 }.count
            let suffix = zip(old.reversed(), new.reversed()).prefix { $0 == $1 }.prefix(
                min(old.count, new.count) - prefix
            )
            .count
            let shift = new.count - old.count
            let end = edit.offset + edit.removed.count
            let from = edit.offset <= prefix ? edit.offset : edit.offset + shift
            let to = end <= prefix ? end : end + shift
            if old != new && !(to <= prefix || from >= new.count - suffix) { keepsTag = false }
            let inserted = faulty[edit.offset..<edit.offset + edit.inserted]
            result.append(Array(new[..<max(0, min(from, new.count))]) + inserted + new[max(0, min(to, new.count))...])
        }
        let stated = isFramed && spoiled.count >= 4 ? Self.frame(spoiled) - (spoiled.count - 4) : 0
        return (join(result, frame: stated), keepsTag)
    }

    /// Head with its blank line, and body; or what follows the frame's length; or all.
    private static func parts(_ bytes: [UInt8], _ isHTTP: Bool, _ isFramed: Bool) -> [ArraySlice<UInt8>] {
        if !isHTTP { return [isFramed ? bytes.dropFirst(4) : bytes[...]] }
        var at = 0
        while at + 4 <= bytes.count && !bytes[at..<at + 4].elementsEqual([13, 10, 13, 10]) { at += 1 }
        let end = min(bytes.count, at + 4)
        return [bytes[..<end], bytes[end...]]
    }

    private static func frame(_ bytes: [UInt8]) -> Int { bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } }

    /// - Parameter frame: how much more than what follows the frame's length states.
    private func join(_ parts: [[UInt8]], frame: Int?) -> [UInt8] {
        guard isFramed else { return parts.flatMap { $0 } }
        var out: [UInt8] = []
        out.append(bigEndian: UInt32(truncatingIfNeeded: parts[0].count + (frame ?? 0)))
        return out + parts[0]
    }
}
