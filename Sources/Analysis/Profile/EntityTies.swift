/// Which fields are the same in every request of an entity: of a sample of entities, each field's last value is kept and
/// held against the next.
package struct EntityTies: Sendable {
    private struct Seen: Sendable {
        var columns: [UInt16] = []
        var hashes: [UInt64] = []
    }

    private struct Tally: Sendable {
        var again: UInt64 = 0
        var same: UInt64 = 0
    }

    private static let entityLimit = 4000
    private static let columnLimit = 12

    private var tables: [Int: KeySample<Seen>] = [:]
    private var tallies: [Int: [Int: Tally]] = [:]

    init() {}

    /// - Parameters:
    ///   - keys: entity columns of one request, with the hash of who it is.
    ///   - cells: the request's other columns, with the hashes of their values.
    mutating func add(_ keys: [(Int, UInt64)], _ cells: [(Int, UInt64)]) {
        for (entity, key) in keys {
            if tables[entity] == nil && tables.count >= Self.columnLimit { continue }
            var found: [(Int, Bool)] = []
            tables[entity, default: KeySample(limit: Self.entityLimit)].update(key, Seen()) { seen in
                for (column, hash) in cells where column != entity {
                    if let place = seen.columns.firstIndex(of: UInt16(truncatingIfNeeded: column)) {
                        found.append((column, seen.hashes[place] == hash))
                        seen.hashes[place] = hash
                    } else {
                        seen.columns.append(UInt16(truncatingIfNeeded: column))
                        seen.hashes.append(hash)
                    }
                }
            }
            for (column, isSame) in found {
                tallies[entity, default: [:]][column, default: Tally()].again += 1
                if isSame { tallies[entity, default: [:]][column, default: Tally()].same += 1 }
            }
        }
    }

    /// True when `column` belongs to the entity: the same in at least 99 of 100 requests that came again.
    func isAttribute(_ column: Int, of entity: Int) -> Bool {
        guard let tally = tallies[entity]?[column], tally.again >= 50 else { return false }
        return tally.same * 100 >= tally.again * 99
    }
}
