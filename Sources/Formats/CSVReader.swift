package import Bytes

/// Reads CSV as RFC 4180 has it, with LF or CRLF at the end of lines and a byte order mark or none.
package struct CSVReader {
    /// A field of a row.
    package struct Cell: Sendable, Equatable {
        package var text: String
        /// Stood in quotes: `""` is the empty text, where nothing between commas is no value.
        package var isQuoted: Bool

        package var isAbsent: Bool { text.isEmpty && !isQuoted }
    }

    /// More columns are no table.
    package static let columnLimit = 4096

    private let bytes: [UInt8]
    private var at: Int
    /// The line on which the row that was read last begins, from 1.
    package private(set) var line = 0
    private var nextLine = 1

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        at = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next row that is not empty; nil at the end.
    ///
    /// - Throws: for a quote that is not closed, text around quotes, and text that is not UTF-8.
    package mutating func next() throws(ParsingError) -> [Cell]? {
        while at < bytes.count {
            line = nextLine
            let row = try self.row()
            if row.count > 1 || !row[0].isAbsent { return row }
        }
        return nil
    }

    private mutating func row() throws(ParsingError) -> [Cell] {
        var row: [Cell] = []
        while true {
            row.append(try cell())
            if row.count > Self.columnLimit { throw ParsingError(.limit, at: at, "columns of a row") }
            guard at < bytes.count else { return row }
            let byte = bytes[at]
            at += 1
            if byte == 0x2C { continue }
            if byte == 0x0D && at < bytes.count && bytes[at] == 0x0A { at += 1 }
            nextLine += 1
            return row
        }
    }

    /// Ends before a comma, a line's end or the end of the file.
    private mutating func cell() throws(ParsingError) -> Cell {
        guard at < bytes.count, bytes[at] == 0x22 else {
            let start = at
            while at < bytes.count, !isEnd(at) {
                if bytes[at] == 0x22 { throw ParsingError(.invalid, at: at, "quote within a field") }
                at += 1
            }
            return Cell(text: try text(bytes[start..<at]), isQuoted: false)
        }
        let start = at
        at += 1
        var content: [UInt8] = []
        while true {
            guard at < bytes.count else { throw ParsingError(.truncated, at: start, "quoted field") }
            let byte = bytes[at]
            at += 1
            if byte == 0x22 {
                guard at < bytes.count, bytes[at] == 0x22 else { break }
                at += 1
            } else if byte == 0x0A {
                nextLine += 1
            }
            content.append(byte)
        }
        if at < bytes.count && !isEnd(at) { throw ParsingError(.invalid, at: at, "text behind a quoted field") }
        return Cell(text: try text(content[...]), isQuoted: true)
    }

    private func isEnd(_ at: Int) -> Bool {
        let byte = bytes[at]
        return byte == 0x2C || byte == 0x0A || byte == 0x0D && (at + 1 == bytes.count || bytes[at + 1] == 0x0A)
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(ParsingError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ParsingError(.invalid, at: bytes.startIndex, "UTF-8 text")
        }
        return text
    }
}
