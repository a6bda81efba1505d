import Bytes
internal import CScan
import Thrift

/// Memory for the texts of a struct without a schema.
struct ThriftTexts {
    /// Messages with more texts in which something has to be looked at are left to ``ThriftWalker``.
    fileprivate static let capacity = 256
    fileprivate var texts: [tinct_struct_text] = []
}

extension ThriftWalker.Findings {
    /// Notes what ``ThriftWalker`` notes in a struct in Binary of which no schema is known, at less cost: the struct is gone
    /// through without anybody asking for its scalars, and most texts are told to hold nothing on the way.
    ///
    /// - Returns: nil when something in it is not for this, and nothing was noted; false when the bytes are no such struct.
    mutating func addTexts(_ bytes: RawSpan, at start: Int, _ names: FieldNames) -> Bool? {
        if texts.texts.isEmpty {
            texts.texts = Array(repeating: tinct_struct_text(), count: ThriftTexts.capacity)
        }
        var found = unsafe tinct_struct_texts()
        unsafe found.capacity = ThriftTexts.capacity
        unsafe found.limit = ThriftType.Limit.depth
        let outcome = unsafe texts.texts.withUnsafeMutableBufferPointer { texts in
            unsafe bytes.withUnsafeBytes { buffer in
                guard let first = buffer.baseAddress, start <= buffer.count else { return TINCT_WALK_BROKEN }
                // What is read lies between `start` and the end, what is written is no more than the capacity.
                unsafe found.texts = texts.baseAddress
                return unsafe tinct_texts_of(first.assumingMemoryBound(to: UInt8.self), buffer.count, start, &found)
            }
        }
        if outcome == TINCT_WALK_UNSUITED { return nil }
        let count = unsafe found.count
        var name = FieldNames.Meaning.none
        let texts = texts.texts
        for index in 0..<count {
            let kind = UInt32(texts[index].kind)
            let range = Int(texts[index].start)..<Int(texts[index].start) + Int(texts[index].count)
            if kind == TINCT_TEXT_NAMED.rawValue {
                if name.personal != nil {
                    finder.found.append(.init(range: range, meaning: name, kind: .named))
                    continue
                }
                if name == .ordinary { continue }
            } else if kind == TINCT_TEXT_KEY.rawValue {
                name = finder.meaning(bytes, range, names)
            }
            if texts[index].is_uuid != 0 {
                finder.found.append(.init(range: range, meaning: .init(.device), kind: .value))
            } else {
                look(texts[index], bytes, range, names)
            }
        }
        return outcome == TINCT_WALKED
    }

    /// Looks at a text that no name says anything of.
    @inline(__always) private mutating func look(
        _ text: tinct_struct_text, _ bytes: RawSpan, _ range: Range<Int>, _ names: FieldNames
    ) {
        if text.may_be_json != 0 {
            finder.find(bytes, range, json: names)
        } else if text.may_be_whole != 0, let match = Words.recognised(bytes, range) {
            finder.found.append(.init(range: match.range, meaning: .init(match.personal), kind: .value))
        } else if text.is_short == 0 {
            finder.find(bytes, range)
        } else if text.text.events.all != 0 {
            finder.find(bytes, range, text.text)
        }
    }
}
