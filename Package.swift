// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Tinct: see README.md. Targets point only up this list: a module may use what stands above it, never what stands below.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
        exclude: exclude,
        swiftSettings: settings)
}

let systemLibraries: [Target] = [
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlidec", providers: [.apt(["libbrotli-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
    .target(name: "CScan"),
    .target(name: "CRandom"),
]

let modules: [Target] = [
    module("Bytes", ["COpenSSL", "CDeflate"]),
    module("Files", ["Bytes", "CLinux"]),
    module("Compression", ["Bytes", "Files", "CZstd", "CZlib", "CDeflate", "CBrotli"]),
    module("JSON", ["Bytes"]),
    module("YAML", ["Bytes", "CYAML"]),
    module("Expression", ["Bytes", "JSON"]),
    module("HTTP1", ["Bytes"]),
    module("Thrift", ["Bytes", "Compression"]),
    module("Schema", ["Bytes", "JSON", "YAML", "Expression", "Thrift"]),
    module(
        "Privacy",
        ["Bytes", "Compression", "JSON", "YAML", "HTTP1", "Thrift", "Schema", "COpenSSL", "CScan"]),
    module("Tagging", ["Bytes", "JSON", "YAML", "HTTP1", "Thrift"]),
    module("Tape", ["Bytes", "Files", "Compression", "JSON", "Schema", "Thrift", "HTTP1", "CLinux"]),
    module("Capture", ["Bytes", "Files", "Compression", "CLinux"]),
    module("LiveCapture", ["Files", "Capture", "CLinux", "CPcap"]),
    module("Signing", ["Bytes", "COpenSSL"]),
    module(
        "Recording", ["Bytes", "Compression", "Capture", "HTTP1", "Thrift", "Schema", "Privacy", "Tagging", "Tape"]),
    module(
        "Synthesis",
        [
            "Bytes", "Files", "Compression", "JSON", "YAML", "Expression", "Schema", "Thrift", "HTTP1", "Tagging",
            "Tape", "CRandom",
        ]),
    module("Metrics", ["Bytes", "Compression"]),
    module("Pacing", ["Bytes"]),
    module("EventLoop", ["Bytes", "CLinux", "COpenSSL"]),
    module(
        "Replay",
        [
            "Bytes", "JSON", "YAML", "Expression", "HTTP1", "Thrift", "Schema", "Signing", "Tagging", "Tape", "Metrics",
            "Pacing", "EventLoop", "CLinux",
        ]),
    module(
        "Stub",
        [
            "Bytes", "JSON", "YAML", "Expression", "HTTP1", "Thrift", "Schema", "Tagging", "Tape", "Metrics",
            "EventLoop",
            "CLinux",
        ]),
    module(
        "Analysis",
        ["Bytes", "JSON", "Expression", "HTTP1", "Thrift", "Schema", "Privacy", "Compression", "Tape", "Metrics"]),
    module(
        "Formats",
        [
            "Bytes", "Compression", "JSON", "Expression", "HTTP1", "Thrift", "Schema", "Tape", "Recording", "Analysis",
        ]),
    module("Report", ["Bytes", "JSON", "Metrics", "Replay", "Analysis"]),
    module(
        "CommandLine",
        [
            "Bytes", "Files", "Compression", "JSON", "YAML", "Expression", "HTTP1", "Thrift", "Schema", "Privacy",
            "Tagging",
            "Tape",
            "Capture", "LiveCapture", "Recording", "Signing", "Synthesis", "Metrics", "Pacing", "EventLoop", "Replay",
            "Stub",
            "Analysis",
            "Formats", "Report", "CLinux",
        ]),
    .executableTarget(name: "tinct", dependencies: ["CommandLine"], swiftSettings: settings),
]

let testTargets: [Target] = [
    .target(
        name: "TestSupport", dependencies: ["Bytes", "JSON"], path: "Tests/TestSupport", swiftSettings: settings),
    tests("Bytes"),
    tests("Files", ["Bytes"]),
    tests("Compression", ["Bytes", "Files"]),
    tests("JSON", ["Bytes"]),
    tests("YAML", ["Bytes"]),
    tests("Expression", ["Bytes", "JSON"]),
    tests("HTTP1", ["Bytes"]),
    tests("Thrift", ["Bytes", "Compression", "JSON"], exclude: ["Oracle"]),
    tests("Schema", ["Bytes", "JSON", "YAML", "Thrift"]),
    tests("Privacy", ["Bytes", "CScan", "Compression", "HTTP1", "JSON", "Schema", "Thrift"]),
    tests("Tagging", ["Bytes", "JSON", "YAML", "HTTP1", "Thrift"]),
    tests("Tape", ["Bytes", "Files", "Compression", "JSON", "Schema"]),
    tests("Capture", ["Bytes", "Compression"]),
    tests("LiveCapture", ["Capture"]),
    tests("Signing"),
    tests("Recording", ["Bytes", "Compression", "JSON", "Capture", "HTTP1", "Privacy", "Schema", "Thrift", "Tape"]),
    tests("Synthesis", ["Bytes", "JSON", "YAML", "Schema", "Thrift", "Tape"], exclude: ["Catalogue"]),
    tests("Metrics", ["Bytes"]),
    tests("Pacing"),
    tests("EventLoop", ["Bytes"]),
    tests(
        "Replay",
        [
            "Bytes", "JSON", "YAML", "HTTP1", "Thrift", "Schema", "Tagging", "Tape", "Metrics", "Pacing", "EventLoop",
            "Expression",
        ]),
    tests("Stub", ["Bytes", "EventLoop", "JSON", "HTTP1", "Thrift", "Schema", "Tagging", "Tape", "YAML"]),
    tests("Analysis", ["Bytes", "Compression", "Expression", "HTTP1", "JSON", "Tape", "Thrift"]),
    tests(
        "Formats",
        ["Analysis", "Bytes", "Compression", "Expression", "JSON", "Privacy", "Recording", "Schema", "Tape", "Thrift"]),
    tests("Report", ["Bytes", "JSON", "Metrics", "Replay"]),
    tests("CommandLine", ["Bytes", "Capture", "JSON"]),
    .testTarget(
        name: "EndToEndTests", dependencies: ["TestSupport", "Bytes", "JSON", "Tape", "tinct"],
        exclude: ["Native", "Oracle"],
        swiftSettings: settings),
]

// libFuzzer's coverage counters must be in all code that is to be fuzzed, so the harness is built in a place of its own:
// see .ci/fuzz.sh. Ordinary builds do not have these targets.
let fuzzTargets: [Target] =
    ProcessInfo.processInfo.environment["TINCT_FUZZ"] == nil
    ? []
    : [
        .target(name: "CFuzz", path: "Tests/Fuzz/CFuzz"),
        .executableTarget(
            name: "tinct-fuzz",
            dependencies: [
                "CFuzz", "Bytes", "Capture", "Compression", "Expression", "Files", "Formats", "HTTP1", "JSON",
                "Privacy", "Recording", "Replay", "Schema", "Stub", "Synthesis", "Tagging", "Tape", "Thrift", "YAML",
            ],
            path: "Tests/Fuzz/Harness",
            swiftSettings: settings,
            // gold, the default, fails with an internal error on the sanitizers' sections.
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
    ]

let package = Package(
    name: "tinct",
    products: [.executable(name: "tinct", targets: ["tinct"])],
    targets: systemLibraries + modules + testTargets + fuzzTargets
)
