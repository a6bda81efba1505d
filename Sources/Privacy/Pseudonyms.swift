import Bytes
import Glibc

/// Puts pseudonyms in the place of values: of the same class, length and format, valid where the value was valid, and the
/// same one for the same value, under one key. With the key every one of them leads back.
///
/// One value at a time stands in ``text``; nothing is allocated for it. Not for several threads at once.
struct Pseudonyms {
    /// The value, and afterwards its pseudonym.
    let text = TextBuffer()
    /// Set while pseudonyms are led back to what they stand for.
    var isInverse = false

    private let key: MaskingKey
    private var ciphers: [FF1?]
    private var tweaks: [UInt64]
    /// For what fills a block, of each purpose: there, and back.
    private var blocks: [BlockCipher?] = Array(repeating: nil, count: 2 * Purpose.allCases.count)
    private var hexDomains: [FF1.Domain?] = Array(
        repeating: nil, count: (ShortHexadecimal.longest + 1) * Purpose.allCases.count)
    private var turns: [(key: UInt64, count: UInt32, turn: SmallPermutation.Turn)] = []
    private var decimalDomains: [FF1.Domain?] = Array(repeating: nil, count: 20 * Purpose.allCases.count)
    private var tables: [UInt64: SmallPermutation] = [:]
    /// Those of parts of addresses, by how many values there are.
    private var partTables: [SmallPermutation?] = Array(repeating: nil, count: 257)
    /// Networks of IPv4 addresses that were met.
    var networks: [KnownNetwork] = []
    private var cache = PseudonymCache()
    private(set) var waiting = WaitingIDs()
    /// Memory for what is replaced as if it stood outside of ``text``.
    private var outside: [UInt8] = []
    // Places of a text that change, one number below its radix for each.
    var digits: [UInt32] = []
    var radices: [UInt32] = []
    var places: [Int32] = []
    private var ends: [Int] = []

    init(_ key: MaskingKey) {
        self.key = key
        ciphers = Array(repeating: nil, count: Purpose.allCases.count)
        tweaks = Array(repeating: 0, count: Purpose.allCases.count)
    }

    /// What has a key of its own. Classes that must agree with each other on a part share one.
    enum Purpose: Int, CaseIterable {
        case residentID, cpf, cnpj, person, curp, company, clabe, card, phone, email, mailDomain, name, text, date
        case coordinate, ip, device, token
    }

    /// What became of a value.
    enum Outcome {
        /// It is no value of this class.
        case impossible
        /// It is nobody's, as an address of loopback, and stays.
        case itself
        case replaced
        /// It stays as it is until ``settle()`` has run; this is its number among those.
        case deferred(Int)
    }

    /// Replaces ``text``. False when it is no value of this class: it is then as it was.
    mutating func replace(_ personal: PersonalClass) -> Bool {
        if isInverse { return make(personal) }
        var value: [UInt8] = []
        swap(&value, &outside)
        value.assign(text.rawSpan, 0..<text.count)
        let outcome = replace(&value, 0..<value.count, personal)
        text.assign(value.rawSpan, 0..<value.count)
        swap(&value, &outside)
        if case .impossible = outcome { return false }
        return true
    }

    /// Replaces what stands in `range`, which goes through ``text`` only when it was not met before.
    ///
    /// - Parameter defers: whoever asks can wait for a pseudonym that is cheaper in company.
    mutating func replace(
        _ bytes: inout [UInt8], _ range: Range<Int>, _ personal: PersonalClass, defers: Bool = false
    ) -> Outcome {
        // Addresses of networks cost no more than being remembered.
        let key =
            personal == .ip && isIPv4(bytes.rawSpan, range) ? nil : PseudonymCache.Key(personal, bytes.rawSpan, range)
        if let key, let known = cache.find(key, bytes.rawSpan, range) {
            switch known {
            case .replaced:
                cache.copy(key, into: &bytes, range)
                return known
            case .impossible, .itself: return known
            case .deferred: if defers { return known }
            }
        }
        if defers, personal == .device || personal == .token || personal == .accountID, let key,
            let number = waiting.add(bytes.rawSpan, range, personal, key)
        {
            cache.note(key, bytes.rawSpan, range, deferred: number)
            return .deferred(number)
        }
        let text = text
        text.assign(bytes.rawSpan, range)
        let isDone = make(personal)
        let outcome: Outcome
        if let key {
            outcome = cache.note(key, bytes.rawSpan, range, isDone, text.rawSpan)
        } else {
            outcome = !isDone ? .impossible : holds(bytes.rawSpan, range) ? .itself : .replaced
        }
        if case .replaced = outcome { bytes.write(text.rawSpan, at: range.lowerBound) }
        return outcome
    }

    /// Makes the pseudonyms of all that was deferred, which ``WaitingIDs/pseudonym(_:)`` gives until the next one is.
    mutating func settle() {
        if waiting.isIdle { return }
        // Domains are made when they are first asked for, which changes everything here but what waits.
        var settled = WaitingIDs()
        swap(&settled, &waiting)
        for purpose in [Purpose.device, .token] {
            let cipher = cipher(purpose)
            settled.permute(purpose, cipher, tweak: tweak(purpose, 0)) { hexDomain($0, purpose, cipher) }
        }
        settled.settle(&cache)
        swap(&settled, &waiting)
    }

    /// ``text`` is what stands in `range`.
    func holds(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        text.count == range.count && bytes.isSame(range.lowerBound, range.count, as: text.rawSpan, 0)
    }

    private mutating func make(_ personal: PersonalClass) -> Bool {
        switch personal {
        case .residentID: residentID()
        case .cpf: cpf()
        case .cnpj: cnpj()
        case .curp: curp()
        case .rfc: rfc()
        case .clabe: clabe()
        case .card: card()
        case .phone: phone()
        case .email: email()
        case .name: name()
        case .address: address()
        case .birthDate: birthDate()
        case .coordinate: coordinate()
        case .ip: ip()
        case .device: device()
        case .token, .accountID: word()
        case .nationalID: nationalID()
        case .bankAccount: bankAccount()
        case .freeText: freeText()
        case .authorization, .cookie, .oneTimeCode, .pin, .cvv, .password, .privateKey, .document: false
        }
    }

    private mutating func nationalID() -> Bool {
        residentID() || curp() || rfc() || cnpj() || cpf() || word()
    }

    private mutating func bankAccount() -> Bool {
        if text.contains(0x40) { return email() }
        if text.first == 0x2B { return phone() }
        return clabe() || uuid() || (cpfIsValid && cpf()) || word()
    }

    // MARK: Permutations

    private mutating func cipher(_ purpose: Purpose) -> FF1 {
        if let known = ciphers[purpose.rawValue] { return known }
        let made = FF1(key: key.derive("tinct FF1 key: \(purpose)"))
        tweaks[purpose.rawValue] = key.derive("tinct FF1 tweak: \(purpose)")[..<7].reduce(0) { $0 << 8 | UInt64($1) }
        ciphers[purpose.rawValue] = made
        return made
    }

    /// The permutation of blocks for a purpose: AES itself, under a key of its own.
    mutating func block(_ purpose: Purpose) -> BlockCipher {
        let place = 2 * purpose.rawValue + (isInverse ? 1 : 0)
        if let known = blocks[place] { return known }
        let made = BlockCipher(key: key.derive("tinct block key: \(purpose)"), isInverse: isInverse)
        blocks[place] = made
        return made
    }

    /// A seven-byte tweak: what stands beside the value, under the purpose's own.
    private func tweak(_ purpose: Purpose, _ beside: UInt64) -> UInt64 {
        (tweaks[purpose.rawValue] ^ beside) & 0x00FF_FFFF_FFFF_FFFF
    }

    /// The image of `value` among `count` values; `beside` below 2^56.
    mutating func permute(_ value: UInt64, below count: UInt64, _ purpose: Purpose, beside: UInt64) -> UInt64 {
        if count < 2 { return value }
        if count <= SmallPermutation.limit {
            let turn = turn(purpose, count, beside)
            if purpose == .ip && count <= 256 { return permutePart(value, below: count, turn) }
            let cipher = cipher(purpose)
            let key = UInt64(purpose.rawValue) << 32 | count
            if tables[key] == nil {
                if tables.count >= 96 { tables.removeAll() }
                tables[key] = SmallPermutation(count: Int(count), cipher: cipher.cipher)
            }
            return tables[key]?.apply(value, turn, inverse: isInverse) ?? value
        }
        let cipher = cipher(purpose)
        // Two halves near the root; what falls beyond `count` is encrypted again until it does not (cycle walking).
        let root = UInt64(Double(count).squareRoot()) + 1
        let domain = cipher.domain(root, (count + root - 1) / root)
        var value = value
        repeat {
            let (a, b) = cipher.apply(
                value / domain.second, value % domain.second, domain, tweak: tweak(purpose, beside),
                inverse: isInverse)
            value = a * domain.second + b
        } while value >= count
        return value
    }

    /// That of texts of one radix, made when it is first asked for.
    @inline(__always) private static func domain(
        _ known: inout FF1.Domain?, _ cipher: FF1, radix: UInt32, length: Int
    ) -> FF1.Domain {
        if let known { return known }
        let made = cipher.domain(radix: radix, length: length, tweakBytes: 7)
        known = made
        return made
    }

    /// The decimal digits at `count` places: FF1 of radix 10 where there are 10^6 of them or more.
    mutating func permuteDecimal(_ value: UInt64, digits count: Int, _ purpose: Purpose, beside: UInt64) -> UInt64 {
        var size: UInt64 = 1
        for _ in 0..<count { size *= 10 }
        if size < SmallPermutation.limit { return permute(value, below: size, purpose, beside: beside) }
        let cipher = cipher(purpose)
        let slot = purpose.rawValue * 20 + count
        let domain = Self.domain(&decimalDomains[slot], cipher, radix: 10, length: count)
        let (a, b) = cipher.apply(
            value / domain.second, value % domain.second, domain, tweak: tweak(purpose, beside), inverse: isInverse)
        return a * domain.second + b
    }

    /// The image of a part of an address, among at most 256 values.
    mutating func permutePart(
        _ value: UInt64, below count: UInt64, _ turn: SmallPermutation.Turn
    ) -> UInt64 {
        if partTables[Int(count)] == nil {
            partTables[Int(count)] = SmallPermutation(count: Int(count), cipher: cipher(.ip).cipher)
        }
        return partTables[Int(count)]?.apply(value, turn, inverse: isInverse) ?? value
    }

    /// How values are turned that stand beside something: of addresses in a network that is met again and again.
    @inline(__always)
    private mutating func turn(_ purpose: Purpose, _ count: UInt64, _ beside: UInt64) -> SmallPermutation.Turn {
        let key = UInt64(purpose.rawValue + 1) << 56 | beside
        let place = Int(truncatingIfNeeded: ((key ^ count << 48) &* 0x9E37_79B9_7F4A_7C15) >> 55)
        if turns.isEmpty {
            turns = Array(repeating: (0, 0, SmallPermutation.Turn(.init(high: 0, low: 0), below: 1)), count: 512)
        }
        if turns[place].key != key || turns[place].count != count {
            turns[place] = (key, UInt32(truncatingIfNeeded: count), newTurn(purpose, count, beside))
        }
        return turns[place].turn
    }

    mutating func newTurn(_ purpose: Purpose, _ count: UInt64, _ beside: UInt64) -> SmallPermutation.Turn {
        let cipher = cipher(purpose)
        return SmallPermutation.Turn(
            cipher.cipher.apply(.init(high: 0x5455_5255 << 32 | count, low: tweak(purpose, beside))), below: count)
    }

    /// As many hexadecimal digits, half of them in each number, by FF1 of radix 16.
    mutating func permuteHex(
        _ value: (UInt64, UInt64), digits count: Int, _ purpose: Purpose, beside: UInt64
    ) -> (UInt64, UInt64) {
        let cipher = cipher(purpose)
        let domain = hexDomain(count, purpose, cipher)
        return cipher.apply(value.0, value.1, domain, tweak: tweak(purpose, beside), inverse: isInverse)
    }

    private mutating func hexDomain(_ count: Int, _ purpose: Purpose, _ cipher: FF1) -> FF1.Domain {
        let slot = purpose.rawValue * (ShortHexadecimal.longest + 1) + count
        return Self.domain(&hexDomains[slot], cipher, radix: 16, length: count)
    }

    /// Permutes ``digits`` within ``radices``, all of them together.
    mutating func permutePlaces(_ purpose: Purpose, beside: UInt64) {
        // Segments of like length whose numbers fit 62 bits; FF1's halves are two of them where there are several.
        var segments = 1
        while !cut(into: segments) { segments += 1 }
        if ends.count == 1 {
            let count = size(0, radices.count)
            if count <= SmallPermutation.limit {
                put(permute(number(0, radices.count), below: count, purpose, beside: beside), 0, radices.count)
            } else {
                var half = 0
                var first: UInt64 = 1
                while half + 1 < radices.count, first * UInt64(radices[half]) <= count / first {
                    first *= UInt64(radices[half])
                    half += 1
                }
                feistel(0, half, radices.count, purpose, beside)
            }
            return
        }
        if ends.count == 2 {
            feistel(0, ends[0], ends[1], purpose, beside ^ 1 << 40)
            return
        }
        // Each pair of neighbours in turn, to the right and back: every place comes to depend on every other.
        let last = ends.count - 1
        let order = Array(0..<last) + Array((0..<last).reversed())
        let steps = isInverse ? Array(order.enumerated().reversed()) : Array(order.enumerated())
        for (step, index) in steps {
            let start = index == 0 ? 0 : ends[index - 1]
            feistel(start, ends[index], ends[index + 1], purpose, beside ^ UInt64(step + 1) << 40)
        }
    }

    private mutating func feistel(_ start: Int, _ middle: Int, _ end: Int, _ purpose: Purpose, _ beside: UInt64) {
        let cipher = cipher(purpose)
        let domain = cipher.domain(size(start, middle), size(middle, end))
        let (a, b) = cipher.apply(
            number(start, middle), number(middle, end), domain, tweak: tweak(purpose, beside), inverse: isInverse)
        put(a, start, middle)
        put(b, middle, end)
    }

    /// Notes where the segments end; false when one of them has too many values.
    private mutating func cut(into segments: Int) -> Bool {
        ends.removeAll(keepingCapacity: true)
        var start = 0
        for segment in 1...segments {
            let end = radices.count * segment / segments
            var size: UInt64 = 1
            for index in start..<end {
                let (product, overflow) = size.multipliedReportingOverflow(by: UInt64(radices[index]))
                if overflow || product >= 1 << 62 { return false }
                size = product
            }
            ends.append(end)
            start = end
        }
        return true
    }

    private func size(_ start: Int, _ end: Int) -> UInt64 {
        var size: UInt64 = 1
        for index in start..<end { size *= UInt64(radices[index]) }
        return size
    }

    private func number(_ start: Int, _ end: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in start..<end { number = number * UInt64(radices[index]) + UInt64(digits[index]) }
        return number
    }

    private mutating func put(_ number: UInt64, _ start: Int, _ end: Int) {
        var number = number
        for index in (start..<end).reversed() {
            let (rest, digit) = Self.divide(number, radices[index])
            digits[index] = UInt32(truncatingIfNeeded: digit)
            number = rest
        }
    }

    /// Division by what a compiler knows is a multiplication; nearly all places are digits or letters.
    @inline(__always) private static func divide(_ number: UInt64, _ radix: UInt32) -> (UInt64, UInt64) {
        switch radix {
        case 10: number.quotientAndRemainder(dividingBy: 10)
        case 16: number.quotientAndRemainder(dividingBy: 16)
        case 26: number.quotientAndRemainder(dividingBy: 26)
        default: number.quotientAndRemainder(dividingBy: UInt64(radix))
        }
    }

    /// 64 keyed bits that belong to a cell; the same ones on the way back.
    mutating func distance(of cell: UInt64) -> UInt64 {
        let cipher = cipher(.coordinate)
        return cipher.cipher.apply(.init(high: tweak(.coordinate, 0x5348), low: cell)).high
    }

    mutating func beginPlaces() {
        digits.removeAll(keepingCapacity: true)
        radices.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
    }

    mutating func addPlace(_ at: Int, _ digit: UInt32, of radix: UInt32) {
        digits.append(digit)
        radices.append(radix)
        places.append(Int32(truncatingIfNeeded: at))
    }
}
