import Expression
import Replay
import Schema

/// How long a replay waits, and what it tries again.
enum ReplayPatience {
    static let flags: [Flag] = [
        Flag(
            "timeout", value: "[OP=]TIME", repeatable: true,
            help: "For a whole exchange, and for the wait before a send; with OP= for the operations that it matches.",
            default: "5s"),
        Flag("connect-timeout", value: "TIME", help: "For a connection to stand, with TLS.", default: "as --timeout"),
        Flag(
            "first-byte-timeout", value: "TIME",
            help: "For anything to come on the connection after a send.", default: "none"),
        Flag(
            "retry", value: "N",
            help:
                "Send again, so often at most, what is declared idempotent when its connection failed before the reply was whole.",
            default: "0"),
        Flag(
            "idempotent", value: "GLOB", repeatable: true,
            help:
                "Operations that --retry may send again, beside those that the schema declares (tinct.idempotent, x-tinct-idempotent). Nothing is by its HTTP method."
        ),
    ]

    static func read(_ invocation: Invocation, _ schemas: SchemaSet) throws(CommandError) -> Patience {
        var patience = Patience()
        func time(_ text: String, _ flag: String) throws(CommandError) -> UInt64 {
            max(1_000_000, try FlagValue.durationNanos(text, flag: flag))
        }
        var isStated = false
        for text in invocation.all("timeout") {
            if let equals = text.lastIndex(of: "=") {
                patience.operations.append(
                    (Glob(String(text[..<equals])), try time(String(text[text.index(after: equals)...]), "timeout")))
            } else {
                if isStated { throw CommandError("--timeout was given twice", remedy: "Give others as OP=TIME.") }
                patience.exchangeNanos = try time(text, "timeout")
                isStated = true
            }
        }
        patience.connectNanos = try invocation["connect-timeout"].map { text throws(CommandError) in
            try time(text, "connect-timeout")
        }
        patience.firstByteNanos = try invocation["first-byte-timeout"].map { text throws(CommandError) in
            try time(text, "first-byte-timeout")
        }
        if let text = invocation["retry"] {
            let count = try FlagValue.count(text, flag: "retry")
            guard count <= 100 else { throw CommandError("--retry is at most 100") }
            patience.retries = UInt8(count)
        }
        let named = invocation.all("idempotent").map { Glob($0) }
        let routes = Set(
            schemas.routes.filter { $0.annotations["x-tinct-idempotent"] == "true" }.map(\.name))
        patience.isIdempotent = { operation in
            named.contains { $0.matches(operation) } || routes.contains(operation)
                || schemas.operation(named: operation)?.annotations["tinct.idempotent"] == "true"
        }
        return patience
    }
}
