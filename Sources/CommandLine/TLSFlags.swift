import CLinux
import EventLoop
import Replay

/// Flags for targets that speak TLS.
enum TLSFlags {
    static let all: [Flag] = [
        Flag(
            "ca", value: "FILE", help: "PEM file of the authorities that targets' certificates must come from.",
            default: "the system's", completion: .file),
        Flag(
            "cert", value: "FILE", help: "PEM file of our own certificate and its chain, for targets that ask for it.",
            completion: .file),
        Flag(
            "cert-key", value: "FILE", help: "PEM file of its key, unencrypted, which nobody else may read.",
            completion: .file),
        Flag(
            "insecure",
            help: "Do not verify the target's certificate: only on this machine, or where the policy says so."),
    ]

    /// What `https` and `thrift+tls` targets are spoken to with; nil when there is none of them.
    static func context(_ invocation: Invocation, _ targets: [Target]) throws(CommandError) -> TLSContext? {
        let given = ["ca", "cert", "cert-key", "insecure"].first { invocation.has($0) }
        guard targets.contains(where: \.isTLS) else {
            if let given {
                throw CommandError(
                    "--\(given) says nothing to a target without TLS", remedy: "Give https://… or thrift+tls://… .")
            }
            return nil
        }
        var options = TLSContext.Options()
        options.authorities = invocation["ca"]
        options.certificate = invocation["cert"]
        options.key = invocation["cert-key"]
        options.verifies = !invocation.has("insecure")
        if invocation.has("cert") != invocation.has("cert-key") {
            throw CommandError("--cert and --cert-key belong together", remedy: "Give both.")
        }
        if let key = options.key { try KeyFile.checkMode(key, flag: "cert-key") }
        do throws(TLSError) { return try TLSContext(options) } catch {
            throw CommandError(
                "nothing was sent: \(error)", remedy: "Give PEM files; the key must not be encrypted.")
        }
    }
}
