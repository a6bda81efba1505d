package import Bytes

/// Why a schema document could not be used: where, and what was expected there.
package struct SchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The name under which the document was loaded.
    package var document: String
    /// Nil when the whole document is meant.
    package var position: TextPosition?
    package var message: String
    /// What to do about it; may be empty.
    package var remedy: String

    package init(_ document: String, _ position: TextPosition?, _ message: String, remedy: String = "") {
        self.document = document
        self.position = position
        self.message = message
        self.remedy = remedy
    }

    /// `risk.thrift:12:5: expected a field name, found '}'`, as compilers print it, and the remedy in the next line.
    package var description: String { headline + (remedy.isEmpty ? "" : "\n  \(remedy)") }

    /// Without the remedy.
    package var headline: String {
        guard let position else { return "\(document): \(message)" }
        return "\(document):\(position.line):\(position.column): \(message)"
    }
}

/// A document as it was given.
package struct SchemaSource: Sendable, Hashable {
    /// A file name; its extension says what it is.
    package var name: String
    package var bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    package init(name: String, text: String) { self.init(name: name, bytes: Array(text.utf8)) }

    package enum Kind: Sendable, Equatable { case thrift, openAPI }

    /// `.thrift` is Thrift IDL; `.yaml`, `.yml` and `.json` are OpenAPI; nil for other names.
    package var kind: Kind? {
        if name.hasSuffix(".thrift") { return .thrift }
        return [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) } ? .openAPI : nil
    }

    /// The media type under which a tape carries the document.
    package var mediaType: String { kind == .thrift ? "text/x-thrift" : "application/vnd.oai.openapi" }

    /// The name that other documents use for what this one declares: the file name without folders and extension.
    package var scope: String {
        let file = name.split(separator: "/").last.map(String.init) ?? name
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
        return String(file[..<dot])
    }
}
