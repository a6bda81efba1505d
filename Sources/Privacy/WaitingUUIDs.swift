import Bytes

/// UUIDs whose pseudonyms are made together. Each of FF1's ten rounds waits for the AES of the one before, so that a
/// processor has little to do meanwhile; among others it has all of theirs.
struct WaitingUUIDs {
    /// So many can wait.
    static let limit = 64

    private var uuids: [UUIDText] = []
    private var cachePlaces: [Int] = []
    /// Their texts one after the other, and then those of their pseudonyms.
    private var texts: [UInt8] = []
    private var first: [UInt64] = []
    private var second: [UInt64] = []
    private var isSettled = false

    /// The number of what stands in `range`; nil when it is no UUID, or when too many wait already.
    mutating func add(_ bytes: RawSpan, _ range: Range<Int>, _ key: PseudonymCache.Key) -> Int? {
        guard let uuid = UUIDText(bytes, range) else { return nil }
        if isSettled { removeAll() }
        if uuids.count == Self.limit { return nil }
        uuids.append(uuid)
        cachePlaces.append(key.place)
        unsafe bytes.extracting(range).withUnsafeBytes { unsafe texts.append(contentsOf: $0) }
        return uuids.count - 1
    }

    private mutating func removeAll() {
        isSettled = false
        uuids.removeAll(keepingCapacity: true)
        cachePlaces.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
    }

    /// Makes the pseudonyms.
    mutating func settle(
        _ cipher: FF1, _ domain: FF1.Domain, tweak: UInt64, inverse: Bool, _ cache: inout PseudonymCache
    ) {
        if isSettled { return }
        isSettled = true
        first.removeAll(keepingCapacity: true)
        second.removeAll(keepingCapacity: true)
        for uuid in uuids {
            first.append(uuid.first)
            second.append(uuid.second)
        }
        cipher.apply(&first, &second, domain, tweak: tweak, inverse: inverse)
        for (number, uuid) in uuids.enumerated() {
            let range = UUIDText.length * number..<UUIDText.length * (number + 1)
            let masked = UUIDText((first[number], second[number]), like: uuid)
            unsafe texts.withUnsafeMutableBytes { texts in
                unsafe masked.write(into: UnsafeMutableRawBufferPointer(rebasing: texts[range]))
            }
            cache.settle(cachePlaces[number], number, texts.rawSpan.extracting(range))
        }
    }

    /// Puts the pseudonym of the `number`th at `offset`.
    func copy(_ number: Int, into bytes: inout [UInt8], at offset: Int) {
        precondition(isSettled && number < uuids.count && offset >= 0 && offset <= bytes.count - UUIDText.length)
        unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe texts.withUnsafeBytes { texts in
                let from = UUIDText.length * number
                unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + UUIDText.length]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: texts[from..<from + UUIDText.length]))
            }
        }
    }
}
