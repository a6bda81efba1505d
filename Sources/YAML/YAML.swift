/// # YAML
///
/// One YAML document as a tree whose nodes know their line and column, so that whoever reads a scenario or a policy can
/// say exactly where it is wrong. The syntax is read by libyaml; plain scalars mean what the YAML 1.2 core schema says
/// (`NO` and `off` are strings, `012` is twelve). Duplicate keys, aliases that grow beyond a bound or contain
/// themselves, tags that are not in the core schema and second documents are refused.
///
/// ```swift
/// let root = try YAMLNode.parse(Array("rate: 20\nhosts: [a, b]\n".utf8), file: "policy.yaml")
/// let policy = try root.mapping("the policy", keys: ["rate", "hosts"])
/// let rate = try policy.required("rate").int(in: 1...1_000_000)           // 20
/// let hosts = try policy["hosts"]?.sequence() ?? []                       // 2 nodes
/// ```
///
/// Numbers are never turned into floating point here: ``YAMLNode/Value/decimal(_:)`` keeps the text.
package enum YAMLModule {}
