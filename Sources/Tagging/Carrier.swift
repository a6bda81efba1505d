/// A place where the tag can ride, and what is written there.
package struct Carrier: Sendable, Hashable, CustomStringConvertible {
    package enum Place: Sendable, Hashable {
        case httpHeader(String)
        /// A member of the W3C `baggage` header.
        case baggage(String)
        /// A key in the KEYVALUE info of a THeader frame.
        case theader(String)
        /// A key in the StrKV info of a TTHeader frame.
        case ttheaderString(String)
        /// A key in the IntKV info of a TTHeader frame.
        case ttheaderInteger(UInt16)
        /// A field inside the Thrift arguments: argument id, then field ids.
        case thriftField(ThriftPlace)
        /// A member of a JSON body, as in `meta.stress`.
        case jsonBody(String)
    }

    /// A field within the Thrift arguments, and what to do when it is not there.
    package struct ThriftPlace: Sendable, Hashable {
        package enum Missing: Sendable, Hashable { case create, skip, refuse }

        /// From the argument id down to the field itself.
        package var path: [Int16]
        package var missing = Missing.create
        /// Required siblings to write when the struct that holds the field has to be created.
        package var siblings: [Sibling] = []

        package struct Sibling: Sendable, Hashable {
            package enum Value: Sendable, Hashable {
                case text(String)
                case bool(Bool)
                case i8(Int8)
                case i16(Int16)
                case i32(Int32)
                case i64(Int64)
            }

            package var id: Int16
            package var value: Value
        }

        package var pathText: String { path.map { String($0) }.joined(separator: ".") }
    }

    package enum Value: Sendable, Hashable {
        /// The tag itself: the run's id.
        case run
        case fixed(String)
        /// Bits that are set in an integer; all others stay.
        case mask(Int64)
    }

    package var place: Place
    package var value: Value

    package init(_ place: Place, _ value: Value = .run) {
        self.place = place
        self.value = value
    }

    /// `http:x-stress-test`, `thrift:1.20.5`, …: how the carrier is named in policies, results and tapes.
    package var description: String {
        switch place {
        case .httpHeader(let name): "http:\(name)"
        case .baggage(let key): "baggage:\(key)"
        case .theader(let key): "theader:\(key)"
        case .ttheaderString(let key): "ttheader:\(key)"
        case .ttheaderInteger(let key): "ttheader-int:\(key)"
        case .thriftField(let field): "thrift:\(field.pathText)"
        case .jsonBody(let path): "json:\(path)"
        }
    }

    var bringsSiblings: Bool {
        if case .thriftField(let field) = place { !field.siblings.isEmpty } else { false }
    }

    /// Whether a target that honours `required` recognises what this carrier writes: the same place, and there at least the
    /// same bits or the same text, where a certain one is asked for.
    package func satisfies(_ required: Carrier) -> Bool {
        guard description == required.description else { return false }
        return switch (value, required.value) {
        case (_, .run): true
        case (.mask(let written), .mask(let wanted)): written & wanted == wanted
        case (.fixed(let written), .fixed(let wanted)): written == wanted
        default: false
        }
    }

    /// What stands in a text carrier; mask carriers begin from 0.
    package func text(run: String) -> String {
        switch value {
        case .run: run
        case .fixed(let text): text
        case .mask(let bits): String(bits)
        }
    }
}
