import Analysis
import Bytes
import HTTP1
import JSON
import Tape

/// vegeta's JSON targets: one object a line with `method`, `url`, `header` and the body in base64.
struct VegetaExporter: Exporter {
    mutating func append(_ exchange: Exchange, to out: inout [UInt8]) -> LeftOut? {
        let (found, reason) = HTTPParts.of(exchange)
        guard let parts = found else { return reason }
        guard parts.content.isWhole else { return .incomplete }
        var headers = JSONObject()
        for (name, value) in parts.content.fields where !HTTPParts.isFraming(name) {
            let values = headers[name]?.array ?? []
            headers[name] = JSONValue(values + [JSONValue(value)])
        }
        var object = JSONObject()
        object.append("method", JSONValue(parts.content.method))
        object.append("url", JSONValue(parts.url))
        if !parts.content.body.isEmpty { object.append("body", JSONValue(Base64.encode(parts.content.body))) }
        object.append("header", .object(headers))
        out += JSONValue.object(object).encoded()
        out.append(10)
        return nil
    }
}

/// A `curl` command for each request. Every value stands in single quotes, in which a shell takes nothing but the quote
/// for special; a body that is no text goes through base64.
struct CurlExporter: Exporter {
    /// Linux takes no longer argument than 128 KiB; a shell's own `printf` does.
    private static let argumentBytes = 100_000

    mutating func append(_ exchange: Exchange, to out: inout [UInt8]) -> LeftOut? {
        let (found, reason) = HTTPParts.of(exchange)
        guard let parts = found else { return reason }
        let content = parts.content
        guard content.isWhole else { return .incomplete }
        var words = ["curl", "--http1.\(min(1, content.head.minorVersion))", "--globoff", "--path-as-is"]
        if content.method == "HEAD" {
            words.append("--head")
        } else {
            words += ["--request", content.method]
        }
        for (name, value) in content.fields where !HTTPParts.isFraming(name) {
            if name.lowercased() == "host" && parts.url.hasPrefix("http://\(value)/") { continue }
            // A field without a value is written with a semicolon; with a colon curl would leave it out.
            words += ["--header", value.isEmpty ? "\(name);" : "\(name): \(value)"]
        }
        // What curl would add of its own accord.
        var added = ["User-Agent", "Accept"]
        if !content.body.isEmpty { added += ["Content-Type", "Expect"] }
        for name in added where content.value(name) == nil { words += ["--header", "\(name):"] }
        var front = ""
        if !content.body.isEmpty {
            if content.body.count <= Self.argumentBytes, let text = HTTPParts.text(content.body), !text.utf8.contains(0)
            {
                words += ["--data-raw", text]
            } else {
                front = "printf %s \(Self.quoted(Base64.encode(content.body))) | base64 -d | "
                words += ["--data-binary", "@-"]
            }
        }
        words.append(parts.url)
        if words.contains(where: { $0.utf8.contains(0) }) { return .notText }
        out += (front + words.map(Self.quoted).joined(separator: " ") + "\n").utf8
        return nil
    }

    /// One word of a POSIX shell.
    static func quoted(_ word: String) -> String {
        let plain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x3A, 0x5F, 0x40, 0x25, 0x2B: true
                default: false
                }
            }
        if plain { return word }
        var result = "'"
        for character in word.unicodeScalars {
            if character == "'" { result += "'\\''" } else { result.unicodeScalars.append(character) }
        }
        return result + "'"
    }
}
