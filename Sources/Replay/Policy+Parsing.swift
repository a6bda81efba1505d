import Bytes
import Expression
import Tagging
package import YAML

extension Policy {
    /// Reads a policy file:
    ///
    /// ```yaml
    /// version: 1
    /// killFile: /run/tinct/stop            # a run stops when it is there
    /// targets:
    ///   - name: staging
    ///     host: risk.staging.example       # or network: 10.20.0.0/16, or both, or socket: /run/risk.sock
    ///     port: 9090                       # or "9090-9099"
    ///     carriers: ["thrift:1.20.5"]      # each must be written
    ///     maxRate: 5000                    # requests a second
    ///     maxRequests: 1000000             # of one run
    ///     hours: "01:00-06:00"             # UTC
    ///     allow: ["RiskDecision.*"]
    ///     deny: ["PenaltyCenter.*"]
    ///     wireFaults: false
    ///     insecure: false                  # --insecure may be given
    ///     acknowledge: {header: "x-shadow: true", operations: ["RiskDecision.evaluate"], timeout: 2}
    /// ```
    package static func parse(_ bytes: [UInt8], file: String) throws(YAMLError) -> Policy {
        let root = try mapping(
            YAMLNode.parse(bytes, file: file), "a policy", keys: ["version", "killFile", "targets"])
        _ = try root.required("version").int("policy version 1", in: 1...1)
        var policy = Policy(targets: [], source: file)
        policy.sha256 = SHA256.hex(bytes)
        if let node = root["killFile"] {
            let path = try text(node, "a path")
            guard path.hasPrefix("/") else {
                throw node.expected("a path from the root", remedy: "Write it like /run/tinct/stop.")
            }
            policy.killFile = path
        }
        for node in try root.required("targets").sequence("a list of targets") {
            policy.targets.append(try target(node))
        }
        return policy
    }

    private static func target(_ node: YAMLNode) throws(YAMLError) -> Target {
        let map = try mapping(
            node, "a target",
            keys: [
                "name", "host", "network", "port", "socket", "carriers", "maxRate", "maxRequests", "hours", "allow",
                "deny", "wireFaults", "insecure", "acknowledge",
            ])
        var target = Target()
        try readPlace(map, into: &target)
        target.name = try map["name"].map { node throws(YAMLError) in try text(node, "a name") } ?? target.place
        for carrier in try map["carriers"]?.sequence("a list of carriers") ?? [] {
            let name = try text(carrier, "a carrier")
            do throws(TagError) { _ = try Carrier.parse(name) } catch {
                throw YAMLError(error.message, at: carrier.mark, remedy: error.remedy)
            }
            target.carriers.append(name)
        }
        if let rate = map["maxRate"] {
            let value = try rate.scaled(3, "requests a second")
            guard value > 0 else {
                throw rate.expected(
                    "a rate above 0", remedy: "Write it like 5000; leave the target out to send nothing.")
            }
            target.maxRatePerThousandSeconds = UInt64(value)
        }
        if let limit = map["maxRequests"] { target.maxRequests = UInt64(try limit.int("a count", in: 1 ... .max)) }
        if let hours = map["hours"] {
            guard let parsed = Hours(parsing: try text(hours, "hours as HH:MM-HH:MM")) else {
                throw hours.expected("hours as HH:MM-HH:MM (UTC)", remedy: "Write them like \"01:00-06:00\".")
            }
            target.hours = parsed
        }
        target.allowed = try globs(map["allow"])
        target.denied = try globs(map["deny"])
        target.allowsWireFaults = try map["wireFaults"]?.bool() ?? false
        target.allowsInsecure = try map["insecure"]?.bool() ?? false
        target.acknowledgement = try map["acknowledge"].map { node throws(YAMLError) in try acknowledgement(node) }
        return target
    }

    private static func readPlace(_ map: YAMLMapping, into target: inout Target) throws(YAMLError) {
        if let socket = map["socket"] {
            let path = try text(socket, "the path of a Unix socket")
            guard path.hasPrefix("/"), path.utf8.count <= 107 else {
                throw socket.expected(
                    "a path from the root of at most 107 bytes", remedy: "Write it like /run/risk.sock.")
            }
            if let other = map["host"] ?? map["network"] ?? map["port"] {
                throw YAMLError(
                    "a Unix socket has no host, network or port", at: other.mark, remedy: "Remove it, or the socket.")
            }
            target.socketPath = path
            return
        }
        if let host = map["host"] { target.host = try text(host, "a host") }
        if let node = map["network"] {
            guard let network = Network(parsing: try text(node, "a network")) else {
                throw node.expected(
                    "a network with no bits set behind its prefix",
                    remedy: "Write it like 10.20.0.0/16 or 2001:db8::/32.")
            }
            target.network = network
        }
        if target.host.isEmpty && target.network == nil {
            throw YAMLError(
                "a target needs 'host', 'network' or 'socket'", at: map.mark, remedy: "Say where it may be sent to.")
        }
        let port = try map.required("port")
        if case .int = port.value {
            let number = UInt16(clamping: try port.int("a port", in: 1...65_535))
            target.ports = number...number
            return
        }
        let sides = try text(port, "a port").split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2, let from = UInt16(sides[0]), let to = UInt16(sides[1]), from > 0, from <= to,
            sides.allSatisfy({ $0.utf8.first != 0x2B })
        else { throw port.expected("a port or a range", remedy: "Write it like 9090 or \"9000-9099\".") }
        target.ports = from...to
    }

    private static func acknowledgement(_ node: YAMLNode) throws(YAMLError) -> Acknowledgement {
        let map = try mapping(
            node, "an acknowledgement", keys: ["header", "reply", "probe", "operations", "timeout"])
        var result = Acknowledgement()
        if let header = map["header"] {
            let parts = try text(header, "a header field").split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = (parts.first ?? "").lowercased()
            guard Carrier.isToken(name) else {
                throw header.expected("a field", remedy: "Write it like 'x-shadow' or 'x-shadow: true'.")
            }
            let value = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : nil
            if let value, !Carrier.isFieldText(value) {
                throw header.expected(
                    "a field with a value behind the colon", remedy: "Write it like 'x-shadow: true'.")
            }
            result.header = (name, value)
        }
        if let reply = map["reply"] {
            let text = try text(reply, "an expression")
            do throws(ExpressionError) { result.reply = try Expression(text) } catch {
                throw YAMLError(
                    "the expression cannot be read: \(error)", at: reply.mark,
                    remedy: "Write it like 'response.shadow == true'.")
            }
        }
        for word in try map["probe"]?.sequence("a program with its arguments") ?? [] {
            result.probe.append(try text(word, "a word"))
        }
        if let probe = map["probe"], result.probe.first?.hasPrefix("/") != true {
            throw probe.expected(
                "a program by its whole path, then its arguments", remedy: "Write it like [/usr/bin/probe, --quick].")
        }
        if result.header == nil && result.reply == nil && result.probe.isEmpty {
            throw YAMLError(
                "an acknowledgement needs 'header', 'reply' or 'probe'", at: node.mark,
                remedy: "Say how the target shows that it has recognised the tag.")
        }
        result.operations = try globs(map["operations"])
        if let timeout = map["timeout"] {
            let value = try timeout.scaled(3, "seconds")
            guard (1...600_000).contains(value) else {
                throw timeout.expected("seconds, from 0.001 to 600", remedy: "Write it like 2.")
            }
            result.timeoutNanos = UInt64(value) * 1_000_000
        }
        return result
    }

    private static func globs(_ node: YAMLNode?) throws(YAMLError) -> [Glob] {
        var globs: [Glob] = []
        for pattern in try node?.sequence("a list of operation patterns") ?? [] {
            globs.append(Glob(try text(pattern, "a pattern")))
        }
        return globs
    }

    /// A mapping in which nothing is left empty: an empty cap would look like one and be none.
    private static func mapping(_ node: YAMLNode, _ what: String, keys: [String]) throws(YAMLError) -> YAMLMapping {
        let map = try node.mapping(what, keys: keys)
        for entry in map.entries where entry.value.isNull {
            throw YAMLError(
                "'\(entry.key)' says nothing", at: entry.keyMark, remedy: "Give it a value, or leave it out.")
        }
        return map
    }

    /// A text that says something.
    private static func text(_ node: YAMLNode, _ what: String) throws(YAMLError) -> String {
        guard case .string(let text) = node.value, !text.isEmpty else {
            throw node.expected(what, remedy: "Write a text; put one that looks like a number in quotes.")
        }
        return text
    }
}
