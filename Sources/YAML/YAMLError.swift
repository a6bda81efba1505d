/// Why a YAML document could not be used, and where: `file:line:column: message`, then what to do about it.
package struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
    package var mark: YAMLMark
    package var message: String
    /// What to do about it; never empty.
    package var remedy: String

    package init(_ message: String, at mark: YAMLMark, remedy: String) {
        self.mark = mark
        self.message = message
        self.remedy = remedy
    }

    package var description: String {
        "\(mark): \(message)\n  \(remedy)"
    }
}

/// A place in a document. Lines and columns count from 1; columns count characters, not bytes.
package struct YAMLMark: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }
}
