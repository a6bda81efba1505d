/// The candidate at the smallest edit distance (Levenshtein), at most two or a third of the word; for "did you mean".
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
