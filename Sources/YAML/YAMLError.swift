/// Why a YAML document could not be used, and where: `file:line:column: message`, then what to do about it.
package struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
    package var mark: YAMLMark
    package var message: String
    /// What was expected or a suggestion; may be empty.
    package var remedy: String

    package init(_ message: String, at mark: YAMLMark, remedy: String = "") {
        self.mark = mark
        self.message = message
        self.remedy = remedy
    }

    package var description: String {
        "\(mark): \(message)" + (remedy.isEmpty ? "" : "\n  \(remedy)")
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

/// The candidate at the smallest edit distance, at most two or a third of the word; for "did you mean".
package func nearestName(_ word: String, in candidates: [String]) -> String? {
    let a = Array(word.utf8.prefix(64))
    var best: (distance: Int, name: String)?
    for name in candidates {
        let b = Array(name.utf8.prefix(64))
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let cost = min(row[j] + 1, row[j + 1] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = cost
            }
        }
        if row[b.count] < best?.distance ?? Int.max { best = (row[b.count], name) }
    }
    guard let best, best.distance <= max(a.count > 3 ? 2 : 1, a.count / 3) else { return nil }
    return best.name
}
