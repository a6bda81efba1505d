import Bytes

/// Hexadecimal ids, UUIDs first of all, whose pseudonyms are made together. Each of FF1's ten rounds waits for the AES of
/// the one before, so that a processor has little to do meanwhile; among others it has all of theirs.
struct WaitingIDs {
    /// So many can wait.
    static let limit = 64

    private enum Form {
        case uuid(UUIDText)
        case plain(ShortHexadecimal)
    }

    private struct Entry {
        var form: Form
        /// Which permutation it goes through.
        var purpose: Pseudonyms.Purpose
        /// Where its text stands among ``texts``, and then that of its pseudonym.
        var range: Range<Int>
        var cachePlace: Int
    }

    private var entries: [Entry] = []
    private var texts: [UInt8] = []
    // Memory for those that are made together.
    private var lanes: [FF1.Lane] = []
    private var blocks: [UInt64] = []
    private var isSettled = false

    /// The number of what stands in `range`; nil when it is no such id, or when too many wait already.
    mutating func add(
        _ bytes: RawSpan, _ range: Range<Int>, _ personal: PersonalClass, _ key: PseudonymCache.Key
    ) -> Int? {
        let form: Form
        if personal == .device, let uuid = UUIDText(bytes, range) {
            form = .uuid(uuid)
        } else if let plain = ShortHexadecimal(bytes, range) {
            form = .plain(plain)
        } else {
            return nil
        }
        if isSettled { removeAll() }
        if entries.count == Self.limit { return nil }
        let start = texts.count
        unsafe bytes.extracting(range).withUnsafeBytes { unsafe texts.append(contentsOf: $0) }
        entries.append(
            Entry(
                form: form, purpose: personal == .device ? .device : .token, range: start..<texts.count,
                cachePlace: key.place))
        return entries.count - 1
    }

    private mutating func removeAll() {
        isSettled = false
        entries.empty()
        texts.empty()
    }

    /// Makes the pseudonyms of those of one purpose.
    ///
    /// - Parameter domain: that of as many digits.
    mutating func permute(_ purpose: Pseudonyms.Purpose, _ cipher: FF1, tweak: UInt64, domain: (Int) -> FF1.Domain) {
        lanes.empty()
        for entry in entries where entry.purpose == purpose {
            switch entry.form {
            case .uuid(let uuid):
                lanes.append(FF1.Lane(uuid.first, uuid.second, domain(UUIDText.digits), tweak: tweak))
            case .plain(let plain):
                lanes.append(FF1.Lane(plain.first, plain.second, domain(plain.digits), tweak: tweak))
            }
        }
        if lanes.isEmpty { return }
        cipher.apply(&lanes, blocks: &blocks)
        var lane = 0
        for entry in entries where entry.purpose == purpose {
            let halves = (lanes[lane].first, lanes[lane].second)
            unsafe texts.withUnsafeMutableBytes { texts in
                let place = unsafe UnsafeMutableRawBufferPointer(rebasing: texts[entry.range])
                switch entry.form {
                case .uuid(let uuid): unsafe UUIDText(halves, like: uuid).write(into: place)
                case .plain(var plain):
                    (plain.first, plain.second) = halves
                    unsafe plain.write(into: place)
                    // What comes out without letters or without figures is encrypted again until it does not.
                    while unsafe Hexadecimal.hasSmall(place.bytes) == nil {
                        (plain.first, plain.second) = cipher.apply(
                            plain.first, plain.second, domain(plain.digits), tweak: tweak)
                        unsafe plain.write(into: place)
                    }
                }
            }
            lane += 1
        }
    }

    /// All of them are made: those that come from now on are others.
    mutating func settle(_ cache: inout PseudonymCache) {
        isSettled = true
        for (number, entry) in entries.enumerated() {
            cache.settle(entry.cachePlace, number, texts.rawSpan.extracting(entry.range))
        }
    }

    /// Nobody waits.
    var isIdle: Bool { isSettled || entries.isEmpty }

    /// The pseudonym of the `number`th.
    @_lifetime(borrow self)
    func pseudonym(_ number: Int) -> RawSpan {
        precondition(isSettled)
        return texts.rawSpan.extracting(entries[number].range)
    }
}
