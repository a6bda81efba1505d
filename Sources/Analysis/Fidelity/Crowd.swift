import Privacy

/// Who stands behind the values on a tape: a value may be told to others only where enough people have it.
///
/// People are told apart by the field that names accounts (`userId`), else by numbers of persons, phones, mailboxes, cards,
/// in that order; requests count each by itself where there is none. Of what belongs to another thing that has an id, as
/// to a device or a shop, those are counted, too. All is counted in the profile's sample of requests, so that of a long tape
/// values are rather kept back than told.
package struct Crowd {
    /// A value of a category with the requests that have it.
    package typealias Category = (text: String, count: UInt64)

    let profile: TrafficProfile
    /// The field that tells people apart.
    package let column: Int?
    private let identifiers: [Int]

    package init(_ profile: TrafficProfile) {
        self.profile = profile
        let flat = profile.columns.indices.filter { column in
            !profile.columns[column].path.contains("*") && !profile.columns[column].path.contains("#")
                && profile.columns[column].structures == 0
        }
        identifiers = flat.filter { profile.columns[$0].isIdentifier && profile.columns[$0].distinct > 1 }
        let groups: [Set<PersonalClass>] = [
            [.accountID], [.nationalID, .cpf, .curp, .rfc, .residentID], [.phone], [.email],
            [.bankAccount, .clabe, .card],
        ]
        column =
            groups.lazy.compactMap { group in
                flat.filter { column in
                    let entry = profile.columns[column]
                    return entry.named.map(group.contains) ?? false && entry.present * 2 >= profile.readable
                }.max { (profile.columns[$0].distinct, $1) < (profile.columns[$1].distinct, $0) }
            }.first
    }

    /// How many people there are; an estimate from 512 on. Nil when nothing tells them apart.
    package var people: Double? { column.map { profile.columns[$0].distinct } }

    /// The fields by whose values is counted who has a value of `column`.
    private func keys(of column: Int) -> [Int] {
        let entry = profile.columns[column]
        // What nearly all have is not tied to anybody by being the same in their requests.
        let most = entry.hasManyValues ? 0 : entry.categories.values.max() ?? 0
        let isVaried = entry.distinct > 1 && most * 20 < entry.present * 19
        let tied = identifiers.filter { $0 != column && isVaried && profile.ties?.isAttribute(column, of: $0) ?? false }
        let people = self.column.map { $0 == column ? [] : [$0] } ?? []
        return people + tied.filter { !people.contains($0) }
    }

    /// The field whose values are counted behind the numbers of `column`: of all that may be, the one that has the fewest.
    func key(of column: Int) -> Int? {
        keys(of: column).min { (profile.columns[$0].distinct, $0) < (profile.columns[$1].distinct, $1) }
    }

    /// The values of a category that may stand in a profile or a report, the commonest first: at least `least` requests of
    /// as many people have each, and nothing in it looks like personal data.
    ///
    /// - Parameter declared: values that a schema tells everybody; only `least` requests are wanted of them.
    package func tellable(_ column: Int, least: UInt64, declared: Set<String> = []) -> [Category] {
        let entry = profile.columns[column]
        if !declared.isEmpty || entry.isBool {
            return sorted(
                entry.categories.filter { $0.value >= least && (entry.isBool || declared.contains($0.key)) })
        }
        if entry.personal != nil || entry.isIdentifier || entry.bytes > 0 { return [] }
        var finder = PersonalFinder()
        var kept = entry.categories.filter { $0.value >= least && PersonalLook.of($0.key, &finder) == nil }
        if kept.isEmpty { return [] }
        for key in keys(of: column) {
            let behind = holders(of: column, by: key)
            kept = kept.filter { text, _ in
                guard let found = behind[StableHash.of(text)] else { return false }
                // Where most requests do not say whose they are, that they are enough has to do.
                return found.with * 2 < found.all || found.keys.count >= least
            }
        }
        return sorted(kept)
    }

    private func sorted(_ values: [String: UInt64]) -> [Category] {
        values.map { ($0.key, $0.value) }.sorted { ($1.count, $0.text) < ($0.count, $1.text) }
    }

    /// By the hash of a text: the sampled requests that have it, those of them that have the key, too, and its values.
    private func holders(of column: Int, by key: Int) -> [UInt64: (all: Int, with: Int, keys: Set<UInt64>)] {
        var found: [UInt64: (all: Int, with: Int, keys: Set<UInt64>)] = [:]
        for row in profile.rows.rows {
            guard case .text(let hash)? = row[column] else { continue }
            found[hash, default: (0, 0, [])].all += 1
            guard let holder = row[key]?.hash else { continue }
            found[hash, default: (0, 0, [])].with += 1
            found[hash, default: (0, 0, [])].keys.insert(holder)
        }
        return found
    }
}

extension RowSample.Cell {
    var hash: UInt64 {
        switch self {
        case .text(let hash): hash
        case .number(let value): StableHash.mix(value.bitPattern)
        }
    }
}
