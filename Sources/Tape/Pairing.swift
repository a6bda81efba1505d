/// Brings together what belongs to the same send of the same exchange, in bounded memory: what finds no partner within
/// some tens of thousands of others is given up.
package struct Pairing<Value> {
    /// Which send of which exchange.
    package struct Key: Hashable {
        package var sourceID: UInt64
        package var sourceTape: String
        package var round: UInt32

        package init(sourceID: UInt64, sourceTape: String = "", round: UInt32) {
            self.sourceID = sourceID
            self.sourceTape = sourceTape
            self.round = round
        }
    }

    /// What waits, in two generations: the older one goes when the younger one is full.
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private var youngBytes = 0
    private let limit: Int
    private let byteLimit: Int

    package init(limit: Int = 1 << 16, byteLimit: Int = 128 << 20) {
        self.limit = limit
        self.byteLimit = byteLimit
    }

    package var count: Int { young.count + old.count }

    /// The partner of what has this key, which then waits no longer.
    package mutating func take(_ key: Key) -> Value? {
        young.removeValue(forKey: key) ?? old.removeValue(forKey: key)
    }

    /// Lets `value` wait for its partner.
    ///
    /// - Returns: what is given up for it.
    package mutating func wait(_ key: Key, _ value: Value, bytes: Int = 0) -> [Value] {
        var lost: [Value] = []
        if young.count >= limit || youngBytes > byteLimit {
            lost = Array(old.values)
            old = young
            young = [:]
            youngBytes = 0
        }
        youngBytes += bytes
        if let before = young.updateValue(value, forKey: key) { lost.append(before) }
        return lost
    }

    /// Everything that still waits.
    package mutating func takeAll() -> [Value] {
        defer { (young, old, youngBytes) = ([:], [:], 0) }
        return Array(old.values) + Array(young.values)
    }
}
