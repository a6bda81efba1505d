import Foundation
import Testing

@testable import Synthesis

@Suite struct RandomnessTests {
    /// `kat_vectors` of the Random123 library, philox4x32 with 10 rounds.
    @Test(
        arguments: [
            ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            (
                [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
            ),
        ] as [([UInt64], [UInt64], [UInt64])])
    func `Philox gives the published answers`(counter: [UInt64], key: [UInt64], answer: [UInt64]) {
        let block = Philox(key: key[1] << 32 | key[0]).block(
            counter[1] << 32 | counter[0], counter[3] << 32 | counter[2])
        #expect(block.0 == answer[1] << 32 | answer[0])
        #expect(block.1 == answer[3] << 32 | answer[2])
    }

    @Test(arguments: [1, 2, 3, 7, 10, 97, 1000, 4096, 65_537] as [UInt64])
    func `a permutation is a bijection`(count: UInt64) {
        let permutation = Permutation(count: count, key: 42 &* count)
        let values = Set((0..<count).map { permutation[$0] })
        #expect(values.count == Int(count))
        #expect(values.allSatisfy { $0 < count })
    }

    @Test func `a permutation hides the order and depends on its key`() {
        let a = Permutation(count: 100_000, key: 1)
        let b = Permutation(count: 100_000, key: 2)
        let values = (0..<100_000 as Range<UInt64>).map { a[$0] }
        #expect((0..<100_000 as Range<UInt64>).filter { a[$0] == b[$0] }.count < 20)
        let ascents = zip(values, values.dropFirst()).filter { $0 < $1 }.count
        #expect((49_000...51_000).contains(ascents))
        let big = Permutation(count: 1 << 61, key: 3)
        #expect(Set((0..<1000).map { big[$0] }).count == 1000)
    }

    @Test func `the tree divides everything, and random access agrees with the walk`() {
        let tree = DivisionTree(total: 1_000_003, depth: 8, key: 77)
        let leaves = tree.leaves(0..<256)
        #expect(leaves.map(\.count).reduce(0, +) == 1_000_003)
        var start: UInt64 = 0
        for (i, leaf) in leaves.enumerated() {
            #expect(leaf.start == start)
            start += leaf.count
            let direct = tree.leaf(i)
            #expect(direct.start == leaf.start && direct.count == leaf.count)
        }
        // Multinomial with equal shares: chi-square with 255 degrees of freedom stays within 5 sigma.
        let mean = 1_000_003.0 / 256
        let chi: Double = leaves.map { (Double($0.count) - mean) * (Double($0.count) - mean) / mean }.reduce(0, +)
        #expect((140...370).contains(chi))
        #expect(tree.leaves(100..<103).map(\.start) == leaves[100..<103].map(\.start))
    }

    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 129, 1000] as [UInt64])
    func `a binomial draw has the right mean and bounds`(n: UInt64) {
        let tree = DivisionTree(total: n, depth: 1, key: 5)
        let draws = (1..<4000 as Range<UInt64>).map { tree.binomial(n, 1 << 63, node: $0) }
        #expect(draws.allSatisfy { $0 <= n })
        let mean = Double(draws.reduce(0, +)) / Double(draws.count)
        let error = (Double(n) / 4 / Double(draws.count)).squareRoot()
        #expect(abs(mean - Double(n) / 2) < 5 * error + 1e-9)
    }

    @Test(arguments: [1, 1000, 100_000, 10_000_000, 1_000_000_000] as [UInt64])
    func `leaves are many enough for shards and small enough for memory`(total: UInt64) {
        let leaves = 1 << LeafPlan.depth(for: total)
        #expect(leaves >= 64)
        #expect(total / UInt64(leaves) <= 33_000)
        var next = 0
        for shard in 0..<7 {
            let range = LeafPlan.shard(shard, of: 7, leaves: leaves)
            #expect(range.lowerBound == next)
            next = range.upperBound
        }
        #expect(next == leaves)
    }

    @Test func `time follows its shape and the share inverts it`() {
        let hour: UInt64 = 3_600_000_000_000
        let shape = TimeShape(
            startNanos: 10 * hour, spanNanos: 4 * hour + hour / 2, weights: [1, 3, 0, 4], segmentNanos: hour, offset: 0)
        // Weights 1 3 0 4 and half of 1: half of the volume has passed after 1 + 3 + 0 and 0.25 of 8.5.
        let middle = 13 * hour + hour / 16
        #expect((middle - 1_000_000...middle + 1_000_000).contains(shape.time(1 << 63)))
        var last: UInt64 = 0
        for step in 0..<1000 as Range<UInt64> {
            let time = shape.time(step << 54)
            #expect(time >= last && time < 10 * hour + 4 * hour + hour / 2)
            #expect(time < 12 * hour || time >= 13 * hour)
            #expect(shape.time(shape.share(time)) >= time)
            last = time
        }
        let even = TimeShape(startNanos: 0, spanNanos: 1 << 40, weights: [], segmentNanos: 1, offset: 0)
        #expect(even.time(1 << 63) == 1 << 39)
        #expect(even.share(1 << 39) == 1 << 63)
    }
}

@Suite struct SamplerTests {
    @Test func `powers and logarithms agree with the mathematics library`() {
        let owner = TableOwner()
        let steps = owner.make(PowerTable.steps)
        for x in stride(from: -20.0, through: 30.0, by: 0.37) {
            let fixed = Int64(x * 4294967296)
            let exact = Foundation.exp2(Double(fixed) / 4294967296) * 4294967296
            #expect(abs(Double(Q32.exp2(fixed)) - exact) <= max(1, exact * 1e-8))
            #expect(abs(Double(PowerTable.exp2(fixed, steps)) - exact) <= max(1, exact * 3e-7))
        }
        for value in [1, 2, 3, 10, 1000, 123_456_789, UInt64.max] {
            let error = Double(Q32.log2(value)) / 4294967296 - Foundation.log2(Double(value))
            #expect(abs(error) < 1e-9)
        }
        for n in [0, 1, 2, 3, 4, 99, 100, 1 << 40, UInt128(UInt64.max) * 3] as [UInt128] {
            let root = UInt128(squareRoot(n))
            #expect(root * root <= n && (root + 1) * (root + 1) > n)
        }
    }

    @Test func `the normal sampler inverts the normal distribution`() {
        let owner = TableOwner()
        let table = owner.make(normalTailQuantiles)
        for p in [1e-9, 1e-6, 0.001, 0.01, 0.1, 0.2, 0.25, 0.3, 0.4, 0.49, 0.4999] {
            let bits = UInt64(p * 18446744073709551616)
            let z = Double(NormalSampler.value(bits, table)) / 4294967296
            let tail = 0.5 * erfc(z / 2.0.squareRoot())
            #expect(abs(tail - p) < p * 0.002, "p \(p) z \(z)")
            #expect(NormalSampler.value(bits | 1 << 63, table) == -NormalSampler.value(bits, table))
        }
        let philox = Philox(key: 9)
        let draws = (0..<200_000 as Range<UInt64>).map {
            Double(NormalSampler.value(philox.draw($0), table)) / 4294967296
        }
        let mean = draws.reduce(0, +) / 200_000
        let variance = draws.reduce(0) { $0 + $1 * $1 } / 200_000
        #expect(abs(mean) < 0.012)
        #expect(abs(variance - 1) < 0.016)
    }

    @Test func `Zipf ranks have their weights`() {
        let count = 1000
        let owner = TableOwner()
        func table(_ sampler: ZipfSampler) -> Image.ZipfTable {
            .init(starts: owner.make(sampler.starts), cumulative: owner.make(sampler.cumulative))
        }
        let sampler = table(ZipfSampler(count: UInt64(count), exponent: Int64(1.1 * 4294967296)))
        let philox = Philox(key: 1)
        var seen = [Int](repeating: 0, count: count)
        for i in 0..<300_000 as Range<UInt64> { seen[Int(ZipfSampler.rank(philox.draw(i), sampler))] += 1 }
        let weights = (1...count).map { pow(Double($0), -1.1) }
        let total = weights.reduce(0, +)
        for rank in [0, 1, 2, 5, 20, 63] {
            let expected = weights[rank] / total * 300_000
            let error = abs(Double(seen[rank]) - expected)
            #expect(error < 5 * expected.squareRoot(), "rank \(rank)")
        }
        for range in [64..<128, 128..<512, 512..<1000] {
            let expected = weights[range].reduce(0, +) / total * 300_000
            let error = abs(Double(seen[range].reduce(0, +)) - expected)
            #expect(error < 5 * expected.squareRoot() + expected * 0.002)
        }
        let huge = table(ZipfSampler(count: 100_000_000, exponent: Int64(4294967296)))
        #expect(ZipfSampler.rank(0, huge) == 0)
        #expect((90_000_000..<100_000_000).contains(ZipfSampler.rank(.max, huge)))
        #expect(ZipfSampler.rank(.max, table(ZipfSampler(count: 1, exponent: 0))) == 0)
    }

    @Test func `weights become thresholds`() {
        let thresholds = WeightTable.thresholds([1, 1, 2])
        #expect(thresholds == [1 << 62, 1 << 63])
    }
}
