import Bytes
import HTTP1
package import Schema

/// Names operations, each distinct one once.
package struct OperationNamer: Sendable {
    /// A Thrift method's names: what it is called on the tape, and without its service, for pairing.
    struct ThriftName: Sendable {
        var operation: String
        var method: String
        /// The call by which Finagle's clients ask whether they may put a header before each message.
        var isFinagleUpgrade = false
    }

    /// What operations are called, where it knows them: `Service.method`, and OpenAPI's templates.
    private let schema: SchemaSet
    private var httpNames = InternTable<String>()
    private var thriftNames = InternTable<ThriftName>()
    private var scratch: [UInt8] = []
    /// The last two methods and paths that were named: connections ask for the same things over and over.
    private var last: (path: [UInt8], name: String) = ([], "")
    private var before: (path: [UInt8], name: String) = ([], "")
    private var lastMethod: (name: [UInt8], known: ThriftName) = ([], ThriftName(operation: "", method: ""))

    package init(schema: SchemaSet = SchemaSet()) { self.schema = schema }

    /// `METHOD /path/{}`: without query, id-like segments replaced.
    mutating func http(_ message: RawSpan, _ head: HTTPHead) -> String {
        let (start, end) = (head.methodRange.lower, head.uri.upper)
        guard head.methodRange.upper <= end, start < end, end <= message.byteCount else { return "" }
        if Self.matches(message, start, end, last.path) { return last.name }
        swap(&last, &before)
        if Self.matches(message, start, end, last.path) { return last.name }
        last.name = name(message, head)
        let target = message.extracting(head.uri.range)
        let length = target.firstIndex(of: 0x3F) ?? target.byteCount
        last.path = [UInt8](copying: message.extracting(start..<head.uri.lower + length))
        return last.name
    }

    /// The bytes from `start` to `end`, or to a question mark between, are `path`.
    @inline(__always)
    private static func matches(_ message: RawSpan, _ start: Int, _ end: Int, _ path: [UInt8]) -> Bool {
        let known = start + path.count
        return known <= end && known > start && (known == end || message[byte: known] == 0x3F)
            && message.extracting(start..<known).equals(path.rawSpan)
    }

    private mutating func name(_ message: RawSpan, _ head: HTTPHead) -> String {
        scratch.removeAll(keepingCapacity: true)
        unsafe message.extracting(head.methodRange.range).withUnsafeBytes { unsafe scratch.append(contentsOf: $0) }
        let target = message.extracting(head.uri.range)
        let path = target.extracting(Self.path(target, isConnect: head.method == .connect))
        if path.byteCount > 0 {
            scratch.append(32)
            let start = scratch.count
            unsafe path.withUnsafeBytes { unsafe scratch.append(contentsOf: $0) }
            if schema.routes.isEmpty {
                // Most paths hold no id and are their own template.
                if let known = httpNames.find(scratch.rawSpan) { return known }
                scratch.removeSubrange(start...)
                Self.appendTemplate(path, &scratch)
            }
        }
        let key = scratch
        if let known = httpNames.find(key.rawSpan) { return known }
        let schema = schema
        return httpNames.value(for: key.rawSpan) { bytes in
            let name = String(decoding: [UInt8](copying: bytes), as: UTF8.self)
            if schema.routes.isEmpty { return name }
            let parts = name.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { return name }
            if let route = schema.route(String(parts[0]), String(parts[1])) { return route.name }
            var bytes = Array(parts[0].utf8) + [32]
            Self.appendTemplate(Array(parts[1].utf8).rawSpan, &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// The name of a whole request; empty when its head cannot be read.
    package mutating func http(_ request: [UInt8]) -> String {
        var scanned = 0
        guard let head = try? HTTPHead.parse(request.rawSpan, kind: .request, scanned: &scanned) else { return "" }
        return http(request.rawSpan, head)
    }

    /// The name of a Thrift method; a multiplexed one brings its service along.
    mutating func thrift(_ name: RawSpan) -> ThriftName {
        if name.equals(lastMethod.name.rawSpan) { return lastMethod.known }
        let schema = schema
        let known = thriftNames.value(for: name) { bytes in
            let text = String(decoding: [UInt8](copying: bytes), as: UTF8.self)
            if let colon = text.lastIndex(of: ":") {
                let method = String(text[text.index(after: colon)...])
                if let known = schema.operation(named: text) {
                    return ThriftName(operation: known.name, method: method)
                }
                return ThriftName(operation: "\(text[..<colon]).\(method)", method: method)
            }
            return ThriftName(
                operation: schema.operation(named: text)?.name ?? text, method: text,
                isFinagleUpgrade: text == "__can__finagle__trace__v3__")
        }
        lastMethod = ([UInt8](copying: name), known)
        return known
    }

    /// The path of a request target: no scheme, authority, query or fragment.
    private static func path(_ target: RawSpan, isConnect: Bool) -> Range<Int> {
        if isConnect { return 0..<0 }
        var start = 0
        if target.byteCount > 0 && target[byte: 0] != 0x2F {
            var at = 0
            while at + 2 < target.byteCount && at < 16 {
                if target[byte: at] == 0x3A && target[byte: at + 1] == 0x2F && target[byte: at + 2] == 0x2F {
                    start = at + 3
                    while start < target.byteCount && target[byte: start] != 0x2F { start += 1 }
                    break
                }
                at += 1
            }
        }
        var end = start
        while end < target.byteCount && target[byte: end] != 0x3F && target[byte: end] != 0x23 { end += 1 }
        return start..<end
    }

    /// Appends `path` with `{}` for each segment that looks like an id, at most 256 bytes.
    static func appendTemplate(_ path: RawSpan, _ out: inout [UInt8]) {
        var at = 0
        let limit = out.count + 256
        while at < path.byteCount && out.count < limit {
            if path[byte: at] == 0x2F {
                out.append(0x2F)
                at += 1
                continue
            }
            let start = at
            while at < path.byteCount && path[byte: at] != 0x2F { at += 1 }
            let segment = path.extracting(start..<at)
            if isID(segment) {
                out.append(0x7B)
                out.append(0x7D)
            } else {
                for i in 0..<min(segment.byteCount, 128) {
                    let byte = segment[byte: i]
                    out.append(byte > 32 && byte != 127 ? byte : 0x3F)
                }
            }
        }
    }

    /// All digits (with dashes), a UUID, or sixteen and more hexadecimal digits.
    private static func isID(_ segment: RawSpan) -> Bool {
        var digits = 0
        var hex = 0
        var dashes = 0
        for i in 0..<segment.byteCount {
            switch segment[byte: i] {
            case 0x30...0x39: digits += 1
            case 0x41...0x46, 0x61...0x66: hex += 1
            case 0x2D: dashes += 1
            default: return false
            }
        }
        if digits == 0 { return false }
        if hex == 0 { return true }
        return digits + hex >= 16 && (dashes == 0 || (dashes == 4 && segment.byteCount == 36))
    }
}

/// Values made once for each distinct key. Full tables make each value anew.
struct InternTable<Value: Sendable>: Sendable {
    private var keys: [[UInt8]?] = Array(repeating: nil, count: 64)
    private var values: [Value?] = Array(repeating: nil, count: 64)
    private var count = 0
    private let maximum = 1 << 16

    func find(_ key: RawSpan) -> Value? {
        var at = slot(key)
        while let known = keys[at] {
            if known.rawSpan.equals(key) { return values[at] }
            at = (at + 1) & (keys.count - 1)
        }
        return nil
    }

    mutating func value(for key: RawSpan, _ make: (RawSpan) -> Value) -> Value {
        if let known = find(key) { return known }
        let value = make(key)
        if count >= maximum { return value }
        var at = slot(key)
        while keys[at] != nil { at = (at + 1) & (keys.count - 1) }
        keys[at] = [UInt8](copying: key)
        values[at] = value
        count += 1
        if count * 2 > keys.count { grow() }
        return value
    }

    private func slot(_ key: RawSpan) -> Int {
        // Eight bytes at a time, and the last eight, which may overlap.
        var hash = UInt64(truncatingIfNeeded: key.byteCount) ^ 0xCBF2_9CE4_8422_2325
        func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15 ^ hash &>> 29 }
        var at = 0
        while at + 8 <= key.byteCount {
            mix(unsafe key.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self))
            at += 8
        }
        while at < key.byteCount {
            mix(UInt64(key[byte: at]))
            at += 1
        }
        return Int(truncatingIfNeeded: hash ^ hash >> 32) & (keys.count - 1)
    }

    private mutating func grow() {
        let old = (keys, values)
        keys = Array(repeating: nil, count: old.0.count * 2)
        values = Array(repeating: nil, count: old.0.count * 2)
        count = 0
        for (key, value) in zip(old.0, old.1) {
            if let key, let value { _ = self.value(for: key.rawSpan) { _ in value } }
        }
    }
}
