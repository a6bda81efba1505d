import Bytes
import HTTP1
import Privacy
import Schema
import Thrift

/// The masker, which sees every byte that is recorded before anything else keeps it. What it says it changed is all that
/// it may have changed, and a message that could be read before can be read after.
let privacyTargets: [FuzzTarget] = [
    FuzzTarget(name: "maskHTTP", maximumLength: 4096) { bytes in
        guard bytes.byteCount > 1 else { return }
        // The first byte says which side speaks, what is done with what is found, and whether all of the body is there.
        let choice = bytes[byte: 0]
        let kind: HTTPKind = choice & 1 == 0 ? .request : .response
        let before = [UInt8](copying: bytes.extracting(1..<bytes.byteCount))
        var scanned = 0
        guard let head = try? HTTPHead.parse(before.rawSpan, kind: kind, scanned: &scanned) else { return }
        var after = before
        let number = Int(choice >> 1) % Maskers.count
        unsafe Maskers.all[number].masker.maskHTTP(&after, head, head.framing(), isWhole: choice & 0x80 == 0)
        let isWritten = unsafe checkChanges(Maskers.all[number].masker, before, after)
        scanned = 0
        let again = try? HTTPHead.parse(after.rawSpan, kind: kind, scanned: &scanned)
        precondition(again != nil, "the head cannot be read any more")
        precondition(again?.length == head.length || isWritten, "the head ends at another place")
    },
    FuzzTarget(name: "maskThrift", maximumLength: 2048) { bytes in
        guard bytes.byteCount > 1 else { return }
        let choice = Int(bytes[byte: 0])
        let format = thriftFormats[choice % thriftFormats.count]
        var scanner = ThriftScanner(format)
        guard case .message(let found) = scanner.scan(bytes.extracting(1..<bytes.byteCount)) else { return }
        let before = [UInt8](copying: bytes.extracting(1..<1 + found.length))
        let number = choice / thriftFormats.count % Maskers.count
        var after = before
        unsafe Maskers.all[number].masker.maskThrift(
            &after, found.protocol, found.header, payload: found.payload, payloadOffset: found.payloadOffset,
            hasHeader: format.transport == .theader || format.transport == .ttheader)
        let isWritten = unsafe checkChanges(Maskers.all[number].masker, before, after)
        for span in unsafe Maskers.all[number].masker.spans
        where found.payload != nil && span.range.lowerBound >= found.payloadOffset {
            precondition(
                unsafe isWritten || Maskers.all[number].masker.plan.mode == .scan,
                "what was found in a compressed payload still stands there")
        }
        var again = ThriftScanner(format)
        guard case .message(let masked) = again.scan(after.rawSpan) else {
            preconditionFailure("the message cannot be read any more")
        }
        precondition(masked.length == after.count, "the message ends at another place")
    },
    FuzzTarget(name: "maskText", maximumLength: 1024) { bytes in
        let before = [UInt8](copying: bytes)
        for number in 0..<Maskers.count {
            var after = before
            unsafe Maskers.all[number].masker.maskText(&after)
            _ = unsafe checkChanges(Maskers.all[number].masker, before, after)
        }
    },
    FuzzTarget(name: "maskingPolicy") { bytes in
        _ = try? MaskingPolicy.parse([UInt8](copying: bytes), file: "p.yaml")
    },
]

/// One for each mode. They go from input to input, as from message to message of a recording: what they keep must not grow.
private enum Maskers {
    static let count = plans.count
    // Only the fuzzer's one thread uses them.
    nonisolated(unsafe) static let all = plans.map { Holder($0) }

    /// A masker cannot be copied, as into an array.
    final class Holder {
        var masker: Masker

        init(_ plan: MaskingPlan) { masker = Masker(plan) }
    }
}

/// With a schema that names the classes of some fields.
private let plans: [MaskingPlan] = {
    var schema = SchemaSet()
    let text = """
        struct Inner { 1: string a (pii.class = "name"), 2: i64 b (pii.class = "phone"), 3: list<Inner> c }
        service S {
          Inner m(1: string a (pii.class = "phone"), 2: Inner b, 3: map<string, Inner> c,
            4: double d (pii.class = "coordinate"), 5: binary e (pii.class = "deviceID"))
        }
        """
    do {
        try schema.load(SchemaSource(name: "s.thrift", bytes: Array(text.utf8)), include: { _ in nil })
    } catch {
        preconditionFailure("the schema is malformed: \(error)")
    }
    let key = MaskingKey(Array(repeating: 7, count: 32), origin: .file)
    return [.mask, .display, .scan].map { MaskingPlan(key: key, schema: schema, mode: $0) }
}()

private let thriftFormats = [
    ThriftFormat(.framed, .binary), ThriftFormat(.unframed, .binary), ThriftFormat(.framed, .compact),
    ThriftFormat(.framed, .oldBinary), ThriftFormat(.framed, .json), ThriftFormat(.theader, .binary),
    ThriftFormat(.ttheader, .binary), ThriftFormat(.finagle, .binary),
]

/// Nothing is changed outside of the spans, and nothing at all by a plan that only scans. True when a body was left out or
/// written anew, which has no places to compare.
private func checkChanges(_ masker: borrowing Masker, _ before: [UInt8], _ after: [UInt8]) -> Bool {
    if masker.plan.mode == .scan {
        precondition(before == after, "a scan changed something")
        return false
    }
    for span in masker.spans { precondition(span.range.upperBound <= after.count, "a span beyond the message") }
    guard masker.outcome.dropped.isEmpty, masker.outcome.reencoded.isEmpty else { return true }
    precondition(before.count == after.count, "another length")
    var isSpan = [Bool](repeating: false, count: before.count)
    for span in masker.spans {
        for at in span.range { isSpan[at] = true }
    }
    for at in before.indices where before[at] != after[at] {
        precondition(isSpan[at], "a change that is not told of")
    }
    return false
}
