/// What was found in one request.
///
/// Readings hold only plain memory, which the cursor that they belong to uses for one request after the other: handing
/// them to a check costs nothing.
struct OracleReadings {
    enum State: Sendable {
        case whole
        /// Readable, but its length is not the stated one.
        case wrongLength
        /// It ends too soon.
        case cut
    }

    struct Value: Sendable {
        var int: Int64 = 0
        /// The bytes of a text, without quotes.
        var start = 0
        var end = 0
        var isText = false
        /// `int` is the pattern of a double (Thrift), or the text stands for a number with decimals (JSON).
        var isDouble = false
        var isNull = false
        /// Of the next value of the same watch, or -1.
        var next = -1
    }

    var state = State.whole
    private var found: Table<Value>
    private var count = 0
    /// By watch.
    private let firsts: Table<Int>
    private let lasts: Table<Int>

    /// - Parameter owner: of the memory; lives as long as the readings.
    init(watches: Int, _ owner: TableOwner) {
        found = owner.make(count: 256, Value())
        firsts = owner.make(count: watches, -1)
        lasts = owner.make(count: watches, -1)
    }

    mutating func reset() {
        count = 0
        firsts.fill(-1)
    }

    @inline(__always)
    mutating func keep(_ watch: Int, _ value: Value, _ owner: TableOwner) {
        if count == found.count { grow(owner) }
        if firsts[watch] < 0 {
            firsts[watch] = count
        } else {
            var last = found[lasts[watch]]
            last.next = count
            found[lasts[watch]] = last
        }
        lasts[watch] = count
        found[count] = value
        count += 1
    }

    private mutating func grow(_ owner: TableOwner) {
        let larger = owner.make(count: found.count * 2, Value())
        larger.copy(found, count)
        found = larger
    }

    func first(_ watch: Int) -> Value? {
        let at = firsts[watch]
        return at < 0 ? nil : found[at]
    }

    func next(_ value: Value) -> Value? { value.next < 0 ? nil : found[value.next] }

    func double(_ watch: Int, _ bytes: TableSlice) -> Double? {
        guard let value = first(watch), !value.isText, !value.isNull else { return nil }
        if !value.isDouble { return Double(value.int) }
        if value.end == 0 { return Double(bitPattern: UInt64(bitPattern: value.int)) }
        return Double(String(decoding: bytes[value.start..<value.end], as: UTF8.self))
    }

    /// A value as bytes that tell it from others.
    func text(_ watch: Int, _ bytes: TableSlice) -> [UInt8] {
        guard let value = first(watch) else { return [] }
        return value.isText ? Array(bytes[value.start..<value.end]) : Array("\(value.int)".utf8)
    }
}
