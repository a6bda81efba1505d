import Bytes
import Compression

extension Histogram {
    /// The V2 compressed form in base64, which begins with `HIST`: what HdrHistogram's own tools and libraries read.
    ///
    /// ```
    /// ┌────────────┬────────┬───────────────────────────────────────────────────────────────────────┐
    /// │ 1C849314   │ length │ zlib: ┌──────────┬────────┬────────┬────────┬────────┬─────────┬─────┬────────┐
    /// │ u32        │ u32    │       │ 1C849313 │ length │ offset │ digits │ lowest │ highest │ 1.0 │ counts │
    /// └────────────┴────────┘       │ u32      │ u32    │ u32: 0 │ u32: 3 │ u64: 1 │ u64     │ f64 │        │
    ///                               └──────────┴────────┴────────┴────────┴────────┴─────────┴─────┴────────┘
    /// ```
    /// All are big-endian. Counts are zigzag varints up to the last that is not zero; a negative one says how many zeros
    /// follow. (The ninth byte of a varint would hold eight bits; counts here never get so far.)
    package var hdr: String {
        var body = ByteWriter()
        var zeros: Int64 = 0
        let end = count == 0 ? 0 : Self.index(of: maxMicros) + 1
        for index in 0..<end {
            let held = unsafe counts[index]
            if held == 0 {
                zeros += 1
                continue
            }
            if zeros > 0 { body.zigzag(-zeros) }
            zeros = 0
            // Eight groups of seven bits hold every count below 2⁵⁵.
            body.zigzag(Int64(min(held, 1 << 55 - 1)))
        }
        var payload = ByteWriter(capacity: body.count + 40)
        payload.bigEndian(0x1C84_9313 as UInt32)
        payload.bigEndian(UInt32(clamping: body.count))
        payload.bigEndian(0 as UInt32)
        payload.bigEndian(3 as UInt32)
        payload.bigEndian(1 as UInt64)
        payload.bigEndian(Self.highestMicros)
        payload.bigEndian((1.0).bitPattern)
        payload.append(body.bytes)
        let compressed = Deflate.compress(payload.bytes.rawSpan, as: .zlib)
        var whole = ByteWriter(capacity: compressed.count + 8)
        whole.bigEndian(0x1C84_9314 as UInt32)
        whole.bigEndian(UInt32(clamping: compressed.count))
        whole.append(compressed)
        return Base64.encode(whole.bytes)
    }
}
