import Foundation

/// Parses JSON with Foundation, which shares no code with Tinct's own parser.
package func foundationJSON(_ bytes: [UInt8]) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
}

/// The lines of JSON Lines, each an object.
package func foundationJSONLines(_ bytes: [UInt8]) throws -> [[String: Any]] {
    try bytes.split(separator: UInt8(ascii: "\n")).map { line in
        guard let object = try foundationJSON(Array(line)) as? [String: Any] else {
            throw TestSupportError("a line that is not an object")
        }
        return object
    }
}

/// Where `actual` differs from `expected`, as `path: expected ≠ actual`. Members that only `actual` has are allowed: the
/// expectation says what an independent program knows.
package func differences(_ expected: Any, _ actual: Any?, at path: String = "") -> [String] {
    switch (expected, actual) {
    case (let expected as [String: Any], let actual as [String: Any]):
        return expected.sorted { $0.key < $1.key }.flatMap { key, value in
            differences(value, actual[key], at: path.isEmpty ? key : "\(path).\(key)")
        }
    case (let expected as [Any], let actual as [Any]) where expected.count == actual.count:
        return zip(expected, actual).enumerated().flatMap { index, pair in
            differences(pair.0, pair.1, at: "\(path)[\(index)]")
        }
    case (let expected as String, let actual as String) where expected == actual: return []
    case (let expected as NSNumber, let actual as NSNumber) where expected == actual: return []
    case (is NSNull, is NSNull): return []
    default: return ["\(path): \(expected) ≠ \(actual.map { "\($0)" } ?? "absent")"]
    }
}
