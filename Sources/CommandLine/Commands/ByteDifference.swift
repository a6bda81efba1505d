/// Two messages as a byte-level difference: rows of sixteen bytes in hexadecimal and ASCII, `-` before what only the
/// first has, `+` before what only the second has.
enum ByteDifference {
    static func lines(from before: [UInt8], to after: [UInt8]) -> [String] {
        var lines: [String] = []
        for part in parts(before, after) {
            if part.before == part.after {
                rows(" ", part.before, part.beforeOffset, &lines, limit: 2)
            } else {
                rows("-", part.before, part.beforeOffset, &lines, limit: 64)
                rows("+", part.after, part.afterOffset, &lines, limit: 64)
            }
        }
        return lines
    }

    struct Part: Equatable {
        var beforeOffset: Int
        var before: [UInt8]
        var afterOffset: Int
        var after: [UInt8]
    }

    /// Runs that are equal and runs that differ, in turn. Greedy: after a difference, the nearest common run of eight
    /// bytes ends it.
    static func parts(_ before: [UInt8], _ after: [UInt8]) -> [Part] {
        var parts: [Part] = []
        var (i, j) = (0, 0)
        while i < before.count || j < after.count {
            var length = 0
            while i + length < before.count, j + length < after.count, before[i + length] == after[j + length] {
                length += 1
            }
            if length > 0 {
                let same = Array(before[i..<i + length])
                parts.append(Part(beforeOffset: i, before: same, afterOffset: j, after: same))
            }
            i += length
            j += length
            if i == before.count && j == after.count { break }
            let (di, dj) = resynchronise(before, i, after, j)
            parts.append(
                Part(
                    beforeOffset: i, before: Array(before[i..<i + di]), afterOffset: j, after: Array(after[j..<j + dj]))
            )
            i += di
            j += dj
        }
        return parts
    }

    /// How far each side goes on until eight bytes (or the rest) are the same again.
    private static func resynchronise(_ a: [UInt8], _ i: Int, _ b: [UInt8], _ j: Int) -> (Int, Int) {
        let (restA, restB) = (a.count - i, b.count - j)
        // Messages of one length were changed in place.
        if restA == restB {
            for length in 1...restA {
                let run = min(8, restA - length)
                if a[(i + length)..<(i + length + run)].elementsEqual(b[(j + length)..<(j + length + run)]) {
                    return (length, length)
                }
            }
        }
        for distance in 1...max(1, min(2048, restA + restB)) {
            for di in 0...min(distance, restA) {
                let dj = distance - di
                if dj > restB { continue }
                let run = min(8, restA - di, restB - dj)
                if run == 0 && !(di == restA && dj == restB) { continue }
                if a[(i + di)..<(i + di + run)].elementsEqual(b[(j + dj)..<(j + dj + run)]) { return (di, dj) }
            }
        }
        return (restA, restB)
    }

    private static func rows(_ mark: String, _ bytes: [UInt8], _ offset: Int, _ lines: inout [String], limit: Int) {
        let count = (bytes.count + 15) / 16
        for row in 0..<count {
            if count > 2 * limit && row >= limit && row < count - limit {
                if row == limit { lines.append("\(mark)   …      \(bytes.count - 32 * limit) bytes more") }
                continue
            }
            let slice = bytes[row * 16..<min(bytes.count, row * 16 + 16)]
            let digits = slice.map { byte in
                let text = String(byte, radix: 16)
                return text.utf8.count == 1 ? "0" + text : text
            }
            let text = String(decoding: slice.map { (0x20...0x7E).contains($0) ? $0 : 0x2E }, as: UTF8.self)
            let place = String(offset + row * 16, radix: 16)
            let pad = String(repeating: " ", count: max(0, 47 - digits.count * 3 + 1))
            lines.append(
                "\(mark) " + String(repeating: "0", count: max(0, 6 - place.utf8.count)) + place + "  "
                    + digits.joined(separator: " ") + pad + "  " + text)
        }
    }
}
