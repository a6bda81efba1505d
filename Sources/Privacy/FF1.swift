/// Format-preserving encryption, method FF1 (NIST SP 800-38G, section 6.2), on texts whose halves fit 63 bits.
///
/// The two halves of a text are numbers A and B. Ten times the half that is not changed goes, with tweak and round, through
/// a CBC-MAC of AES, and what comes out is added to the other half modulo the number of texts that it can be. For texts of
/// one radix that is FF1 to the letter. Where each place has an alphabet of its own (an identifier with letters and digits
/// at fixed places) the moduli are products of the alphabets' sizes; the first block then states the moduli instead of
/// radix and length, and everything else is the same.
///
/// Security wants at least 10^6 texts (SP 800-38G Rev. 1, section 5.2); smaller domains go through ``SmallPermutation``.
struct FF1 {
    /// What the first block says: the texts and the length of the tweak.
    struct Domain: Hashable {
        /// How many texts the first half can be, and the second.
        var first: UInt64
        var second: UInt64
        /// The state of the CBC-MAC behind the first block.
        fileprivate var state = BlockCipher.Block(high: 0, low: 0)
        /// Bytes in which a half stands in the second block, and bytes of a round's number.
        fileprivate var halfBytes: Int
        fileprivate var roundBytes: Int

        static func == (a: Domain, b: Domain) -> Bool { a.first == b.first && a.second == b.second }
        func hash(into hasher: inout Hasher) {
            hasher.combine(first)
            hasher.combine(second)
        }
    }

    let cipher: BlockCipher

    init(key: [UInt8]) { cipher = BlockCipher(key: key) }

    /// The domain of texts with `length` places in one `radix`.
    func domain(radix: UInt32, length: Int, tweakBytes: Int) -> Domain {
        let u = length / 2
        let v = length - u
        var domain = Domain(first: 1, second: 1, halfBytes: 0, roundBytes: 0)
        for _ in 0..<u { domain.first *= UInt64(radix) }
        for _ in 0..<v { domain.second *= UInt64(radix) }
        domain.measure(domain.second)
        let high = 0x0102_0100_0000_0A00 | UInt64(radix) << 16 | UInt64(u & 0xFF)
        domain.state = cipher.apply(.init(high: high, low: UInt64(length) << 32 | UInt64(tweakBytes)))
        return domain
    }

    /// The domain of pairs of numbers below `first` and below `second`, under a tweak of seven bytes.
    func domain(_ first: UInt64, _ second: UInt64) -> Domain {
        var domain = Domain(first: first, second: second, halfBytes: 0, roundBytes: 0)
        domain.measure(max(first, second))
        // Another first byte than FF1 has: the two never meet. The moduli take a block each.
        let once = cipher.apply(.init(high: 0x8102_0100_0000_0A00, low: first))
        domain.state = cipher.apply(once ^ .init(high: 7, low: second))
        return domain
    }

    /// Encrypts or decrypts under a tweak of at most seven bytes, as a number, and its length in the domain.
    func apply(
        _ a: UInt64, _ b: UInt64, _ domain: Domain, tweak: UInt64, tweakBytes: Int = 7, inverse: Bool = false
    ) -> (UInt64, UInt64) {
        // T || zeros || round || half fills one block: seven bytes, one, and up to eight.
        let head = tweakBytes == 0 ? 0 : tweak << UInt64(64 - 8 * tweakBytes)
        let shift = UInt64(8 * domain.halfBytes)
        return rounds(a, b, domain, inverse) { round, half in
            let low = shift < 64 ? half | UInt64(round) << shift : half
            let high = shift < 64 ? head : head | UInt64(round)
            return cipher.apply(domain.state ^ .init(high: high, low: low))
        }
    }

    /// A text among others that are encrypted side by side.
    struct Lane {
        /// The halves, before and after.
        var first: UInt64
        var second: UInt64
        fileprivate let domain: Domain
        /// What each round goes through AES with, but for the round and the half.
        fileprivate let high: UInt64
        fileprivate let low: UInt64
        fileprivate let roundInHigh: UInt64
        fileprivate let roundInLow: UInt64

        /// - Parameter tweak: of seven bytes.
        init(_ first: UInt64, _ second: UInt64, _ domain: Domain, tweak: UInt64) {
            (self.first, self.second, self.domain) = (first, second, domain)
            high = domain.state.high ^ tweak << 8
            low = domain.state.low
            (roundInHigh, roundInLow) = domain.halfBytes < 8 ? (0, 1 << UInt64(8 * domain.halfBytes)) : (1, 0)
        }
    }

    /// Encrypts or decrypts several texts side by side.
    ///
    /// - Parameter blocks: memory to work with.
    func apply(_ lanes: inout [Lane], blocks: inout [UInt64], inverse: Bool = false) {
        let count = lanes.count
        if blocks.count != 2 * count { blocks = Array(repeating: 0, count: 2 * count) }
        for step in 0..<10 {
            let round = UInt64(inverse ? 9 - step : step)
            var texts = lanes.mutableSpan
            var words = blocks.mutableSpan
            for index in 0..<count {
                // Both have as many elements as are gone through.
                let (first, second) = unsafe (texts[unchecked: index].first, texts[unchecked: index].second)
                unsafe words[unchecked: 2 &* index] =
                    (texts[unchecked: index].high ^ round &* texts[unchecked: index].roundInHigh).bigEndian
                unsafe words[unchecked: 2 &* index &+ 1] =
                    (texts[unchecked: index].low ^ round &* texts[unchecked: index].roundInLow
                    ^ (inverse ? first : second)).bigEndian
            }
            cipher.apply(&blocks)
            let made = blocks.span
            for index in 0..<count {
                let block = unsafe BlockCipher.Block(
                    high: UInt64(bigEndian: made[unchecked: 2 &* index]),
                    low: UInt64(bigEndian: made[unchecked: 2 &* index &+ 1]))
                let (first, second) = unsafe (texts[unchecked: index].first, texts[unchecked: index].second)
                let modulus =
                    unsafe round & 1 == 0
                    ? texts[unchecked: index].domain.first : texts[unchecked: index].domain.second
                let y = unsafe texts[unchecked: index].domain.reduce(block, modulus)
                if inverse {
                    unsafe texts[unchecked: index].second = first
                    unsafe texts[unchecked: index].first = add(second, y == 0 ? 0 : modulus &- y, modulus)
                } else {
                    unsafe texts[unchecked: index].first = second
                    unsafe texts[unchecked: index].second = add(first, y, modulus)
                }
            }
        }
    }

    /// The same with a tweak of any length, as SP 800-38G has it.
    func apply(
        _ a: UInt64, _ b: UInt64, _ domain: Domain, longTweak tweak: [UInt8], inverse: Bool = false
    ) -> (UInt64, UInt64) {
        let used = tweak.count + 1 + domain.halfBytes
        let padding = (16 - used % 16) % 16
        return rounds(a, b, domain, inverse) { round, half in
            var q = tweak + [UInt8](repeating: 0, count: padding) + [UInt8(round)]
            for at in (0..<domain.halfBytes).reversed() { q.append(UInt8(truncatingIfNeeded: half >> UInt64(8 * at))) }
            var state = domain.state
            for start in stride(from: 0, to: q.count, by: 16) {
                let high = q[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let low = q[start + 8..<start + 16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                state = cipher.apply(state ^ .init(high: high, low: low))
            }
            return state
        }
    }

    @inline(__always)
    private func rounds(
        _ first: UInt64, _ second: UInt64, _ domain: Domain, _ inverse: Bool,
        _ mac: (Int, UInt64) -> BlockCipher.Block
    ) -> (UInt64, UInt64) {
        var a = first
        var b = second
        if !inverse {
            for round in 0..<10 {
                let modulus = round & 1 == 0 ? domain.first : domain.second
                let y = domain.reduce(mac(round, b), modulus)
                (a, b) = (b, add(a, y, modulus))
            }
        } else {
            for round in (0..<10).reversed() {
                let modulus = round & 1 == 0 ? domain.first : domain.second
                let y = domain.reduce(mac(round, a), modulus)
                (a, b) = (add(b, y == 0 ? 0 : modulus - y, modulus), a)
            }
        }
        return (a, b)
    }

    /// Both are below the modulus, which is below 2^63.
    @inline(__always) private func add(_ a: UInt64, _ b: UInt64, _ modulus: UInt64) -> UInt64 {
        let sum = a &+ b
        return sum >= modulus ? sum &- modulus : sum
    }
}

extension FF1.Domain {
    fileprivate mutating func measure(_ modulus: UInt64) {
        precondition(modulus > 0 && modulus < 1 << 63)
        let bits = 64 - (modulus - 1).leadingZeroBitCount
        halfBytes = max(1, (bits + 7) / 8)
        roundBytes = 4 * ((halfBytes + 3) / 4) + 4
    }

    /// The first 8 or 12 bytes of a block as a number, modulo `modulus`.
    @inline(__always) fileprivate func reduce(_ block: BlockCipher.Block, _ modulus: UInt64) -> UInt64 {
        if modulus & (modulus &- 1) == 0 {
            let number = roundBytes == 8 ? block.high : block.high << 32 | block.low >> 32
            return number & (modulus &- 1)
        }
        let high = block.high % modulus
        if roundBytes == 8 { return high }
        // 96 bits: the upper 64 leave a remainder below the modulus, so that the quotient fits.
        let upper = high >> 32
        let lower = high << 32 | block.low >> 32
        return modulus.dividingFullWidth((upper, lower)).remainder
    }
}
