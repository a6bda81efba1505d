/// A place in a text, as people count: lines and columns from 1.
package struct TextPosition: Sendable, Hashable, CustomStringConvertible {
    package var line: Int
    /// In Unicode scalars; a tab counts as one.
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The position of the byte at `offset` (clamped to the text) in UTF-8 `bytes`. CR LF and LF end a line.
    package init(ofOffset offset: Int, in bytes: RawSpan) {
        var line = 1
        var column = 1
        for at in 0..<min(max(offset, 0), bytes.byteCount) {
            let byte = bytes[byte: at]
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.init(line: line, column: column)
    }

    package var description: String { "line \(line), column \(column)" }
}
