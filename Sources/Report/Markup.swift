/// Builds markup that is well formed as XML too, so that any XML parser can check it.
struct Markup {
    private(set) var text = ""

    /// Appends markup as it is; for constants and for what was escaped.
    mutating func raw(_ markup: String) { text += markup }

    /// Appends text from outside.
    mutating func escaped(_ value: String) { text += Self.escape(value) }

    mutating func element(_ name: String, _ attributes: [(String, String)] = [], _ content: String) {
        open(name, attributes)
        escaped(content)
        close(name)
    }

    mutating func element(_ name: String, _ attributes: [(String, String)] = [], _ body: (inout Markup) -> Void) {
        open(name, attributes)
        body(&self)
        close(name)
    }

    mutating func empty(_ name: String, _ attributes: [(String, String)]) {
        text += "<\(name)\(Self.list(attributes))/>"
    }

    private mutating func open(_ name: String, _ attributes: [(String, String)]) {
        text += "<\(name)\(Self.list(attributes))>"
    }

    private mutating func close(_ name: String) { text += "</\(name)>" }

    private static func list(_ attributes: [(String, String)]) -> String {
        attributes.map { " \($0.0)=\"\(escape($0.1))\"" }.joined()
    }

    /// Text as content or attribute value. What XML 1.0 has no place for is shown as U+FFFD.
    static func escape(_ value: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;".unicodeScalars
            case "<": result += "&lt;".unicodeScalars
            case ">": result += "&gt;".unicodeScalars
            case "\"": result += "&quot;".unicodeScalars
            case "'": result += "&#39;".unicodeScalars
            case "\t", "\n": result.append(scalar)
            default:
                let isForbidden =
                    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE
                    || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
                result.append(isForbidden ? "\u{FFFD}" : scalar)
            }
        }
        return String(result)
    }
}
