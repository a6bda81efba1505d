import Expression
package import YAML

extension Policy {
    /// Reads a policy file:
    ///
    /// ```yaml
    /// version: 1
    /// targets:
    ///   - name: staging
    ///     host: risk.staging.example
    ///     port: 9090
    ///     carriers: ["thrift:1.20.5"]      # each must be written
    ///     maxRate: 5000                    # requests a second
    ///     maxRequests: 1000000             # of one run
    ///     hours: "01:00-06:00"             # UTC
    ///     allow: ["RiskDecision.*"]
    ///     deny: ["PenaltyCenter.*"]
    ///     wireFaults: false
    /// ```
    package static func parse(_ bytes: [UInt8], file: String) throws(YAMLError) -> Policy {
        let root = try YAMLNode.parse(bytes, file: file).mapping("a policy", keys: ["version", "targets"])
        _ = try root.required("version").int("policy version 1", in: 1...1)
        var policy = Policy(targets: [], source: file)
        for node in try root.required("targets").sequence("a list of targets") {
            policy.targets.append(try target(node))
        }
        return policy
    }

    private static func target(_ node: YAMLNode) throws(YAMLError) -> Target {
        let map = try node.mapping(
            "a target",
            keys: [
                "name", "host", "port", "carriers", "maxRate", "maxRequests", "hours", "allow", "deny", "wireFaults",
            ])
        var target = Target()
        target.host = try map.required("host").string("a host")
        target.port = UInt16(clamping: try map.required("port").int("a port", in: 1...65_535))
        target.name = try map["name"]?.string() ?? "\(target.host):\(target.port)"
        for carrier in try map["carriers"]?.sequence("a list of carriers") ?? [] {
            target.carriers.append(try carrier.string("a carrier"))
        }
        if let rate = map["maxRate"] {
            let value = try rate.scaled(3, "requests a second")
            guard value > 0 else { throw rate.expected("a rate above 0") }
            target.maxRatePerThousandSeconds = UInt64(value)
        }
        if let limit = map["maxRequests"] { target.maxRequests = UInt64(try limit.int("a count", in: 1 ... .max)) }
        if let hours = map["hours"] {
            guard let parsed = Hours(parsing: try hours.string("hours as HH:MM-HH:MM")) else {
                throw hours.expected("hours as HH:MM-HH:MM (UTC)")
            }
            target.hours = parsed
        }
        target.allowed = try globs(map["allow"])
        target.denied = try globs(map["deny"])
        target.allowsWireFaults = try map["wireFaults"]?.bool() ?? false
        return target
    }

    private static func globs(_ node: YAMLNode?) throws(YAMLError) -> [Glob] {
        var globs: [Glob] = []
        for pattern in try node?.sequence("a list of operation patterns") ?? [] {
            globs.append(Glob(try pattern.string("a pattern")))
        }
        return globs
    }
}
