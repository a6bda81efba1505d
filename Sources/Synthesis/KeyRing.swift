import Bytes

/// Gives every stable path of a scenario its own generator: the first 64 bits of SHA-256 over digest, seed and path.
///
/// A path names what is drawn (`field:1.5.3`, `entity:user/country`, `anomaly:enumOutside`), by Thrift field ids or JSON
/// paths and never by position in the scenario file, so that adding a field leaves the draws of all others alone.
package struct KeyRing: Sendable {
    package let digest: [UInt8]
    package let seed: UInt64

    package init(digest: [UInt8], seed: UInt64) {
        self.digest = digest
        self.seed = seed
    }

    package func key(_ path: String) -> UInt64 {
        var bytes = digest
        bytes.append(bigEndian: seed)
        bytes.append(contentsOf: path.utf8)
        return SHA256.digest(bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    package func philox(_ path: String) -> Philox { Philox(key: key(path)) }
}
