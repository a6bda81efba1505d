/// A keyed permutation of fewer than 10^6 values: FF1 is not for domains that small.
///
/// The values are shuffled (Fisher and Yates, as in Knuth, TAOCP 2, algorithm 3.4.2 P) by AES in counter mode into one
/// cycle, and each becomes the one so many steps further: never itself, as one value in each domain would by chance. A
/// tweak says how many steps, and by how much values are turned before and back after them, so that what stands beside a
/// value (a region, a year) changes its pseudonym.
struct SmallPermutation {
    static let limit: UInt64 = 1_000_000

    /// The values in the order of the cycle, and the place of each in it.
    private let cycle: [UInt32]
    private let places: [UInt32]

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
        cycle = table
        places = inverse
    }

    /// What a tweak says.
    struct Turn {
        fileprivate let offset: UInt32
        fileprivate let steps: UInt32

        init(_ random: BlockCipher.Block, below count: UInt64) {
            offset = UInt32(truncatingIfNeeded: random.high % count)
            var steps = count < 2 ? 0 : 1 + random.low % (count - 1)
            // With no divisor in common, whoever goes on and on comes by every value before the first one again.
            while count > 2 && Self.divisor(steps, count) > 1 { steps = steps % (count - 1) + 1 }
            self.steps = UInt32(truncatingIfNeeded: steps)
        }

        private static func divisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
            var (a, b) = (a, b)
            while b > 0 { (a, b) = (b, a % b) }
            return a
        }
    }

    func apply(_ value: UInt64, _ turn: Turn, inverse: Bool) -> UInt64 {
        let count = UInt64(cycle.count)
        // Two numbers below the count, added.
        func sum(_ a: UInt64, _ b: UInt64) -> UInt64 { a + b < count ? a + b : a + b - count }
        let (offset, steps) = (UInt64(turn.offset), UInt64(turn.steps))
        let place = UInt64(places[Int(sum(value, offset))])
        return sum(UInt64(cycle[Int(sum(place, inverse ? count - steps : steps))]), count - offset)
    }
}
