import CRandom

/// The draws that a program makes for every exchange, gathered so that they are made at once: Philox needs no earlier
/// draw, and eight of them side by side cost little more than one.
struct Draws {
    let keys: Table<UInt64>
    let uppers: Table<UInt64>
    let scopes: Table<UInt32>

    /// More than so many, and those that a jump may pass are made only when they are needed.
    private static let limit = 256

    /// Sets ``Program/Step/draws`` of those steps in the range whose draws are made at once.
    init(_ steps: inout [Program.Step], _ range: Range<Int>, _ program: Program, _ owner: TableOwner) {
        var keys: [UInt64] = []
        var uppers: [UInt64] = []
        var scopes: [UInt32] = []
        let counts = steps.map { $0.drawCount(program) }
        let takesAll = counts.reduce(0, +) <= Self.limit
        for at in range where counts[at] > 0 && (takesAll || !steps[at].isConditional) {
            steps[at].draws = Int32(keys.count)
            for block in 0..<counts[at] {
                keys.append(steps[at].philox.key)
                uppers.append(UInt64(block))
                scopes.append(UInt32(steps[at].drawScope))
            }
        }
        while keys.count % Int(TINCT_RANDOM_LANES) != 0 {
            keys.append(0)
            uppers.append(0)
            scopes.append(0)
        }
        lastScope = Int(scopes.max() ?? 0)
        self.keys = owner.make(keys)
        self.uppers = owner.make(uppers)
        self.scopes = owner.make(scopes)
    }

    var count: Int { keys.count }
    /// The highest register that a draw counts by.
    let lastScope: Int
}
