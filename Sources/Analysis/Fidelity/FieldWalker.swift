import Bytes
package import JSON

/// The scalars of a request by path, lists by their length and their first element.
package enum FieldWalker {
    package enum Leaf: Sendable, Equatable {
        case number(Double, isWhole: Bool)
        case text(String)
        case bool(Bool)
        /// Of a Thrift field, what is no text; in base64.
        case bytes(String)
        case null
        /// A struct, whose members follow.
        case object
    }

    /// What a request carries.
    package struct Content: Sendable {
        var value: JSONValue
        /// Rendered from Thrift: an object whose only member is `base64` stands for bytes.
        var isThrift: Bool
    }

    private static let depthLimit = 32
    /// What stands beyond this in one request is not looked at.
    private static let leafLimit = 4096

    /// Calls `body` with each path and its value; `items.#` is the length of `items`, `items.*.sku` a field of its first
    /// element.
    package static func walk(_ content: Content, _ body: (String, Leaf) -> Void) {
        var left = leafLimit
        walk(content.value, content.isThrift, "", depthLimit, &left, body)
    }

    private static func walk(
        _ value: JSONValue, _ isThrift: Bool, _ path: String, _ depth: Int, _ left: inout Int,
        _ body: (String, Leaf) -> Void
    ) {
        if left == 0 || depth == 0 { return }
        switch value {
        case .object(let object):
            if isThrift, let text = base64(object) {
                // Declared as bytes they look the same even where they are a text.
                let bytes = Base64.decode(text) ?? []
                body(path, String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .bytes(text))
                left -= 1
                return
            }
            if !path.isEmpty {
                left -= 1
                body(path, .object)
            }
            for member in object.members {
                let name = self.name(member.key)
                walk(member.value, isThrift, path.isEmpty ? name : "\(path).\(name)", depth - 1, &left, body)
            }
            return
        case .array(let values):
            left -= 1
            body("\(path).#", .number(Double(values.count), isWhole: true))
            if let first = values.first { walk(first, isThrift, "\(path).*", depth - 1, &left, body) }
            return
        case .null: body(path, .null)
        case .bool(let bool): body(path, .bool(bool))
        case .string(let text): body(path, .text(text))
        case .number(let number):
            let double = number.double
            body(path, double.isFinite ? .number(double, isWhole: number.isInteger) : .text(number.text))
        }
        left -= 1
    }

    /// A key as a step of a path; signs that mean something there become others.
    private static func name(_ key: String) -> String {
        if !key.utf8.contains(where: { [0x2E, 0x2A, 0x23].contains($0) }) && !key.isEmpty { return key }
        return key.isEmpty ? "·" : String(key.map { [".", "*", "#"].contains($0) ? "·" : $0 })
    }

    private static func base64(_ object: JSONObject) -> String? {
        object.count == 1 ? object["base64"]?.string : nil
    }

    /// What a request carries, without the one argument that only a Thrift call needs; nil where it is neither Thrift nor
    /// JSON with fields in it.
    package static func content(of message: JSONValue) -> Content? {
        let inner = message["thrift"] ?? message
        if let arguments = inner["args"]?.object {
            let only = arguments.count == 1 ? arguments.members.first?.value : nil
            let isStruct = only?.object.map { base64($0) == nil } ?? false
            return Content(value: isStruct ? only ?? .null : .object(arguments), isThrift: true)
        }
        guard let body = inner["body"], body.object != nil || body.array != nil else { return nil }
        // What is no text at all is shown in base64: a value like any other, and perhaps all that somebody sent.
        if let text = body.object.flatMap(base64), let bytes = Base64.decode(text),
            String(validating: bytes, as: UTF8.self) == nil
        {
            return nil
        }
        return Content(value: body, isThrift: false)
    }
}

/// Hashes that are the same on every machine and in every process.
enum StableHash {
    /// FNV-1a, whose bits are mixed at the end, for they are cut by magnitude (splitmix64's finisher).
    static func of(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return mix(hash)
    }

    static func mix(_ value: UInt64) -> UInt64 {
        var hash = value &+ 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return hash ^ (hash >> 31)
    }
}
