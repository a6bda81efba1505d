/// Whether a message asks or answers.
package enum HTTPKind: UInt8, Sendable {
    case request, response

    // Written out: what the compiler derives is a call through the runtime from other modules.
    @inlinable @inline(__always)
    package static func == (a: Self, b: Self) -> Bool {
        switch (a, b) {
        case (.request, .request), (.response, .response): true
        default: false
        }
    }
}

/// The methods that matter for framing; every other token is ``other``.
package enum HTTPMethod: UInt8, Sendable { case get, head, post, connect, other }

/// A span of bytes within a message, without owning them.
package struct HTTPRange: Sendable, Equatable {
    package var start: Int32
    package var count: Int32

    @inlinable package init(_ start: Int, _ end: Int) {
        self.start = Int32(clamping: start)
        count = Int32(clamping: end - start)
    }

    @inlinable package init() { start = 0; count = 0 }

    /// For offsets within a head, whose length is limited.
    @inline(__always) init(inHead start: Int, _ end: Int) {
        self.start = Int32(truncatingIfNeeded: start)
        count = Int32(truncatingIfNeeded: end &- start)
    }

    @inlinable package var lower: Int { Int(start) }
    @inlinable package var upper: Int { Int(start) + Int(count) }
    @inlinable package var range: Range<Int> { lower..<upper }
    @inlinable package var isEmpty: Bool { count == 0 }
}

/// A parsed start line and what the header fields say about framing; offsets count from the message's first byte.
package struct HTTPHead: Sendable, Equatable {
    package var kind = HTTPKind.request
    package var method = HTTPMethod.other
    /// The method token; empty in a response.
    package var methodRange = HTTPRange()
    /// The request target as it was sent; empty in a response.
    package var uri = HTTPRange()
    /// 0 in a request.
    package var status: UInt16 = 0
    package var minorVersion: UInt8 = 1
    /// Bytes up to and including the blank line.
    package var length = 0
    /// Where the header fields begin.
    package var fieldsStart = 0
    /// Value of Content-Length; nil when absent or not usable (``notes`` says which).
    package var contentLength: UInt64?
    /// `chunked` stands among the transfer codings.
    package var isChunked = false
    package var hasTransferEncoding = false
    package var notes: Notes = []

    package init() {}

    /// What a reader of this message should know besides.
    package struct Notes: OptionSet, Sendable {
        package var rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let connectionClose = Notes(rawValue: 1)
        package static let connectionKeepAlive = Notes(rawValue: 2)
        /// Holds Authorization, Proxy-Authorization, Cookie or Set-Cookie.
        package static let credentials = Notes(rawValue: 4)
        /// Content-Length values that differ or are no numbers.
        package static let badContentLength = Notes(rawValue: 8)
        /// Content-Length beside Transfer-Encoding (request smuggling looks like this).
        package static let bothLengths = Notes(rawValue: 16)
        /// A line that is no header field.
        package static let badField = Notes(rawValue: 32)
        package static let upgrade = Notes(rawValue: 64)
        package static let expectContinue = Notes(rawValue: 128)
        /// Holds a field by whose name a stress-test tag may travel: `baggage`, or one that begins with `x-`, `rpc-`,
        /// `request-tenancy`, `didi-` or `p-pradar-`.
        package static let tagCandidate = Notes(rawValue: 256)
        /// The media type has `thrift` in it: `application/x-thrift`, `application/vnd.apache.thrift.binary`, …
        package static let thriftContent = Notes(rawValue: 512)
        /// Blanks between a field's name and its colon, over which servers disagree (RFC 9112 section 5.1).
        package static let spaceBeforeColon = Notes(rawValue: 1024)
        /// A value that goes on on the next line (RFC 9112 section 5.2).
        package static let foldedField = Notes(rawValue: 2048)
        /// Transfer codings that are unknown, stand twice or behind `chunked`, or in HTTP/1.0 (RFC 9112 section 6.1).
        package static let badTransferEncoding = Notes(rawValue: 4096)
        /// A line that ends without carriage return.
        package static let bareLineFeed = Notes(rawValue: 8192)

        /// Two readers of such a head may disagree about where messages end or what they say.
        package static let odd: Notes = [
            .badContentLength, .bothLengths, .badField, .spaceBeforeColon, .foldedField, .badTransferEncoding,
            .bareLineFeed,
        ]

        private static let names: [(Notes, String)] = [
            (.badContentLength, "contentLengthInvalid"), (.bothLengths, "lengthAndTransferEncoding"),
            (.badField, "fieldLineInvalid"), (.spaceBeforeColon, "spaceBeforeColon"), (.foldedField, "foldedField"),
            (.badTransferEncoding, "transferEncodingInvalid"), (.bareLineFeed, "bareLineFeed"),
        ]

        /// Two readers of this head may disagree.
        package var isOdd: Bool { rawValue & Notes.odd.rawValue != 0 }

        /// What is odd, as reports name it.
        package var oddities: [String] {
            if !isOdd { return [] }
            return Self.names.filter { contains($0.0) }.map(\.1)
        }
    }

    /// True when the connection stays open after this message, as far as this side says.
    package var keepsAlive: Bool {
        minorVersion == 0 ? notes.contains(.connectionKeepAlive) : !notes.contains(.connectionClose)
    }

    /// Nobody can say where the body ends: readers that go on would read what somebody smuggled past others (RFC 9112
    /// section 6.3, rules 4 and 5).
    package func hasUnknownEnd(_ framing: HTTPFraming) -> Bool {
        if kind == .request && hasTransferEncoding && !isChunked { return true }
        if hasTransferEncoding || !notes.contains(.badContentLength) { return false }
        return kind == .request || framing == .untilClose
    }

    /// How the body ends (RFC 9112 section 6.3), for a response to a request with `method`.
    package func framing(responseTo method: HTTPMethod = .other) -> HTTPFraming {
        if kind == .response {
            if status == 101 || (method == .connect && (200..<300).contains(status)) { return .tunnel }
            if method == .head || (100..<200).contains(status) || status == 204 || status == 304 { return .none }
        }
        if isChunked { return .chunked }
        if hasTransferEncoding { return kind == .response ? .untilClose : .none }
        if let contentLength { return contentLength == 0 ? .none : .length(contentLength) }
        return kind == .response ? .untilClose : .none
    }
}

/// How the end of a body is found.
package enum HTTPFraming: Sendable, Equatable {
    case none
    case length(UInt64)
    case chunked
    /// Everything until the connection ends.
    case untilClose
    /// The connection changes its protocol after this message (101, CONNECT).
    case tunnel
}

/// Bounds that no real head crosses.
package enum HTTPLimits {
    package static let headBytes = 1 << 18
    package static let fields = 1024
    package static let chunkLineBytes = 4096
}
