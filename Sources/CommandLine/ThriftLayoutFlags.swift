import Thrift

/// The flags that say how Thrift calls are laid out, for commands that write some.
enum ThriftLayoutFlags {
    static let all: [Flag] = [
        Flag(
            "transport", value: "NAME", help: "Thrift: what stands around each message.", default: "framed",
            completion: .choices(["framed", "unframed", "theader", "ttheader"])),
        Flag(
            "encoding", value: "NAME", help: "Thrift: how values are laid out.", default: "binary",
            completion: .choices(["binary", "compact"])),
        Flag("multiplexed", help: "Thrift: call the method by Service:method."),
    ]

    static func format(_ invocation: Invocation) throws(CommandError) -> ThriftFormat {
        let transport: ThriftTransport
        switch invocation["transport"] ?? "framed" {
        case "framed": transport = .framed
        case "unframed": transport = .unframed
        case "theader": transport = .theader
        case "ttheader": transport = .ttheader
        case let other:
            throw CommandError(
                "--transport \(other) is not known", remedy: "Give framed, unframed, theader or ttheader.")
        }
        switch invocation["encoding"] ?? "binary" {
        case "binary": return ThriftFormat(transport, .binary)
        case "compact": return ThriftFormat(transport, .compact)
        case let other: throw CommandError("--encoding \(other) is not known", remedy: "Give binary or compact.")
        }
    }
}
