/// Why an interface cannot be captured from (any longer).
package enum LiveError: Error, Sendable, Equatable, CustomStringConvertible {
    case noSuchInterface(String, known: [String])
    /// The process lacks the capability CAP_NET_RAW.
    case notPermitted(String)
    case interfaceDown(String)
    /// The filter does not compile; the text is libpcap's.
    case badFilter(String, reason: String)
    /// Anything else that libpcap says.
    case failed(String, reason: String)

    package var description: String {
        switch self {
        case .noSuchInterface(let name, _): "there is no interface \(name)"
        case .notPermitted(let name):
            "capturing on \(name) needs the capability CAP_NET_RAW, which this process does not have"
        case .interfaceDown(let name): "the interface \(name) is down"
        case .badFilter(let text, let reason): "--filter '\(text)' is not a filter: \(reason)"
        case .failed(let name, let reason): "cannot capture on \(name): \(reason)"
        }
    }
}
