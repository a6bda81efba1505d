import Bytes
package import Compression
import HTTP1
package import Recording
import Tape

/// Reads a `.gor` file of GoReplay 1 or 2, plain or compressed, record by record, and pairs requests with responses by id.
///
/// A response's time is that of its own first byte (newer versions), or that of its request, with the time it took behind
/// (older ones): a time that is not later than the request's is taken for the latter.
package struct GorReader {
    /// A longer record is refused, not held.
    static let recordLimit = 64 << 20
    /// Requests that may wait for their response.
    static let waitingLimit = 1 << 16

    private let input: DecompressingInput
    private var buffer: [UInt8] = []
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    /// Why the file could not be read to its end.
    private var failure: DecompressionError?
    private var waiting: [[UInt8]: (order: UInt64, source: ImportRecorder.Source)] = [:]
    private var order: [(id: [UInt8], order: UInt64)] = []
    private var oldest = 0
    private var flows: UInt64 = 0
    private var ready: [ImportRecorder.Source] = []

    package init(_ input: DecompressingInput) {
        self.input = input
        buffer = [UInt8](repeating: 0, count: 1 << 18)
    }

    /// The next exchange's messages; nil at the end. Refusals are counted in `balance`.
    ///
    /// - Throws: behind the last exchange, when the file could not be read to its end.
    package mutating func next(_ balance: inout ImportBalance) throws(DecompressionError) -> ImportRecorder.Source? {
        while ready.isEmpty {
            guard let record = nextRecord(&balance) else {
                if let last = popOldest() { return last }
                if let failure {
                    self.failure = nil
                    throw failure
                }
                return nil
            }
            take(record, &balance)
        }
        return ready.removeFirst()
    }

    private mutating func take(_ record: ArraySlice<UInt8>, _ balance: inout ImportBalance) {
        // What an editor or a cut file leaves between and behind the records.
        if record.allSatisfy({ $0 == 10 || $0 == 13 || $0 == 32 }) { return }
        balance.records += 1
        guard let line = record.firstIndex(of: 10) else { return refuse("noHead", &balance) }
        let words = record[record.startIndex..<line].split(separator: 32)
        guard words.count >= 3, words[0].count == 1, let type = words[0].first, words[1].count <= 128,
            let time = Self.number(words[2])
        else { return refuse("badHead", &balance) }
        let took = words.count > 3 ? Self.number(words[3]) ?? 0 : 0
        let id = Array(words[1])
        var message = Message(wire: Array(record[(line + 1)...]))
        switch type {
        case UInt8(ascii: "1"):
            message.startNanos = time
            message.endNanos = time &+ took < time ? time : time + took
            if !ImportRecorder.isReadable(message, .request) { return refuse("malformed", &balance) }
            balance.used += 1
            // The same id again is another request: the one before stays without a response.
            if let before = waiting.removeValue(forKey: id) { ready.append(before.source) }
            var source = ImportRecorder.Source()
            source.request = message
            source.flow = flows
            waiting[id] = (flows, source)
            order.append((id, flows))
            flows += 1
            if waiting.count > Self.waitingLimit, let oldest = popOldest() { ready.append(oldest) }
        case UInt8(ascii: "2"):
            if !ImportRecorder.isReadable(message, .response) { return refuse("malformed", &balance) }
            balance.used += 1
            var source = waiting.removeValue(forKey: id)?.source
            if source == nil {
                source = ImportRecorder.Source()
                source?.flow = flows
                flows += 1
            }
            let asked = source?.request?.startNanos ?? 0
            if time > asked {
                message.startNanos = time
                message.endNanos = time &+ took < time ? time : time + took
            } else {
                message.startNanos = asked &+ took < asked ? asked : asked + took
                message.endNanos = message.startNanos
            }
            source?.response = message
            if let source { ready.append(source) }
        case UInt8(ascii: "3"): refuse("replayedResponse", &balance)
        default: refuse("badHead", &balance)
        }
    }

    private func refuse(_ reason: String, _ balance: inout ImportBalance) { balance.refused[reason, default: 0] += 1 }

    private mutating func popOldest() -> ImportRecorder.Source? {
        while oldest < order.count {
            let (id, number) = order[oldest]
            oldest += 1
            if oldest > 4096 && oldest * 2 > order.count {
                order.removeFirst(oldest)
                oldest = 0
            }
            if waiting[id]?.order == number { return waiting.removeValue(forKey: id)?.source }
        }
        return nil
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        if digits.isEmpty || digits.count > 19 { return nil }
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + UInt64(byte - 0x30)
        }
        return value
    }

    // MARK: Records

    /// The bytes up to the next separator, or to the end; nil when there are none.
    private mutating func nextRecord(_ balance: inout ImportBalance) -> ArraySlice<UInt8>? {
        var searched = start
        var isTooLong = false
        while true {
            if let at = Self.separator(in: buffer, from: searched, to: end) {
                let record = buffer[start..<at]
                start = at + Gor.separator.count
                if !isTooLong { return record }
                refuseTooLong(&balance)
                return ArraySlice()
            }
            searched = max(start, end - Gor.separator.count + 1)
            if end - start > Self.recordLimit {
                isTooLong = true
                start = searched
            }
            if isAtEnd {
                if start == end && !isTooLong { return nil }
                let record = buffer[start..<end]
                start = end
                if !isTooLong { return record }
                refuseTooLong(&balance)
                return nil
            }
            searched -= refill()
        }
    }

    private func refuseTooLong(_ balance: inout ImportBalance) {
        balance.records += 1
        refuse("limit", &balance)
    }

    /// Makes room and reads on; returns by how much the bytes in hand moved.
    private mutating func refill() -> Int {
        let moved = start
        if start > 0 {
            buffer.replaceSubrange(0..<(end - start), with: Array(buffer[start..<end]))
            end -= start
            start = 0
        }
        if end == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
        do throws(DecompressionError) {
            let got = try input.read(into: &buffer, from: end)
            if got == 0 { isAtEnd = true }
            end += got
        } catch {
            failure = error
            isAtEnd = true
        }
        return moved
    }

    private static func separator(in bytes: [UInt8], from: Int, to end: Int) -> Int? {
        let mark = Gor.separator
        var at = from
        while at + mark.count <= end {
            // The separator's second byte is rare in text; a line break is not.
            guard let next = bytes[(at + 1)..<(end - mark.count + 2)].firstIndex(of: mark[1]) else { return nil }
            if bytes[(next - 1)..<(next - 1 + mark.count)].elementsEqual(mark) { return next - 1 }
            at = next
        }
        return nil
    }
}
