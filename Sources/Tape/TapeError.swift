package import Bytes
package import Files

/// Why a tape could not be written or read.
package struct TapeError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Reason: Equatable, Sendable {
        case file(FileError)
        /// It does not begin like an MCAP file, or is cut before its header ends.
        case notATape
        /// What stands there is not what MCAP, zstd or protobuf allow; the error's offset counts from ``offset``, or, in a
        /// compressed chunk, from the beginning of its content.
        case corrupt(ParsingError)
        /// The checksum of a chunk or an attachment does not fit its bytes.
        case checksum
        /// A chunk compressed in a way that is not read here (lz4).
        case unsupportedCompression
        /// A chunk, an attachment or an exchange beyond ``TapeLimits``.
        case tooLarge
    }

    package var path: String
    /// Bytes from the beginning of the file to the record concerned.
    package var offset: UInt64
    package var reason: Reason

    package init(path: String, offset: UInt64 = 0, reason: Reason) {
        self.path = path
        self.offset = offset
        self.reason = reason
    }

    package var description: String {
        let place = "\(path), byte \(offset)"
        return switch reason {
        case .file(let error): error.description
        case .notATape: "\(path) is not a tape: it does not begin with the MCAP magic and a header"
        case .corrupt(let error): "the tape is damaged (\(place)): \(error)"
        case .checksum: "the tape is damaged (\(place)): the checksum does not fit"
        case .unsupportedCompression: "\(place): a chunk is compressed in a way that is not read here; zstd is"
        case .tooLarge: "\(place): a record is larger than \(TapeLimits.recordBytes >> 20) MiB"
        }
    }
}

package enum TapeLimits {
    /// The largest chunk (uncompressed), attachment or summary that is read.
    package static let recordBytes = 256 << 20
    /// The largest exchange that is written, so that its chunk can be read again.
    package static let exchangeBytes = 192 << 20
    /// Operations that get a channel of their own: ids have 16 bits, and a few are kept back.
    package static let channels = 65_000
}
