/// A file that travels with a tape: a schema, a scenario, a manifest.
package struct AttachedFile: Sendable, Equatable {
    package var name: String
    package var mediaType: String
    package var bytes: [UInt8]
    package var createdNanos: UInt64

    package init(name: String, mediaType: String, bytes: [UInt8], createdNanos: UInt64 = 0) {
        self.name = name
        self.mediaType = mediaType
        self.bytes = bytes
        self.createdNanos = createdNanos
    }
}

extension TapeWriter {
    package func attach(_ file: AttachedFile) throws(TapeError) {
        try attach(name: file.name, mediaType: file.mediaType, bytes: file.bytes, createdNanos: file.createdNanos)
    }
}
