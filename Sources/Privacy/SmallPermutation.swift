/// A keyed permutation of fewer than 10^6 values: FF1 is not for domains that small.
///
/// The table is shuffled (Fisher and Yates, as in Knuth, TAOCP 2, algorithm 3.4.2 P) by AES in counter mode. A tweak turns
/// the values before and after it, so that what stands beside a value (a region, a year) changes its pseudonym.
struct SmallPermutation {
    static let limit: UInt64 = 1_000_000

    private let forward: [UInt32]
    private let backward: [UInt32]

    init(count: Int, cipher: BlockCipher) {
        precondition(count > 0 && count <= Int(Self.limit))
        var table = (0..<UInt32(count)).map { $0 }
        var counter: UInt64 = 0
        var at = count - 1
        while at > 0 {
            let block = cipher.apply(.init(high: 0x5454_0000_0000_0000 | UInt64(count), low: counter))
            counter += 1
            for word in [block.high, block.low] where at > 0 {
                // 64 random bits for less than 2^20 choices: what the multiplication favours is below 2^-44.
                let chosen = Int(word.multipliedFullWidth(by: UInt64(at + 1)).high)
                table.swapAt(at, chosen)
                at -= 1
            }
        }
        var inverse = [UInt32](repeating: 0, count: count)
        for (index, value) in table.enumerated() { inverse[Int(value)] = UInt32(index) }
        forward = table
        backward = inverse
    }

    /// By how much values are turned, both below their count.
    struct Turn {
        fileprivate let before: UInt32
        fileprivate let after: UInt32

        init(_ random: BlockCipher.Block, below count: UInt64) {
            before = UInt32(truncatingIfNeeded: random.high % count)
            after = UInt32(truncatingIfNeeded: random.low % count)
        }
    }

    func apply(_ value: UInt64, _ turn: Turn, inverse: Bool) -> UInt64 {
        let count = UInt64(forward.count)
        // Two numbers below the count, added.
        func sum(_ a: UInt64, _ b: UInt64) -> UInt64 { a + b < count ? a + b : a + b - count }
        let (before, after) = (UInt64(turn.before), UInt64(turn.after))
        if inverse { return sum(UInt64(backward[Int(sum(value, count - after))]), count - before) }
        return sum(UInt64(forward[Int(sum(value, before))]), after)
    }
}
