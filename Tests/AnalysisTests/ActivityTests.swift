import TestSupport
import Testing

@testable import Analysis

@Suite struct ActivityTests {
    /// Poisson, by multiplying uniform numbers (D. E. Knuth, The Art of Computer Programming, volume 2, 3.4.1).
    private func poisson(_ mean: Double, _ random: inout SplitMix) -> Double {
        var (count, rest) = (-1.0, Statistics.exponential(mean))
        while rest > 1 {
            rest *= Double(random.next() >> 11) / 0x1p53
            count += 1
        }
        return max(0, count)
    }

    @Test func `as many entities are seen again, and the busiest keep their mean and tell of none`() {
        var random = SplitMix(seed: 5)
        let rates =
            [Double](repeating: 0.6, count: 6000) + [Double](repeating: 5, count: 800)
            + (0..<200).map { 100 + Double($0 * $0) }
        let counts = rates.map { $0 < 50 ? poisson($0, &random) : $0 }.filter { $0 > 0 }
        #expect(counts.count < 4000)
        let blocks = Activity(counts, least: 20).blocks
        // Drawn with these rates, as many are seen again, and as many of them once.
        let seen = blocks.reduce(0) { $0 + $1.number * (1 - Statistics.exponential(-$1.rate)) }
        #expect(abs(seen / Double(counts.count) - 1) < 0.03, "\(seen)")
        let once = blocks.reduce(0) { $0 + $1.number * $1.rate * Statistics.exponential(-$1.rate) }
        #expect(abs(once / Double(counts.count { $0 == 1 }) - 1) < 0.05, "\(once)")
        let sum = blocks.reduce(0) { $0 + $1.rate * $1.number }
        #expect(abs(sum / counts.reduce(0, +) - 1) < 0.03, "\(sum)")
        #expect(zip(blocks, blocks.dropFirst()).allSatisfy { $0.rate <= $1.rate })
        let busiest = Set(counts.filter { $0 > 50 })
        #expect(!blocks.contains { busiest.contains($0.rate) })
    }

    @Test func `as many requests of everybody are as many again`() {
        let blocks = Activity([Double](repeating: 200, count: 10), least: 20).blocks
        #expect(blocks.count == 1 && blocks[0].rate == 200 && blocks[0].number == 10)
    }
}
