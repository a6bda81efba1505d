package import Bytes
import Compression

extension Histogram {
    /// Reads the form that ``hdr`` writes: V2, compressed, in base64, with three digits from 1 µs to 1 h.
    ///
    /// The extremes that it does not hold are taken as the bounds of the outermost steps.
    package convenience init(hdr text: String) throws(ParsingError) {
        guard let whole = Base64.decode(text) else {
            throw ParsingError(.invalid, at: 0, "a histogram is not in base64")
        }
        var outer = ByteReader(whole.rawSpan)
        let cookie = try outer.bigEndianUInt32()
        let length = Int(try outer.bigEndianUInt32())
        guard cookie == 0x1C84_9314, length == outer.remaining else {
            throw ParsingError(.invalid, at: 0, "a histogram is not in HdrHistogram's V2 compressed form")
        }
        // Every count takes nine bytes at most.
        let limit = 40 + 9 * Self.tableCount
        let payload = try decompress(outer.span(length), as: .zlib, limit: limit)
        var reader = ByteReader(payload.rawSpan)
        let inner = try reader.bigEndianUInt32()
        let counted = Int(try reader.bigEndianUInt32())
        let offset = try reader.bigEndianUInt32()
        let digits = try reader.bigEndianUInt32()
        let lowest = try reader.bigEndianUInt64()
        let highest = try reader.bigEndianUInt64()
        _ = try reader.bigEndianUInt64()
        guard inner == 0x1C84_9313, offset == 0, digits == 3, lowest == 1, highest <= Self.highestMicros,
            counted == reader.remaining
        else {
            throw ParsingError(.invalid, at: 0, "a histogram has another range than 1 µs to 1 h with three digits")
        }
        self.init()
        var index = 0
        while !reader.isAtEnd {
            let value = try reader.zigzag()
            if value < 0 {
                guard value > -Int64(Self.tableCount) else {
                    throw ParsingError(.invalid, at: reader.offset, "a histogram skips more than it has")
                }
                index -= Int(value)
            } else {
                guard index < Self.tableCount else {
                    throw ParsingError(.invalid, at: reader.offset, "a histogram has more counts than values")
                }
                if value > 0 { add(UInt64(value), at: index) }
                index += 1
            }
        }
    }

    private func add(_ times: UInt64, at index: Int) {
        let values = Self.values(at: index)
        unsafe counts[index] &+= times
        count &+= times
        sumMicros &+= (values.lowerBound + values.upperBound) / 2 &* times
        maxMicros = max(maxMicros, min(values.upperBound, Self.highestMicros))
        minMicros = min(minMicros, values.lowerBound)
    }
}
