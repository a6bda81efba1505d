/// Layouts of requests that do not exist, and faults that a layout cannot have.
extension MalformedScenarios {
    static let layouts: [MalformedScenario] = [
        .init(.layout, "kind: thrift, encoding: jsn", "4:36: 'jsn' is not an encoding"),
        .init(.layout, "kind: thrift, transport: header", "4:37: 'header' is not a transport"),
        .init(
            .layout, "kind: thrift, encoding: json, transport: theader",
            "4:36: the header of theader has no number for the JSON protocol: it names Binary or Compact"),
        .init(
            .layout, "kind: thrift, transport: ttheader, encoding: json",
            "4:57: the header of ttheader has no number for the JSON protocol: it names Binary or Compact"),
        .init(.layout, "kind: thrift, timeout: 1s", "4:35: only TTHeader tells the service a time-out"),
        .init(
            .layout, "kind: thrift, transport: theader, timeout: 1s", "4:55: only TTHeader tells the service a time-out"
        ),
        .init(
            .layout, "kind: thrift, transport: ttheader, timeout: 1500us",
            "4:56: a time-out is whole milliseconds, at least one"),
        .init(.layout, "kind: thrift, transport: ttheader, timeout: 1", "4:56: not a duration"),
        .init(.layout, "kind: thrift, transforms: [zlib]", "4:38: only THeader says how its payload is compressed"),
        .init(
            .layout, "kind: thrift, transport: ttheader, transforms: [zlib]",
            "4:59: only THeader says how its payload is compressed"),
        .init(
            .layout, "kind: thrift, transport: theader, transforms: [zlip]",
            "4:59: 'zlip' is not a transform\n  Did you mean 'zlib'?"),
        .init(
            .layout, "kind: thrift, transport: theader, transforms: [zlib, zlib]", "4:65: 'zlib' stands there twice"),
        .init(.layout, "kind: thrift, transport: theader, transforms: zlib", "4:58: expected a list of transforms"),
        .init(.layout, "kind: http, timeout: 1s", "4:33: only TTHeader tells the service a time-out"),
    ]

    /// A type, the layout that cannot have it, and why.
    static let impossible: [(type: String, layout: String, reason: String)] = [
        ("negativeSize", "encoding: json", "only Thrift Binary or Compact can have 'negativeSize'"),
        (
            "badVersion", "encoding: binaryOld",
            "only Thrift whose messages state a version (binary, compact, json) can have 'badVersion'"
        ),
        ("badVarint", "encoding: json", "only Thrift Compact can have 'badVarint'"),
        ("badVarint", "transport: theader", "only Thrift Compact can have 'badVarint'"),
        ("splitFrame", "encoding: json, transport: unframed", "only framed Thrift can have 'splitFrame'"),
    ]
}
