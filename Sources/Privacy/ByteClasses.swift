import Bytes
internal import CScan

/// Where digits, small letters (but x), dashes, dots, mail signs, percent signs, quotes and backslashes stand among
/// 64 bytes: bit i of a mask is byte i.
struct ByteClasses {
    private var masks = tinct_byte_classes()

    var digits: UInt64 { masks.digit }
    var small: UInt64 { masks.small }
    var quotes: UInt64 { masks.quote }
    var backslashes: UInt64 { masks.backslash }

    init() {}

    /// Those of the bytes of `range` from `base` on; what stands behind the range is of no class.
    @inline(__always) init(_ bytes: RawSpan, from base: Int, in range: Range<Int>) {
        let count = range.upperBound - base
        precondition(base >= 0 && range.upperBound <= bytes.byteCount)
        if count <= 0 { return }
        // From `base` on there are `count` bytes, and as many as the span has can be read.
        masks = unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return tinct_byte_classes() }
            let from = unsafe (start + base).assumingMemoryBound(to: UInt8.self)
            return unsafe tinct_byte_classes_of(from, count, buffer.count - base)
        }
    }

    /// Where a value could be told by what it looks like.
    typealias Events = tinct_events
    typealias TextEvents = tinct_text_events

    /// `before` are the 64 bytes in front.
    @inline(__always) func events(before: ByteClasses, runsBefore: UInt64) -> Events {
        tinct_events_of(masks, before.masks, runsBefore)
    }

    /// Those of a text of at most 64 bytes, with its digits.
    @inline(__always) static func events(_ bytes: RawSpan, _ text: Range<Int>) -> TextEvents {
        precondition(text.lowerBound >= 0 && text.upperBound <= bytes.byteCount && text.count <= 64)
        // Of the text there are `count` bytes, and as many as the span has can be read.
        return unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return TextEvents() }
            let from = unsafe (start + text.lowerBound).assumingMemoryBound(to: UInt8.self)
            return unsafe tinct_events_of_text(from, text.count, buffer.count - text.lowerBound)
        }
    }
}
